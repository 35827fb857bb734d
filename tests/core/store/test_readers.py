from dataclasses import replace

import pytest

from medsapiens_core.data.annotation import Edit, placed
from medsapiens_core.data.readers import ALL_ROLES, Reader, code_from
from medsapiens_core.errors import UserError
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule, author, is_drawn, reviewed_by

from .building import TEMPLATE, add_case, predict, prediction_for, review


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        yield made


def second_reading(project, case_id, reader, *, offset=1.0, reviewed=True):
    annotation = project.annotations.load(case_id, reader=reader)
    states = {mark: placed(k + offset, 2 * k, None) for k, mark in enumerate(TEMPLATE.ids)}
    edit = annotation.change("place", states)
    annotation = project.annotations.commit(edit, case_id, expected_revision=annotation.revision, reader=reader)
    if reviewed:
        edit = annotation.mark_reviewed()
        annotation = project.annotations.commit(edit, case_id, expected_revision=annotation.revision, reader=reader)
    return annotation


def test_a_project_that_nobody_has_registered_in_allows_everything(project):
    assert project.readers.known == ()
    assert project.readers.refusal("", "publish") == ""


def test_the_first_reader_has_every_role_and_later_ones_what_they_were_given(project):
    assert project.readers.add(Reader("AB", "Anna Berg")).roles == ALL_ROLES
    project.readers.add(Reader("CD", "", ("annotator",)), by="AB")
    assert [reader.label for reader in project.readers.known] == ["AB, Anna Berg", "CD"]
    assert project.readers.refusal("ab", "models") == "", "initials are the same however they are written"
    refusal = project.readers.refusal("CD", "models")
    assert refusal.startswith("Only an Owner may promote, roll back, import or delete models. Here that is AB; Project")
    assert project.readers.refusal("CD", "adjudicate").startswith("Only an Adjudicator may settle")
    assert project.readers.refusal("", "models").startswith("Say first who you are")
    with pytest.raises(UserError, match="already"):
        project.readers.add(Reader("cd"))
    with pytest.raises(UserError, match="needs an Owner"):
        project.readers.change("AB", name="Anna Berg", roles=("reader",), by="AB")
    project.readers.change("CD", name="Carl Dahl", roles=("owner",), by="AB")
    project.readers.change("AB", name="Anna Berg", roles=("reader",), by="CD")
    assert project.readers.refusal("AB", "publish") != ""
    assert [row.op for row in project.audit.rows()][-4:] == [
        "reader.add",
        "reader.add",
        "reader.change",
        "reader.change",
    ]


@pytest.mark.parametrize("code", ["", "A B", "ABCDEFGHI", "a_b", "consensus"])
def test_initials_that_cannot_be_told_apart_in_a_list_are_refused(code):
    with pytest.raises(UserError):
        Reader(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [("Anna Berg", "AB"), ("root", "root"), ("", "R1"), ("dr.müller-lüd", "DML"), ("consensus", "consensu")],
)
def test_initials_are_made_from_a_name_or_an_account(text, code):
    assert Reader(code_from(text)).code == code


def test_the_person_and_the_circumstances_of_an_edit_are_kept_and_old_logs_read_as_before():
    edit = Edit("move", reader="AB", context="blind")
    assert Edit.from_json(edit.to_json()) == edit
    assert "context" not in Edit("move").to_json()
    old = Edit("move").to_json()
    assert Edit.from_json(old).context == ""


def test_a_second_reader_works_on_an_own_reading_and_sees_only_its_state(project):
    first, other = add_case(project, 1), add_case(project, 2)
    predict(project, first)
    review(project, first)
    project.readers.add(Reader("AB"))
    project.readers.add(Reader("CD"))
    assert project.readings.assign([first.id], "CD", by="AB") == 1
    assert project.readings.assign([first.id], "CD", by="AB") == 0, "asked for once"
    assert (project.readings.key(first.id, "CD"), project.readings.key(other.id, "CD")) == ("CD", "")

    project.read_as("CD")
    seen = project.cases.get(first.id)
    assert (seen.state, seen.decided, seen.worst_score, seen.prediction_model) == ("new", 0, None, None)
    assert seen.is_second_reading
    assert [row.id for row in project.cases.page("reviewed")] == []
    assert [row.id for row in project.cases.page("todo", "state")] == [first.id, other.id]
    assert [row.id for row in project.cases.page("todo", "worst_first")] == [first.id, other.id]
    counts = project.cases.counts()
    assert (counts["reviewed"], counts["todo"], counts["new"], counts["all"]) == (0, 2, 2, 2)
    assert project.cases.count("reviewed", "film") == 0
    assert project.cases.beside(other.id, "todo", "state", by=-1).id == first.id

    common = project.annotations.load(first.id)
    second = second_reading(project, first.id, "CD")
    assert project.annotations.load(first.id) == common, "the first reading is as it was"
    assert project.cases.get(first.id).state == "reviewed"
    assert project.cases.counts()["reviewed"] == 1
    assert second.prediction_id is None
    project.read_as("AB")
    assert project.cases.get(first.id).state == "reviewed" and not project.cases.get(first.id).is_second_reading
    assert project.readings.double_read() == [first.id]
    assert project.check() == []


def test_what_nobody_has_begun_can_be_taken_back_and_what_was_read_stays(project):
    cases = [add_case(project, number) for number in range(2)]
    project.readers.add(Reader("AB"))
    project.readings.assign([case.id for case in cases], "AB", by="AB")
    second_reading(project, cases[0].id, "AB", reviewed=False)
    assert project.readings.withdraw([case.id for case in cases], "AB", by="AB") == 1
    assert [(r.case_id, r.state) for r in project.readings.of("AB")] == [(cases[0].id, "in_review")]


def test_a_drawn_case_hides_its_prediction_until_it_has_been_reviewed_once(project):
    case, shown = add_case(project, 1), add_case(project, 2)
    predict(project, shown)
    project.predictions.add(prediction_for(case), case.id)
    readings = project.readings
    assert not readings.hides_from_common(case) or case.part == "locked"
    readings.set_rule(ReadingRule(blind_share=1.0), by="AB")
    assert readings.hides_from_common(case)
    assert not readings.hides_from_common(shown), "what was seen cannot be read blind any more"
    assert project.cases.get(case.id).state == "predicted", "it looks like any other in the worklist"
    review(project, case)
    assert not readings.hides_from_common(case)
    reopened = project.annotations.load(case.id)
    project.annotations.commit(reopened.mark_reviewed(False), case.id, expected_revision=reopened.revision)
    assert not readings.hides_from_common(case), "once revealed, for ever"
    with pytest.raises(UserError):
        readings.set_rule(ReadingRule(blind_share=1.2))


def test_the_same_cases_are_drawn_again_and_about_as_many_as_wished(project):
    case = add_case(project, 1)
    films = [replace(case, image_sha256=f"{number:064x}") for number in range(2000)]
    drawn = {film.image_sha256 for film in films if is_drawn(film, ReadingRule(0.1))}
    assert 140 < len(drawn) < 260
    assert drawn <= {film.image_sha256 for film in films if is_drawn(film, ReadingRule(0.3))}
    assert not any(is_drawn(film, ReadingRule(0.0)) for film in films)


def test_locked_cases_are_read_blind_whatever_the_share(project):
    case = next(c for c in (add_case(project, number) for number in range(40)) if c.part == "locked")
    assert project.readings.hides_from_common(case)


def test_second_readings_are_proposed_for_a_share_of_the_reviewed_cases_or_all_locked_ones(project):
    cases = [add_case(project, number) for number in range(12)]
    for case in cases[:10]:
        review(project, case)
    proposal = project.readings.proposal(0.2)
    assert len(proposal) == 2 and set(proposal) <= {case.id for case in cases[:10]}
    assert project.readings.proposal(0.2) == proposal
    assert project.readings.proposal(locked=True) == [case.id for case in cases[:10] if case.part == "locked"]


def test_who_made_a_reading_is_told_from_its_history(project):
    case = add_case(project, 1)
    annotation = review(project, case)
    assert author(annotation, project.annotations.history(case.id)) == ""
    history = [Edit("place", reader="AB"), Edit("review", reviewed=(False, True), reader="CD")]
    assert (author(annotation, history), reviewed_by(history)) == ("CD", "CD")
    assert author(annotation, [Edit("predict"), Edit("place", reader="AB")]) == "AB"


def test_the_check_finds_a_list_of_readings_that_does_not_follow_its_annotation(project):
    case = add_case(project, 1)
    project.readers.add(Reader("AB"))
    project.readings.assign([case.id], "AB", by="AB")
    second_reading(project, case.id, "AB")
    with project.database.write() as connection:
        connection.exec_driver_sql("UPDATE reading SET state = 0")
    assert any("list of readings" in problem for problem in project.check())
