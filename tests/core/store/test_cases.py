from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import absent, placed
from medsapiens_core.data.image import SpacingSource
from medsapiens_core.data.readers import Reader
from medsapiens_core.store import tables
from medsapiens_core.store.case_lists import Sight
from medsapiens_core.store.cases import STATES, Cases
from medsapiens_core.store.certainty import RegionFactors
from medsapiens_core.store.errors import UnknownRecordError
from medsapiens_core.store.project import Project
from tests.core.store.building import (
    TEMPLATE,
    add_case,
    commit,
    image_of,
    place_all,
    predict,
    prediction_for,
    review,
    write_picture,
)

PLAIN, LITERAL = Sight(""), {"literal_binds": True}
FILTERS, SORTS = PLAIN.filters(tables.cases.c), PLAIN.order(tables.cases.c)


def test_a_case_tells_what_the_reader_found(project):
    row = add_case(project, 7)
    assert (row.name, row.width, row.height, row.modality) == ("film 7.png", 32, 24, "DX")
    assert (row.spacing.row_mm, row.spacing.col_mm, row.spacing.source) == (0.1, 0.2, SpacingSource.DETECTOR)
    assert (row.state, row.decided, row.total, row.worst_score) == ("new", 0, len(TEMPLATE), None)
    assert row.path.is_file() and row.part in ("train", "val", "locked")
    assert project.cases.get(row.id) == row


def test_unknown_spacing_stays_unknown(project, tmp_path):
    image = write_picture(tmp_path / "a.png", 1)
    row = project.cases.add(image_of(tmp_path / "a.png", image.pixels, spacing=False))
    assert row.spacing is None


def test_the_same_bytes_are_one_case_but_frames_are_several(project, tmp_path):
    image = write_picture(tmp_path / "a.png", 1)
    first = project.cases.add(image)
    copy = tmp_path / "copy of a.png"
    copy.write_bytes((tmp_path / "a.png").read_bytes())
    assert project.cases.add(image_of(copy, image.pixels), path=copy) == first
    frames = [
        project.cases.add(replace(image, provenance=replace(image.provenance, frame=f, axis=a, frame_count=9)))
        for f, a in ((3, 0), (3, 1), (4, 0), (3, None))
    ]
    assert len({row.id for row in frames} | {first.id}) == 5
    assert frames[0].name == "a.png [4/9]" and (frames[0].frame, frames[0].axis) == (3, 0)
    assert project.cases.find(first.image_sha256, 3, 1) == frames[1]
    assert project.cases.find("0" * 64) is None
    assert {row.patient_group for row in frames} == {first.patient_group}, "slices of one file are one patient"


def test_an_unknown_case_is_named(project):
    with pytest.raises(UnknownRecordError, match="Case 5"):
        project.cases.get(5)
    with pytest.raises(UnknownRecordError):
        project.cases.set_flag(5, "other")


def test_state_counts_and_scores_follow_the_work(project):
    case = add_case(project, 1)
    prediction = prediction_for(case)
    project.predictions.add(prediction, case.id)
    row = project.cases.get(case.id)
    assert (row.state, row.prediction_model) == ("predicted", prediction.model_id)
    assert row.worst_score == pytest.approx(prediction.scores.min())
    annotation = project.annotations.load(case.id)
    annotation = commit(project, annotation, annotation.from_prediction(prediction))
    assert project.cases.get(case.id).state == "predicted"
    order = [TEMPLATE.ids[k] for k in np.argsort(prediction.scores)]
    for number, mark in enumerate(order, start=1):
        annotation = commit(project, annotation, annotation.change("absent", {mark: absent()}))
        row = project.cases.get(case.id)
        assert (row.state, row.decided) == ("in_review", number)
        still_open = np.sort(prediction.scores)[number:]
        assert row.worst_score == (pytest.approx(still_open[0]) if len(still_open) else None)
    commit(project, annotation, annotation.mark_reviewed())
    assert project.cases.get(case.id).state == "reviewed"


def test_a_landmark_that_the_model_did_not_find_is_the_worst(project):
    case = add_case(project, 1)
    prediction = prediction_for(case)
    xy, scores = prediction.xy_image.copy(), prediction.scores.copy()
    xy[2], scores[2] = np.nan, np.nan
    project.predictions.add(replace(prediction, xy_image=xy, scores=scores), case.id)
    assert project.cases.get(case.id).worst_score == 0.0


def test_a_flag_sits_on_top_of_the_state(project):
    case = add_case(project, 1)
    review(project, case)
    row = project.cases.set_flag(case.id, "wrong side")
    assert (row.flagged, row.flag_reason, row.state) == (True, "wrong side", "reviewed")
    assert project.cases.counts()["flagged"] == 1
    row = project.cases.set_flag(case.id, None)
    assert (row.flagged, row.flag_reason) == (False, None)


@pytest.fixture(scope="module")
def filled(ram_disk):
    """Cases in every state, some flagged; names in an order that differs from the order of adding."""
    with Project.create(ram_disk / "filled", name="x", template=TEMPLATE) as project:
        factors = RegionFactors(1, dict.fromkeys(TEMPLATE.ids, 2.0))
        project.predictions.know_factors({"base@000000000000": factors})
        for number in (10, 2, 33, 1, 21, 5, 8, 13, 100, 4):
            case = add_case(project, number)
            kind = number % 4
            if kind > 0:
                predict(project, case, spread=number / 4 if number % 3 else None)
            if kind == 2:
                annotation = project.annotations.load(case.id)
                commit(project, annotation, annotation.change("move", {"sella": placed(1, 1, None)}))
            if kind == 3 or number == 8:
                review(project, case)
            if number % 5 == 0:
                project.cases.set_flag(case.id, "image quality")
        yield project


def _least_sure(row):
    """Calibrated cases first, the widest of them first; then by score; those with nothing open last."""
    if row.worst_radius is not None:
        return -row.worst_radius
    return 2.0 if row.worst_score is None else row.worst_score


KEYS = {
    "name": lambda row: (int(row.name.split()[1].split(".")[0]), row.id),
    "added": lambda row: row.id,
    "worst_first": lambda row: (_least_sure(row), row.id),
    "state": lambda row: (STATES.index(row.state), int(row.name.split()[1].split(".")[0])),
}
CHOICES = {
    "all": lambda row: True,
    "todo": lambda row: row.state in ("new", "predicted") and not row.flagged,
    "in_review": lambda row: row.state == "in_review",
    "reviewed": lambda row: row.state == "reviewed",
    "flagged": lambda row: row.flagged,
    "locked": lambda row: row.part == "locked",
    "stale": lambda row: False,  # no definition has changed here
    "unsure": lambda row: row.worst_radius is not None and row.worst_radius > 2.0 and not row.flagged,
}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(FILTERS)),
    st.sampled_from(sorted(SORTS)),
    st.sampled_from(["", "1", "FILM 1", "film 10", "nothing", "%", "_", "\\"]),
    st.tuples(st.integers(0, 11), st.integers(1, 11)),
)
def test_a_page_is_what_sorting_and_filtering_all_rows_gives(filled, filter, sort, search, stretch):
    offset, limit = stretch
    rows = filled.cases.page("all", "added", limit=1000)
    chosen = [row for row in rows if CHOICES[filter](row) and search.casefold() in row.name.casefold()]
    chosen.sort(key=KEYS[sort])
    assert filled.cases.page(filter, sort, search, offset, limit) == chosen[offset : offset + limit]
    assert filled.cases.count(filter, search) == len(chosen)


@pytest.fixture
def as_ab(filled):
    """The same as AB sees it, who was asked for own readings of some: of one begun, and of one done."""
    reading = filled.readings
    if filled.readers.find("AB") is None:
        filled.readers.add(Reader("AB"))
        ids = [row.id for row in filled.cases.page("all", "added", limit=1000)]
        reading.assign(ids[1:7:2], "AB", by="AB")
        for case_id, is_done in ((ids[1], False), (ids[3], True)):
            annotation = filled.annotations.load(case_id, reader="AB")
            points = dict.fromkeys(TEMPLATE.ids if is_done else TEMPLATE.ids[:1], placed(3, 4, None))
            annotation = filled.annotations.commit(
                annotation.change("place", points), case_id, expected_revision=annotation.revision, reader="AB"
            )
            if is_done:
                edit = annotation.mark_reviewed()
                filled.annotations.commit(edit, case_id, expected_revision=annotation.revision, reader="AB")
    filled.cases.person = "AB"
    yield filled
    filled.cases.person = ""


@pytest.mark.parametrize("filter", sorted(FILTERS))
@pytest.mark.parametrize("sort", sorted(SORTS))
def test_a_list_shows_a_second_reader_their_own_state_of_a_case(as_ab, filter, sort):
    rows = as_ab.cases.page("all", "added", limit=1000)
    assert [row.state for row in rows if row.is_second_reading] == ["in_review", "reviewed", "new"]
    chosen = sorted((row for row in rows if CHOICES[filter](row)), key=KEYS[sort])
    assert as_ab.cases.page(filter, sort) == chosen
    assert as_ab.cases.page(filter, sort, "", 2, 3) == chosen[2:5]
    assert as_ab.cases.page(filter, sort, "1") == [row for row in chosen if "1" in row.name]
    assert as_ab.cases.counts()[filter] == as_ab.cases.count(filter, "film") == len(chosen)


@pytest.mark.parametrize("sort", ["state", "worst_first"])
def test_the_list_of_a_second_reader_is_merged_and_not_sorted_as_a_whole(project, sort):
    text = str(Sight("AB").ids("todo", sort, "", 5000, 50).compile(project.database._engine, compile_kwargs=LITERAL))
    with project.database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text)]
    left, right = plan.index("LEFT"), plan.index("RIGHT")
    assert "MERGE (UNION ALL)" in plan
    assert any("COVERING INDEX cases_by_" in step for step in plan[left:right])
    assert not any("TEMP B-TREE" in step for step in plan[left:right]), "only the few own readings are sorted"


def test_counts_agree_with_the_lists(filled):
    counts = filled.cases.counts()
    rows = filled.cases.page("all", "added", limit=1000)
    assert {name: counts[name] for name in CHOICES} == {n: sum(map(c, rows)) for n, c in CHOICES.items()}
    assert {state: counts[state] for state in STATES} == {s: sum(r.state == s for r in rows) for s in STATES}


@pytest.mark.parametrize("sort", sorted(SORTS))
def test_a_sorted_page_comes_from_an_index(project, sort):
    """At 100,000 cases a page must not sort them all (reliability.md L1)."""
    query = sa.select(tables.cases.c.id, tables.cases.c.name).order_by(*SORTS[sort]).limit(50)
    text = str(query.compile(project.database._engine, compile_kwargs={"literal_binds": True}))
    with project.database.read() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text))
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("sort", sorted(SORTS))
@pytest.mark.parametrize("filter", sorted(FILTERS))
def test_a_filtered_list_is_found_by_an_index_alone(project, filter, sort):
    """At 100,000 cases a page far down must neither sort nor read the cases before it."""
    c = tables.cases.c
    query = sa.select(c.id).where(PLAIN.walked(c, sort)[filter]).order_by(*SORTS[sort]).limit(50).offset(5000)
    text = str(query.compile(project.database._engine, compile_kwargs={"literal_binds": True}))
    with project.database.read() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text))
    assert "COVERING INDEX cases_by_" in plan and "TEMP B-TREE" not in plan


def test_counts_are_kept_and_follow_every_change(project):
    """Counts are read from a small table, never by going through the cases; triggers keep it true."""
    assert set(project.cases.counts().values()) == {0}
    case, other = add_case(project, 1), add_case(project, 2)
    predict(project, case)
    assert (project.cases.counts()["all"], project.cases.counts()["todo"]) == (2, 2)
    project.cases.set_flag(other.id, "image quality")
    review(project, case)
    counts = project.cases.counts()
    assert (counts["todo"], counts["flagged"], counts["reviewed"]) == (0, 1, 1)
    assert project.check() == []
    with project.database.write() as connection:
        connection.execute(sa.update(tables.case_count).values(n=7))
    assert any("filters" in problem for problem in project.check())
    assert isinstance(project.cases, Cases)


def test_predictions_wait_where_there_is_something_to_do(project):
    cases = [add_case(project, number) for number in range(6)]
    ids = [case.id for case in cases]
    predict(project, cases[1], model_id="m@1")
    review(project, cases[2])
    place_all(project, cases[3])
    assert project.predictions.pending("m@1") == [ids[0], ids[4], ids[5]]
    assert project.predictions.pending("m@2") == [ids[0], ids[1], ids[4], ids[5]]
    assert project.predictions.pending("m@2", limit=3, around_case=ids[4]) == [ids[4], ids[5], ids[0]]
    assert project.predictions.pending("m@2", limit=1, around_case=ids[4]) == [ids[4]]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(FILTERS)),
    st.sampled_from(sorted(SORTS)),
    st.sampled_from([None, "todo", "reviewed"]),
    st.tuples(st.integers(0, 9), st.sampled_from([1, -1])),
)
def test_the_case_beside_another_is_the_next_one_of_the_list(filled, filter, sort, kind, step):
    place, by = step
    rows = sorted(filled.cases.page("all", "added", limit=1000), key=KEYS[sort])
    here = rows[place]
    onward = rows[place + 1 :] if by > 0 else rows[:place][::-1]
    wanted = (row for row in onward if CHOICES[filter](row) and (kind is None or CHOICES[kind](row)))
    assert filled.cases.beside(here.id, filter, sort, by=by, kind=kind) == next(wanted, None)


def test_one_case_is_asked_for_without_going_through_all(project):
    case, done = add_case(project, 1), add_case(project, 2)
    review(project, done)
    assert project.predictions.is_pending("m@1", case.id) and not project.predictions.is_pending("m@1", done.id)
    predict(project, case, model_id="m@1")
    assert not project.predictions.is_pending("m@1", case.id) and project.predictions.is_pending("m@2", case.id)


def test_counting_corrections_reads_the_snapshots_once_and_not_for_each_case(project):
    asked = []
    sa.event.listen(project.database._engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    project.snapshots.new_corrections()
    text, values = next(pair for pair in asked if "snapshot_item" in pair[0])
    with project.database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + text, values)]
    before = plan[plan.index("SCAN snapshot_item") - 1]
    assert before.startswith("LIST SUBQUERY"), plan


def test_shapes_come_from_the_newest_reviewed_cases_and_from_so_many_only(project, monkeypatch):
    monkeypatch.setattr("medsapiens_core.store.guidance.MOST_SHAPES", 2)
    cases = [add_case(project, number) for number in range(4)]
    for case in cases[:3]:
        review(project, case)
    points, cells = project.guidance.reviewed_shapes()
    assert points.shape[:2] == (2, len(project.template)) and len(cells) == 2
    newest = project.annotations.load(cases[2].id)
    assert np.allclose(points[1], newest.xy_image, equal_nan=True)
