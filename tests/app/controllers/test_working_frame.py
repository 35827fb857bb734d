"""Another frame of a file becomes the one that is worked on: a case of its own, with nothing lost (ux.md 5.9)."""

from dataclasses import replace
from unittest.mock import MagicMock

import numpy as np
import pytest
import tifffile

from app.controllers.working_frame import FLAG, WorkingFrame
from app.session.proposals import spread_text
from app.session.review_session import ReviewSession
from app.views.dialogs import Dialogs
from medsapiens_core.data.spacing import from_ruler
from medsapiens_core.decoding import close_decoders
from medsapiens_core.io.read import read_image
from medsapiens_core.store.predictions import frame_model_id

from ..building import BLOBS


@pytest.fixture
def film(project):
    """A case on frame 2 of a file of five."""
    path = project.folder / "film.tif"
    tifffile.imwrite(path, np.arange(5 * 60 * 80, dtype=np.uint16).reshape(5, 60, 80), photometric="minisblack")
    yield project.cases.add(read_image(path, frame=1), path=path)
    close_decoders()


@pytest.fixture
def working(runner, project, film):
    def store(edit, before):
        project.annotations.commit(edit, before.case_id, expected_revision=before.revision)

    session = ReviewSession(BLOBS, store)
    session.open_case(film, project.annotations.load(film.id), None)
    made = WorkingFrame(runner, project, session, MagicMock(spec=Dialogs))
    made.opened, made.words = [], []
    made.changed.connect(made.opened.append)
    made.told.connect(made.words.append)
    return made


def use(working, frame, qtbot, answer):
    working._dialogs.ask.return_value = answer
    working.use(working._session.case, frame)
    qtbot.waitUntil(lambda: working._runner.pending == 0, timeout=60_000)
    return working._dialogs.ask.call_args


def test_decided_positions_stay_and_begin_as_proposals_on_the_other_frame(working, project, film, qtbot):
    session = working._session
    session.move("big", 10.5, 20.25)
    session.move("ring", 30.0, 31.0)
    project.calibrations.choose([film.id], "ruler", from_ruler((0, 0), (50, 0), 10.0), reader="AB")
    session.case = project.cases.get(film.id)
    asked = use(working, 4, qtbot, "keep")
    assert asked.args[1] == (
        "2 decided landmarks of this case belong to frame 2 and stay there. Frame 5 becomes a case of its own."
    )
    (case_id,) = working.opened
    row = project.cases.get(case_id)
    assert (row.frame, row.path, row.patient_group) == (4, film.path, film.patient_group)
    assert row.spacing == project.cases.get(film.id).spacing and row.is_spacing_set
    annotation = project.annotations.load(case_id)
    assert annotation["big"].label == "predicted" and (annotation["big"].x, annotation["big"].y) == (10.5, 20.25)
    assert annotation["small"].label == "not placed" and annotation.decided_count == 0
    before = project.annotations.load(film.id)
    assert before.decided_count == 2 and not project.cases.get(film.id).flagged
    assert row.prediction_model == frame_model_id(1) == "frame 2"
    assert project.predictions.pending("m@1") == [film.id], "a model replaces them only when it is asked to"
    session.open_case(row, annotation, project.predictions.latest(case_id))
    assert spread_text(session, "big") == "other frame"
    assert project.check() == []


def test_where_nothing_is_decided_the_old_case_is_set_aside(working, project, film, qtbot):
    asked = use(working, 0, qtbot, "fresh")
    assert "Nothing is decided on frame 2" in asked.args[1]
    assert [words for _, words in asked.args[2]] == ["Use frame 1", "Cancel"]
    assert project.cases.get(film.id).flag_reason == FLAG
    assert project.annotations.load(working.opened[0]).revision == 0


def test_nothing_changes_without_an_answer_and_a_known_frame_is_only_opened(working, project, film, qtbot):
    use(working, 3, qtbot, "")
    assert working.opened == [] and project.cases.counts()["all"] == 1
    known = project.cases.add(read_image(film.path, frame=3), path=film.path)
    working._dialogs.ask.reset_mock()
    use(working, 3, qtbot, "fresh")
    assert working.opened == [known.id] and not working._dialogs.ask.called


def test_a_locked_case_is_never_begun_with_proposals(working, film, qtbot):
    working._session.move("big", 1.0, 2.0)
    working._session.case = replace(film, part="locked")
    asked = use(working, 3, qtbot, "")
    assert [button for button, _ in asked.args[2]] == ["fresh", ""]
