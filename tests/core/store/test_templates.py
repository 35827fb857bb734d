from dataclasses import replace

import numpy as np
import pytest

from medsapiens_core.data.annotation import Place, placed
from medsapiens_core.data.template import Landmark
from medsapiens_core.errors import UserError
from medsapiens_core.store.errors import ReadOnlyProjectError
from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE, add_case, commit, predict, review

EXTRA = Landmark("extra", "Extra point", "Ex", "Where the extra point is.")


def reopened(project):
    folder = project.folder
    project.close()
    return Project.open(folder)


@pytest.fixture
def two_cases(project):
    return add_case(project, 1), add_case(project, 2)


def publish(project, template):
    published = project.templates.publish(template)
    return published, reopened(project)


def with_definition(template, landmark, definition):
    marks = tuple(replace(m, definition=definition) if m.id == landmark else m for m in template.landmarks)
    return replace(template, landmarks=marks)


def test_an_added_landmark_is_not_placed_and_the_case_is_in_review_again(project, two_cases):
    first, second = two_cases
    before = review(project, first)
    wanted = replace(TEMPLATE, landmarks=(*TEMPLATE.landmarks, EXTRA))
    published, again = publish(project, wanted)
    with again:
        assert (published.version, again.template) == (TEMPLATE.version + 1, published)
        after = again.annotations.load(first.id)
        assert after.states[:-1] == before.states and after["extra"].place is Place.NOT_PLACED
        assert not after.reviewed
        row = again.cases.get(first.id)
        assert (row.state, row.decided, row.total) == ("in_review", len(TEMPLATE), len(TEMPLATE) + 1)
        assert (again.cases.get(second.id).state, again.cases.get(second.id).total) == ("new", len(TEMPLATE) + 1)
        assert again.check(files=False) == []
        done = commit(again, after, after.change("move", {"extra": placed(3.0, 4.0, None)}))
        commit(again, done, done.mark_reviewed())
        assert again.cases.get(first.id).state == "reviewed"
        assert again.check(files=False) == []


def test_a_removed_landmark_is_hidden_and_comes_back_with_its_data(project, two_cases):
    first, _ = two_cases
    before = review(project, first)
    gone = TEMPLATE.landmarks[0]
    shorter = replace(TEMPLATE, landmarks=TEMPLATE.landmarks[1:], lines=())
    _, again = publish(project, without_pairs(shorter))
    assert again.annotations.load(first.id).states == before.states[1:]
    assert again.annotations.load(first.id).reviewed, "what is left is decided"
    assert again.check(files=False) == []
    _, back = publish(again, replace(again.template, landmarks=(gone_alone(gone), *again.template.landmarks)))
    with back:
        assert back.annotations.load(first.id)[gone.id] == before[gone.id]
        assert back.check(files=False) == []
        assert back.annotations.at_revision(first.id, before.revision)[gone.id] == before[gone.id]


def without_pairs(template):
    return replace(template, landmarks=tuple(replace(mark, pair=None) for mark in template.landmarks))


def gone_alone(mark):
    return replace(mark, pair=None)


def test_order_pairs_and_names_never_move_a_point(project, two_cases):
    first, _ = two_cases
    before = review(project, first)
    turned = tuple(reversed(without_pairs(TEMPLATE).landmarks))
    renamed = tuple(replace(mark, name=mark.name + " (new)") for mark in turned)
    _, again = publish(project, replace(TEMPLATE, landmarks=renamed))
    with again:
        after = again.annotations.load(first.id)
        assert {mark: after[mark] for mark in TEMPLATE.ids} == {mark: before[mark] for mark in TEMPLATE.ids}
        assert after.reviewed and again.cases.get(first.id).state == "reviewed"
        assert again.check(files=False) == []


def test_predictions_of_an_older_revision_are_read_in_the_new_order(project, two_cases):
    first, _ = two_cases
    predict(project, first)
    old = project.predictions.latest(first.id)
    turned = replace(TEMPLATE, landmarks=(EXTRA, *reversed(without_pairs(TEMPLATE).landmarks)))
    _, again = publish(project, turned)
    with again:
        new = again.predictions.latest(first.id)
        assert np.isnan(new.xy_image[0]).all() and np.isnan(new.scores[0])
        for landmark, k in TEMPLATE.index.items():
            place = again.template.index[landmark]
            assert np.array_equal(new.xy_image[place], old.xy_image[k])
            assert np.array_equal(new.covariance[place], old.covariance[k])
        assert again.predictions.get(old.id).template_version == again.template.version


def test_a_changed_definition_marks_old_labels_until_a_reader_looks_again(project, two_cases):
    first, _ = two_cases
    mark = TEMPLATE.ids[1]
    review(project, first)
    published, again = publish(project, with_definition(TEMPLATE, mark, "Another place altogether."))
    with again:
        assert published.landmarks[1].since == 2 and published.landmarks[0].since == 1
        annotation = again.annotations.load(first.id)
        assert again.annotations.stale(first.id) == {mark: 1}
        assert annotation.reviewed, "the review stands; it is only marked"
        assert again.cases.count("stale") == again.cases.counts()["stale"] == 1
        assert [row.id for row in again.cases.page("stale")] == [first.id]
        looked = annotation.look_again(mark)
        after = commit(again, annotation, looked)
        assert after.states == annotation.states
        assert again.annotations.stale(first.id) == {} and again.cases.count("stale") == 0
        assert again.check(files=False) == []


def test_undecided_points_are_not_stale(project, two_cases):
    first, _ = two_cases
    predict(project, first)
    _, again = publish(project, with_definition(TEMPLATE, TEMPLATE.ids[0], "Elsewhere."))
    with again:
        assert again.annotations.stale(first.id) == {}


def test_a_draft_is_kept_and_published_away(project):
    draft = with_definition(TEMPLATE, TEMPLATE.ids[0], "Elsewhere.")
    project.templates.save_draft(draft)
    assert project.templates.draft() == draft
    assert project.template == TEMPLATE, "cases do not see a draft"
    _, again = publish(project, draft)
    with again:
        assert again.templates.draft() is None
        assert [t.version for t in again.templates.revisions()] == [1, 2]
        with pytest.raises(UserError, match="does not differ"):
            again.templates.publish(again.template)
        assert [row.op for row in again.audit.rows()].count("template.publish") == 1


def test_a_failed_publish_changes_nothing(project, two_cases, monkeypatch):
    first, _ = two_cases
    before = review(project, first)
    monkeypatch.setattr("medsapiens_core.store.templates.refresh_case", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        project.templates.publish(replace(TEMPLATE, landmarks=(*TEMPLATE.landmarks, EXTRA)))
    assert project.annotations.load(first.id) == before
    assert [t.version for t in project.templates.revisions()] == [1]


def test_notes_are_kept_audited_and_taken_away(project, two_cases):
    first, _ = two_cases
    project.notes.set(first.id, "", " the film is dark ")
    project.notes.set(first.id, TEMPLATE.ids[0], "double contour")
    assert project.notes.of(first.id) == {"": "the film is dark", TEMPLATE.ids[0]: "double contour"}
    project.notes.set(first.id, "", "")
    assert project.notes.of(first.id) == {TEMPLATE.ids[0]: "double contour"}
    assert [row.body["after"] for row in project.audit.rows() if row.op == "note.set"] == [
        "the film is dark",
        "double contour",
        "",
    ]
    with pytest.raises(UserError, match="4000 fit"):
        project.notes.set(first.id, "", "x" * 5000)
    folder = project.folder
    project.close()
    with Project.open(folder, read_only=True) as readable, pytest.raises(ReadOnlyProjectError):
        readable.notes.set(first.id, "", "y")
