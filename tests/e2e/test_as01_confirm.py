"""AS01: the sample, bulk confirm, and the next case with eight keys."""

import shutil

import pytest
from PySide6.QtCore import Qt

from app.application import Application
from app.preferences import BULK
from app.sample_project import COMPLETE, SAMPLE_PROJECTS, sample_folder

from .conftest import ask_nothing
from .reviewer import SHIFT, Reviewer

SKULLS = next(sample for sample in SAMPLE_PROJECTS if sample.kind == "skull")


@pytest.fixture
def fresh_profile(pack_a, qtbot):
    """A computer on which the program was just installed; the skull sample that it comes with is pack A."""
    target = sample_folder(pack_a.home, SKULLS)
    shutil.move(pack_a.folder, target)
    for sample in SAMPLE_PROJECTS:  # the others are there already: making them is not what is tested
        folder = sample_folder(pack_a.home, sample)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / COMPLETE).touch()
    application = Application(pack_a.home, library=pack_a.library)
    qtbot.addWidget(application.window, before_close_func=ask_nothing)
    application.window.resize(1920, 1080)
    application.window.show()
    return application


def test_as01_a_case_that_is_right_takes_eight_keys(fresh_profile, qtbot):
    application = fresh_profile
    application.window.preferences.set(BULK, True)
    application.open_sample(SKULLS)
    reader = Reviewer(application, qtbot)
    reader.wait(lambda: reader.workspace is not None)
    reader.on_screen("A01")
    reader.has_looked()

    reader.key(Qt.Key.Key_Space, SHIFT)
    assert application.window.toasts.text == "Confirm 14 below 2.0 mm? Shift+Space again"
    assert len(reader.view.layer.preview) == 14
    assert reader.count_text() == "0 of 19 decided", "a preview decides nothing"
    reader.key(Qt.Key.Key_Space, SHIFT)
    assert reader.count_text() == "14 of 19 decided" and not reader.view.layer.preview
    reader.key(Qt.Key.Key_Space, times=5)
    assert reader.keys == 7 and reader.count_text() == "19 of 19 decided"
    first = reader.session.case.id
    reader.key(Qt.Key.Key_Return)
    reader.on_screen("A02")
    assert application.window.toasts.text == "A01.dcm marked reviewed."
    assert [button.text() for button in application.window.toasts._buttons] == ["Go back"]
    assert reader.keys == 8

    reader.saved()
    snapshot = reader.workspace.project.snapshots.freeze()
    weights = next(item for item in snapshot.items if item.case_id == first).weights
    assert sorted(weights.tolist()) == [0.5] * 14 + [1.0] * 5
