"""M02, M03 and M34: what the files say of their pixel size, and two landmarks on one point."""

import numpy as np

from medsapiens_core.io.read import read_image
from medsapiens_core.store.project import Project
from tests.core.io.builders import write_dicom

from ..building import BLOBS
from .conftest import LONG, notice, press

FILM = np.random.default_rng(1).integers(0, 4000, (150, 120)).astype(np.uint16)


def open_film(start, tmp_path, qtbot, **header):
    path = write_dicom(tmp_path / "film.dcm", FILM, **header)
    with Project.create(tmp_path / "film.mss", name="Film", template=BLOBS) as project:
        project.cases.add(read_image(path), path=path)
    application = start()
    application.open_project(tmp_path / "film.mss")
    qtbot.waitUntil(lambda: notice(application, "spacing")[0] != "", timeout=LONG)
    return application


def test_m02_a_size_at_the_detector_can_be_used_or_corrected(start, tmp_path, qtbot):
    application = open_film(start, tmp_path, qtbot, ImagerPixelSpacing=[0.143, 0.143])
    assert notice(application, "spacing") == (
        "Pixel size 0.143 mm is measured at the detector. Real lengths are smaller by the magnification.",
        ["Use as it is", "Enter magnification", "Use ruler"],
    )
    press(application, "spacing", "Use as it is")
    case = application.workspace.project.cases.page(limit=1)[0].id
    qtbot.waitUntil(lambda: application.workspace.project.cases.get(case).is_spacing_set, timeout=LONG)


def test_m03_two_sizes_are_both_told(start, tmp_path, qtbot):
    application = open_film(
        start,
        tmp_path,
        qtbot,
        PixelSpacing=[0.1, 0.1],
        ImagerPixelSpacing=[0.143, 0.143],
        PixelSpacingCalibrationType="FIDUCIAL",
    )
    assert notice(application, "spacing") == (
        "This file gives two pixel sizes: 0.100 mm (calibrated) and 0.143 mm (detector). The calibrated one is used.",
        ["OK", "Choose other"],
    )


def test_m34_two_landmarks_on_one_point(opened, qtbot):
    session, toasts = opened.workspace.session, opened.window.toasts
    session.move("big", 40, 40)
    session.move("small", 40, 40)
    assert toasts.text == "Big and Small are at the same point."
    assert [button.text() for button in toasts._buttons] == ["Undo", "Keep"]
    toasts._buttons[0].click()
    assert session.annotation["small"].x != 40
