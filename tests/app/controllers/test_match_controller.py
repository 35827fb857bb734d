"""M20 with a real child process: a model that knows other landmarks predicts those that it knows."""

from dataclasses import replace
from unittest.mock import MagicMock

import numpy as np
import pytest

from app.controllers.inference_controller import InferenceController
from app.controllers.match_controller import MatchController
from app.controllers.notice_board import NoticeBoard
from app.session.match_state import match_state
from app.views.dialogs import Dialogs
from app.views.match_dialog import MatchDialog
from medsapiens_core.data.template import Landmark
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule

from ..building import BLOBS, add_case

RENAMED = (*BLOBS.landmarks[:2], Landmark("circle", "Ring", "C", "A ring."), Landmark("dot", "Dot", "D", "A dot."))


@pytest.fixture
def project(tmp_path):
    """The template has a landmark more than the model, and one under another id."""
    with Project.create(tmp_path / "p.mss", name="P", template=replace(BLOBS, landmarks=RENAMED, version=2)) as project:
        project.readings.set_rule(ReadingRule(locked_blind=False))  # every case with its prediction
        yield project


@pytest.fixture
def dialogs():
    return MagicMock(spec=Dialogs)


@pytest.fixture
def inference(runner, project, library):
    made = InferenceController(
        runner,
        project,
        library.home / "base",
        on_screen=lambda: None,
        loading=lambda: None,
        has_unsaved=lambda _case_id: False,
    )
    made.stored, made.failures = [], []
    made.predicted.connect(made.stored.append)
    made.failed.connect(made.failures.append)
    yield made
    made.close()


@pytest.fixture
def matching(runner, project, inference, dialogs):
    return MatchController(runner, project, inference, dialogs=dialogs, notices=MagicMock(spec=NoticeBoard))


def test_the_landmarks_that_match_are_predicted_and_the_others_left_alone(matching, library, dialogs, qtbot):
    inference, project = matching._inference, matching._project
    case = add_case(project, 1)
    dialogs.ask.return_value = "hand"
    dialogs.match.side_effect = lambda state: dict(state.match)
    matching.use(library.current("blobs"))
    qtbot.waitUntil(lambda: inference.stored == [case.id], timeout=60_000)
    assert inference.failures == []
    text, buttons = dialogs.ask.call_args.args[1:3]
    assert text == "This model knows 3 landmarks, your template 4; 2 match by their id."
    assert [words for _, words in buttons] == ["Use the 2", "Match by hand…", "Cancel"]
    prediction = project.predictions.latest(case.id)
    assert np.isfinite(prediction.xy_image).all(axis=1).tolist() == [True, True, True, False]
    annotation = project.annotations.load(case.id)
    assert [annotation[mark].place.value for mark in ("circle", "dot")] == ["visible", "not_placed"]
    dialogs.ask.reset_mock()
    matching.use(library.current("blobs"))
    qtbot.waitUntil(lambda: matching._runner.pending == 0)
    dialogs.ask.assert_not_called()
    assert project.model_matches.get(library.current("blobs").id) == {"big": "big", "small": "small", "circle": "ring"}


def test_without_an_answer_the_model_is_not_used_and_can_be_matched_later(matching, library, dialogs, qtbot):
    inference, project = matching._inference, matching._project
    dialogs.ask.return_value = ""
    matching.use(library.current("blobs"))
    qtbot.waitUntil(lambda: matching._notices.show.called)
    assert inference.model is None and project.model_matches.get(library.current("blobs").id) is None
    assert "Match landmarks" in matching._notices.show.call_args.args[3]


def test_the_dialog_proposes_by_name_and_refuses_one_for_two(qtbot):
    template = replace(BLOBS, landmarks=RENAMED, version=2)
    dialog = MatchDialog(match_state("Other landmarks", "Say which.", template, BLOBS))
    qtbot.addWidget(dialog)
    assert dialog.answer() == {"big": "big", "small": "small", "circle": "ring"}
    assert "1" in dialog._count.text() or "One" in dialog._count.text()
    dialog.combos["dot"].setCurrentIndex(dialog.combos["dot"].findData("big"))
    assert not dialog.accept_button.isEnabled() and "chosen twice" in dialog._count.text()
    dialog.combos["big"].setCurrentIndex(0)
    assert dialog.accept_button.isEnabled() and dialog.answer()["dot"] == "big"
