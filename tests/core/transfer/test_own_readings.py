"""Where several people read, an import and taking it back touch and show the own readings of whoever imports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import CONSENSUS, Reader
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule
from medsapiens_core.transfer.importing import apply_import, plan_import, undo_import
from medsapiens_core.transfer.preview import preview, to_plan

from ..store.building import TEMPLATE, add_case

SIZE = (32, 24)
SOURCE = {"format": "csv", "file_sha256": "0" * 64}
THEIRS = {mark: (3.5 + 5 * k, 9.25) for k, mark in enumerate(TEMPLATE.ids)}


@pytest.fixture
def project(tmp_path):
    """Two cases that AB has read and reviewed. CD is asked for a blind reading of both, and has begun the first."""
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        for code in ("AB", "CD", "EF"):
            made.readers.add(Reader(code))
        made.cases_ = [add_case(made, number) for number in range(2)]
        for case in made.cases_:
            decide(made, case, "", "AB", {mark: (1.0 + k, 2.0) for k, mark in enumerate(TEMPLATE.ids)}, reviewed=True)
        made.readings.assign([case.id for case in made.cases_], "CD", by="AB")
        decide(made, made.cases_[0], "CD", "CD", {"sella": (20.0, 20.0)})
        yield made


def decide(project, case, slot, who, points, *, reviewed=False):
    annotation = project.annotations.load(case.id, reader=slot)
    edit = annotation.change("place", {mark: placed(*xy, None) for mark, xy in points.items()})
    for one in [edit, None] if reviewed else [edit]:
        signed = replace(one or annotation.mark_reviewed(), reader=who)
        revision = annotation.revision
        annotation = project.annotations.commit(signed, case.id, expected_revision=revision, reader=slot)


def file_of(*readers, numbers=(0, 1), points=THEIRS):
    states = {mark: placed(*xy, None) for mark, xy in points.items()}
    made = (Reading(ImageRef(f"film {k}.png", *SIZE), states, reader) for k in numbers for reader in readers)
    return Batch(tuple(made), TEMPLATE.ids)


def stored(project, slot=""):
    found = {}
    for case in project.cases_:
        annotation = project.annotations.load(case.id, reader=slot)
        pairs = zip(annotation.landmark_ids, annotation.states, strict=True)
        found[case.id] = {mark: (state.x, state.y) for mark, state in pairs if state.is_decided}
    return found


def test_a_blind_reader_sees_and_changes_their_own_reading_only(project):
    common = stored(project)
    project.read_as("CD")
    shown = preview(project, file_of("CD"), "reading")
    assert [case.annotation.reader for case in shown.cases] == ["CD", "CD"]
    seen = {(p.mine.x, p.mine.y) for case in shown.cases for p in case.points if p.mine.x is not None}
    assert seen == {(20.0, 20.0)}, "of what AB placed nothing is compared or drawn"
    assert [case.count("overwrites") for case in shown.cases] == [1, 0]
    plan = to_plan(shown, {0: "keep", 1: "keep"})
    assert {conflict.mine for conflict in plan.conflicts} == {"corrected"}

    batch = apply_import(project, plan, SOURCE)
    assert stored(project) == common
    first, second = (case.id for case in project.cases_)
    assert stored(project, "CD") == {first: {**THEIRS, "sella": (20.0, 20.0)}, second: THEIRS}
    assert undo_import(project, batch) == (2, [])
    assert stored(project) == common
    assert stored(project, "CD") == {first: {"sella": (20.0, 20.0)}, second: {}}
    assert project.check() == []


def test_the_command_line_plans_the_same_for_the_reader_who_is_named(project):
    project.read_as("CD")
    plan = plan_import(project, file_of(""), "reading")
    assert [planned.slot for planned in plan.cases] == ["CD", "CD"]
    assert [conflict.landmark for conflict in plan.conflicts] == ["sella"]


def test_a_file_with_several_readers_does_not_reach_another_ones_own_reading(project):
    before = stored(project, "CD")
    for person, told in (("AB", "--reader CD"), ("", "--reader AB")):
        project.read_as(person)
        shown = preview(project, file_of("AB", "CD", "visitor"), "reading")
        own = [case.annotation.reader for case in shown.cases]
        assert own == (["AB", "visitor"] * 2 if person else ["visitor"] * 2)
        refused = [problem for problem in shown.problems if "alone may import it" in problem]
        assert any(told in problem for problem in refused)
        assert len(refused) == (2 if person else 4)
        plan = plan_import(project, file_of("AB", "CD", "visitor"), "reading")
        assert [planned.slot for planned in plan.cases] == own
    project.read_as("AB")
    apply_import(project, to_plan(shown, dict.fromkeys(range(6), "theirs")), SOURCE)
    assert stored(project, "CD") == before


def test_a_reading_of_somebody_who_was_asked_for_one_needs_them(project):
    plan = plan_import(project, file_of("CD"), "reading")
    assert plan.cases == () and all("own reading of CD" in problem for problem in plan.problems)


def test_what_somebody_else_has_reviewed_is_not_replaced(project):
    common = stored(project)
    project.read_as("EF")
    shown = preview(project, file_of("EF"), "reading")
    assert all("reviewed by AB" in case.refusal for case in shown.cases)
    assert any("Its decisions stay" in note for note in shown.notes)
    plan = to_plan(shown, {0: "theirs", 1: "theirs"})
    assert (plan.cases, len(plan.conflicts)) == ((), 2 * len(TEMPLATE))
    project.read_as("AB")
    plan = to_plan(preview(project, file_of("AB"), "reading"), {0: "theirs", 1: "theirs"})
    batch = apply_import(project, plan, SOURCE)
    assert stored(project) == {case.id: THEIRS for case in project.cases_}
    for case in project.cases_:
        decide(project, case, "", "AB", {}, reviewed=True)

    project.read_as("EF")
    undone, kept = undo_import(project, batch)
    assert undone == 0 and len(kept) == 2
    project.read_as("AB")
    assert undo_import(project, batch) == (2, [])
    assert stored(project) == common


def test_only_who_made_an_import_of_their_own_readings_takes_it_back(project):
    project.read_as("CD")
    batch = apply_import(project, to_plan(preview(project, file_of("CD"), "reading"), {1: "keep"}), SOURCE)
    before = stored(project, "CD")
    for person in ("AB", "EF", ""):
        project.read_as(person)
        undone, kept = undo_import(project, batch)
        assert (undone, ["own reading of CD" in text for text in kept]) == (0, [True])
    assert stored(project, "CD") == before
    project.read_as("CD")
    assert undo_import(project, batch) == (1, [])


def test_a_consensus_is_not_imported_where_people_read(project):
    plan = plan_import(project, file_of("visitor", CONSENSUS), "reading")
    assert [planned.slot for planned in plan.cases] == ["visitor", "visitor"]
    assert all("made by adjudication" in problem for problem in plan.problems)


def test_predictions_of_a_blind_case_are_stored_unseen(project, tmp_path):
    blind = add_case(project, 2)
    project.readings.set_rule(ReadingRule(blind_share=1.0))
    project.read_as("CD")
    shown = preview(project, file_of("", numbers=(0, 2)), "prediction")
    assert [(case.is_hidden, case.points, case.swaps) for case in shown.cases] == [(True, (), ())] * 2
    plan = to_plan(shown, {0: "keep", 1: "keep"})
    apply_import(project, plan, SOURCE)
    assert stored(project, "CD")[project.cases_[0].id] == {"sella": (20.0, 20.0)}
    assert all(state.x is None for state in project.annotations.load(blind.id).states)
    assert [project.predictions.latest(case.case.id).model_id for case in shown.cases] == ["import:csv"] * 2


def test_a_project_of_one_person_takes_every_reading(tmp_path):
    with Project.create(tmp_path / "q.mss", name="Q", template=TEMPLATE) as alone:
        add_case(alone, 0)
        alone.read_as("root")
        plan = plan_import(alone, file_of("AB", CONSENSUS, numbers=[0]), "reading")
        assert [planned.slot for planned in plan.cases] == ["AB", CONSENSUS]
