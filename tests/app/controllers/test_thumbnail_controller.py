"""Small pictures: the right film, its grey window and shape, kept on disk, and never a reason to stop."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.controllers.case_access import list_row
from app.controllers.thumbnail_controller import ThumbnailController, thumbnail_of
from app.session.case_list_model import CaseListModel
from app.thumbnails import SIDE, folder_bytes, forget_all, make_thumbnail, read_thumbnail, thumbnail_path
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.io.read import read_image

from ..building import SIZE, add_case

PICTURE = Qt.ItemDataRole.DecorationRole


@pytest.fixture
def shown(runner, project, tmp_path):
    rows = [add_case(project, number) for number in range(4)]
    model = CaseListModel()
    model.reset(len(rows))
    model.receive_page(model.generation, 0, [list_row(row) for row in rows])
    keep = [True]
    model.controller = ThumbnailController(runner, project, model, folder=tmp_path / "small", keep=lambda: keep[0])
    model.rows, model.keep, model.folder = rows, keep, tmp_path / "small"
    return model


def test_a_row_that_is_looked_at_gets_its_picture(shown, qtbot):
    changed = []
    shown.dataChanged.connect(lambda first, _last, roles: changed.append((first.row(), roles)))
    assert shown.index(2, 0).data(PICTURE) is None
    qtbot.waitUntil(lambda: shown.index(2, 0).data(PICTURE) is not None, timeout=10_000)
    picture = shown.index(2, 0).data(PICTURE)
    width, height = SIZE
    assert (picture.width(), picture.height()) == (round(SIDE * width / height), SIDE)
    assert changed == [(2, [PICTURE])]
    assert shown.index(2, 1).data(PICTURE) is None  # only the first column has one
    kept = read_thumbnail(thumbnail_path(shown.folder, shown.rows[2]))
    assert kept.shape == (picture.height(), picture.width())


def test_what_is_kept_is_used_again_and_can_be_deleted(shown, qtbot):
    row = shown.rows[1]
    first = thumbnail_of(row, shown.folder)
    row.path.unlink()
    assert np.array_equal(thumbnail_of(row, shown.folder), read_thumbnail(thumbnail_path(shown.folder, row)))
    assert first.dtype == np.uint8 and folder_bytes(shown.folder) > 0
    forget_all(shown.folder)
    assert folder_bytes(shown.folder) == 0


def test_a_damaged_small_picture_is_made_again(shown):
    path = thumbnail_path(shown.folder, shown.rows[0])
    thumbnail_of(shown.rows[0], shown.folder)
    path.write_bytes(b"not a picture")
    assert thumbnail_of(shown.rows[0], shown.folder).max() > 0
    assert read_thumbnail(path) is not None


def test_a_film_that_is_gone_leaves_the_others_their_pictures(shown, qtbot):
    shown.rows[0].path.unlink()
    for position in range(4):
        shown.index(position, 0).data(PICTURE)
    qtbot.waitUntil(lambda: all(shown.index(p, 0).data(PICTURE) is not None for p in (1, 2, 3)), timeout=10_000)
    assert shown.index(0, 0).data(PICTURE) is None


def test_nothing_goes_to_disk_when_the_user_does_not_want_it(shown, qtbot):
    shown.keep[0] = False
    shown.index(0, 0).data(PICTURE)
    qtbot.waitUntil(lambda: shown.index(0, 0).data(PICTURE) is not None, timeout=10_000)
    assert not shown.folder.exists()


def test_a_small_picture_has_the_shape_and_the_greys_of_its_film(tmp_path, project):
    image = read_image(add_case(project, 1).path)
    wide = replace(image, spacing=Spacing(0.1, 0.2, SpacingSource.DETECTOR))
    assert make_thumbnail(wide).shape == (round(SIDE * 75 / 120), SIDE)
    low, high = image.window
    dark = make_thumbnail(replace(image, window=(low, 4 * high)))
    assert dark.mean() < make_thumbnail(image).mean()
    inverted = make_thumbnail(replace(image, inverted=True)).astype(int)
    assert np.abs(inverted + make_thumbnail(image) - 255).max() <= 1
