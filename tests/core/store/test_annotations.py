from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import AbsentReason, Annotation, absent, placed
from medsapiens_core.store import tables
from medsapiens_core.store.errors import DamagedCaseError, StaleRevisionError, UnknownRecordError
from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE, add_case, commit, place_all, predict, prediction_for, review

coordinates = st.floats(-1e6, 1e6, allow_nan=False)
states = st.one_of(
    st.builds(placed, coordinates, coordinates, st.none(), estimated=st.booleans()),
    st.builds(absent, st.sampled_from(AbsentReason)),
)
changes = st.dictionaries(st.sampled_from(TEMPLATE.ids), states, min_size=1)
steps = st.one_of(changes, st.sampled_from(["undo", "redo", "predict", "review", "reopen"]))


@pytest.fixture(scope="module")
def shared(ram_disk):
    """One project for many hypothesis examples; every example gets a case of its own."""
    with Project.create(ram_disk / "shared", name="x", template=TEMPLATE) as project:
        yield project


class Window:
    """What the window does: an annotation in memory, a stack of edits to undo and one to redo."""

    def __init__(self, project, case):
        self.project, self.case = project, case
        self.annotation = Annotation.empty(case.id, TEMPLATE)
        self.undone, self.done, self.edits = [], [], []

    def apply(self, edit):
        self.annotation = self.annotation.apply(edit)
        stored = commit(self.project, self.project.annotations.load(self.case.id), edit)
        assert stored == self.annotation
        self.edits.append(edit)
        return edit

    def do(self, step):
        if step == "undo" and self.done:
            self.undone.append(self.apply(self.done.pop().inverse()))
        elif step == "redo" and self.undone:
            self.done.append(self.apply(self.undone.pop().inverse()))
        elif step == "predict" and not self.annotation.reviewed:
            prediction = prediction_for(self.case, seed=len(self.edits))
            self.project.predictions.add(prediction, self.case.id)
            self.done.append(self.apply(self.annotation.from_prediction(prediction)))
            self.undone.clear()
        elif step == "review" and self.annotation.is_complete:
            self.done.append(self.apply(self.annotation.mark_reviewed()))
        elif step == "reopen":
            self.done.append(self.apply(self.annotation.mark_reviewed(False)))
        elif isinstance(step, dict):
            self.done.append(self.apply(self.annotation.change("move", step)))
            self.undone.clear()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, max_size=12))
def test_the_store_holds_what_the_window_shows_and_undoing_all_leads_back(shared, script):
    number = shared.cases.count()
    window = Window(shared, add_case(shared, number))
    for step in script:
        window.do(step)
    assert shared.annotations.load(window.case.id) == window.annotation
    while window.done:
        window.do("undo")
    start = Annotation.empty(window.case.id, TEMPLATE)
    end = shared.annotations.load(window.case.id)
    assert (end.states, end.reviewed, end.prediction_id) == (start.states, start.reviewed, start.prediction_id)
    assert end.revision == len(window.edits), "undo adds to history and never takes from it"
    assert shared.annotations.history(window.case.id) == window.edits
    predicted = any(edit.kind == "predict" for edit in window.edits)
    assert shared.cases.get(window.case.id).state == ("predicted" if predicted else "new")


def test_the_shared_project_is_sound_after_all_that(shared):
    assert shared.audit.verify() is None
    assert shared.check() == []


def test_a_stale_edit_is_refused_and_nothing_changes(project):
    case = add_case(project, 1)
    first = project.annotations.load(case.id)
    edit = first.change("move", {"sella": placed(1, 2, None)})
    commit(project, first, edit)
    rows = project.audit.count()
    for late in (edit, first.change("move", {"menton": placed(3, 4, None)})):
        with pytest.raises(StaleRevisionError, match="not stored"):
            commit(project, first, late)
    assert project.audit.count() == rows
    assert project.annotations.load(case.id).revision == 1


def test_an_edit_made_against_other_states_is_refused_even_with_the_right_revision(project):
    case = add_case(project, 1)
    first = project.annotations.load(case.id)
    commit(project, first, first.change("move", {"sella": placed(1, 2, None)}))
    stale = first.change("move", {"sella": placed(5, 5, None)})
    with pytest.raises(StaleRevisionError):
        project.annotations.commit(stale, case.id, expected_revision=1)


def test_a_reviewed_mark_needs_every_decision_and_falls_with_the_next_edit(project):
    case = add_case(project, 1)
    annotation = review(project, case)
    assert project.cases.get(case.id).state == "reviewed"
    change = annotation.change("move", {"sella": placed(9, 9, None)})
    commit(project, annotation, change)
    assert project.cases.get(case.id).state == "in_review"
    commit(project, project.annotations.load(case.id), change.inverse())
    assert project.cases.get(case.id).state == "reviewed"


def test_unknown_cases_and_predictions_are_refused(project):
    with pytest.raises(UnknownRecordError):
        project.annotations.load(77)
    case = add_case(project, 1)
    annotation = project.annotations.load(case.id)
    with pytest.raises(UnknownRecordError, match="not stored"):
        commit(project, annotation, annotation.from_prediction(prediction_for(case)))


def test_readers_do_not_see_one_another(project):
    case = add_case(project, 1)
    own = project.annotations.load(case.id, reader="AB")
    edit = own.change("move", {"sella": placed(1, 2, None)})
    own = project.annotations.commit(edit, case.id, expected_revision=0, reader="AB")
    assert own.reader == "AB" and own.decided_count == 1
    assert project.annotations.load(case.id).revision == 0
    assert project.cases.get(case.id).state == "new"
    assert project.check() == []


def test_every_earlier_revision_can_be_seen(project):
    case = add_case(project, 1)
    predict(project, case)
    states = [project.annotations.at_revision(case.id, revision) for revision in range(2)]
    last = place_all(project, case)
    assert states[0] == Annotation.empty(case.id, TEMPLATE)
    assert project.annotations.at_revision(case.id, last.revision) == last
    assert project.annotations.at_revision(case.id, 1) == states[1]


def change_row(project, statement, *triggers):
    """What someone with a database tool does."""
    import sqlite3

    connection = sqlite3.connect(project.database.path)
    for trigger in triggers:
        connection.execute(f"DROP TRIGGER {trigger}")
    assert connection.execute(statement).rowcount == 1
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotation_point SET x = x + 0.001 WHERE landmark = 'sella'",
        "UPDATE annotation_point SET decision = 'confirmed' WHERE landmark = 'sella'",
        "UPDATE annotation_point SET place = 'estimated' WHERE landmark = 'sella'",
        "UPDATE annotation_point SET place = 'nonsense' WHERE landmark = 'sella'",
        "DELETE FROM annotation_point WHERE landmark = 'sella'",
        "UPDATE annotation SET reviewed = 0",
        "UPDATE annotation SET revision = revision - 1",
        "UPDATE annotation SET state_hash = 'x'",
    ],
)
def test_a_case_that_does_not_match_its_history_is_not_opened(project, statement):
    case = add_case(project, 1)
    annotation = review(project, case)
    change_row(project, statement)
    with pytest.raises(DamagedCaseError, match="nothing is overwritten"):
        project.annotations.load(case.id)
    with pytest.raises(DamagedCaseError):
        commit(project, annotation, annotation.mark_reviewed(False))
    assert any(f"Case {case.id}" in text for text in project.check())
    assert project.annotations.at_revision(case.id, annotation.revision) == annotation, "the good state can be shown"


def test_a_state_forged_with_its_hashes_is_found_by_check(project):
    case = add_case(project, 1)
    annotation = place_all(project, case)
    from dataclasses import replace

    from medsapiens_core.store.annotations import state_hash

    forged = replace(annotation, states=(placed(7, 7, None), *annotation.states[1:]))
    change_row(project, "UPDATE annotation_point SET x = 7.0, y = 7.0 WHERE landmark = 'sella'")
    change_row(project, f"UPDATE annotation SET state_hash = '{state_hash(forged)}'")
    change_row(
        project,
        f"UPDATE annotation_revision SET state_hash = '{state_hash(forged)}' WHERE revision = {annotation.revision}",
        "annotation_revision_no_update",
    )
    assert project.annotations.load(case.id) == forged
    assert any("do not follow from its history" in text for text in project.check())


def test_points_out_of_any_picture_are_refused_by_the_database(project):
    case = add_case(project, 1)
    annotation = project.annotations.load(case.id)
    with pytest.raises(sa.exc.IntegrityError):
        commit(project, annotation, annotation.change("move", {"sella": placed(2e6, 0, None)}))
    assert project.annotations.load(case.id) == annotation
    with project.database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.annotation_revision)).scalar() == 0
