from __future__ import annotations

import json
import sqlite3

import pytest
import sqlalchemy as sa

from medsapiens_core.data.annotation import BULK, absent, placed
from medsapiens_core.data.snapshot import TrainingSnapshot
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.store import tables
from medsapiens_core.store.errors import DamagedProjectError, UnknownRecordError
from tests.core.store.building import TEMPLATE, add_case, commit, predict, prediction_for, review


def test_only_reviewed_unflagged_cases_are_frozen(project):
    cases = [add_case(project, number) for number in range(4)]
    for case in cases[:3]:
        review(project, case)
    project.cases.set_flag(cases[1].id, "image quality")
    snapshot = project.snapshots.freeze(TEMPLATE)
    assert [item.case_id for item in snapshot.items] == [cases[0].id, cases[2].id]
    first = snapshot.items[0]
    assert (first.path, first.image_sha256, first.spacing) == (
        cases[0].path,
        cases[0].image_sha256,
        cases[0].spacing,
    )
    assert first.xy_image.tolist() == [[0, 0], [1, 2], [2, 4], [3, 6]]
    assert [mark.id for mark in first.landmarks] == list(TEMPLATE.ids)
    assert project.snapshots.get(snapshot.id) == snapshot


def test_nothing_reviewed_or_another_template_is_refused(project):
    add_case(project, 1)
    with pytest.raises(UserError, match="Review at least one"):
        project.snapshots.freeze()
    with pytest.raises(UserError, match="test-4"):
        project.snapshots.freeze(Template("other", 1, "Other", TEMPLATE.landmarks))
    with pytest.raises(UnknownRecordError):
        project.snapshots.get("nothing")


def test_later_edits_do_not_enter(project):
    case = add_case(project, 1)
    annotation = review(project, case)
    snapshot = project.snapshots.freeze()
    annotation = commit(project, annotation, annotation.change("move", {"sella": placed(9, 9, None)}))
    commit(project, annotation, annotation.mark_reviewed())
    assert project.snapshots.get(snapshot.id) == snapshot
    assert project.snapshots.freeze().sha256 != snapshot.sha256


def test_weights_tell_how_sure_the_reader_was(project):
    case = add_case(project, 1)
    prediction = prediction_for(case)
    project.predictions.add(prediction, case.id)
    annotation = project.annotations.load(case.id)
    annotation = commit(project, annotation, annotation.from_prediction(prediction))
    xy = {mark: tuple(point) for mark, point in zip(TEMPLATE.ids, prediction.xy_image, strict=True)}
    in_bulk = {mark: placed(*xy[mark], xy[mark]) for mark in ("sella", "left")}
    bulk = annotation.change(BULK, in_bulk)
    annotation = commit(project, annotation, bulk)
    annotation = commit(project, annotation, bulk.inverse())
    annotation = commit(project, annotation, bulk.inverse().inverse())
    corrected = annotation.change("move", {"left": placed(1, 1, xy["left"])})
    annotation = commit(project, annotation, corrected)
    annotation = commit(
        project, annotation, annotation.change("estimate", {"right": placed(2, 2, None, estimated=True)})
    )
    annotation = commit(project, annotation, annotation.change("absent", {"menton": absent()}))
    commit(project, annotation, annotation.mark_reviewed())
    assert project.snapshots.freeze().items[0].weights.tolist() == [0.5, 1.0, 0.5, 0.0]
    annotation = project.annotations.load(case.id)
    annotation = commit(project, annotation, annotation.mark_reviewed(False))
    annotation = commit(project, annotation, corrected.inverse())
    annotation = commit(project, annotation, annotation.change("confirm", {"sella": placed(*xy["sella"], None)}))
    annotation = commit(project, annotation, annotation.change("confirm", {"sella": placed(*xy["sella"], xy["sella"])}))
    commit(project, annotation, annotation.mark_reviewed())
    assert project.snapshots.freeze().items[0].weights.tolist() == [1.0, 0.5, 0.5, 0.0]


def test_pictures_that_are_gone_or_changed_are_left_out_and_named(project):
    cases = [add_case(project, number) for number in range(3)]
    for case in cases:
        review(project, case)
    cases[0].path.unlink()
    cases[1].path.write_bytes(b"other")
    snapshot = project.snapshots.freeze()
    assert [(case.case_id, case.reason) for case in snapshot.skipped] == [
        (cases[0].id, "missing"),
        (cases[1].id, "changed"),
    ]
    assert [item.case_id for item in snapshot.items] == [cases[2].id]
    assert project.snapshots.get(snapshot.id).skipped == snapshot.skipped


def test_a_stored_snapshot_that_was_changed_is_refused(project):
    review(project, add_case(project, 1))
    snapshot = project.snapshots.freeze()
    with project.database.read() as connection:
        path = project.objects.path(connection.execute(sa.select(tables.snapshot.c.object_sha256)).scalar_one())
    path.write_bytes(path.read_bytes().replace(b"sella", b"nasio"))
    with pytest.raises(DamagedProjectError):
        project.snapshots.get(snapshot.id)
    value = json.loads(path.read_bytes())
    with pytest.raises(ValueError, match="after it was frozen"):
        TrainingSnapshot.from_json(value)


def parts(project):
    with project.database.read() as connection:
        return dict(connection.execute(sa.select(tables.patient_group.c.id, tables.patient_group.c.part)).all())


def test_no_patient_is_ever_in_two_parts_or_changes_part(project):
    first = [add_case(project, n, patient=f"patient {n % 7}") for n in range(14)]
    for case in first:
        review(project, case)
    before = project.snapshots.freeze()
    part_of = {item.patient_group: item.part for item in before.items}
    for number in range(20, 41, 2):
        review(project, add_case(project, number, patient=f"patient {number % 12}"))
        after = project.snapshots.freeze()
        for item in after.items:
            assert part_of.setdefault(item.patient_group, item.part) == item.part
    assert {"train", "val", "locked"} == set(part_of.values())
    assert parts(project) == part_of


def patients(project, part, count):
    """Names of patients whose images go to `part` by their hash."""
    from medsapiens_core.store.splits import LOCKED_SHARE, VALIDATION_SHARE, draw_of

    def drawn(key):
        if draw_of(key, "locked") < LOCKED_SHARE:
            return "locked"
        return "val" if draw_of(key, "validation") < VALIDATION_SHARE else "train"

    keys = (f"patient {n}" for n in range(10_000))
    return [key for key in keys if drawn(key) == part][:count]


def test_parts_follow_the_hash_in_the_stated_shares():
    total = sum(len(patients(None, part, 10_000)) for part in ("train", "val", "locked"))
    assert total == 10_000
    assert len(patients(None, "locked", 10_000)) == pytest.approx(2000, abs=150)
    assert len(patients(None, "val", 10_000)) == pytest.approx(1600, abs=150)


def test_a_small_project_gets_a_locked_set_from_patients_never_trained_on(project):
    keys = patients(project, "train", 9)
    for number, key in enumerate(keys[:4]):
        review(project, add_case(project, number, patient=key))
    early = project.snapshots.freeze()
    assert {item.part for item in early.items} == {"train"}, "too few patients to split"
    trained = {item.patient_group for item in early.items}
    review(project, add_case(project, 4, patient=keys[4]))
    late = project.snapshots.freeze()
    assert [item.part for item in late.items] == ["train"] * 4 + ["locked"]
    assert not trained & {item.patient_group for item in late.part("locked")}
    for number, key in enumerate(keys[5:], start=5):
        review(project, add_case(project, number, patient=key))
    last = project.snapshots.freeze()
    assert len(last.part("locked")) == 1, "a locked set that is there is not changed"
    assert len(last.part("val")) == 2, "20 % of nine patients, rounded up"
    assert last.locked_sha256 == late.locked_sha256
    assert project.audit.verify() is None


def test_new_images_of_a_locked_patient_are_locked(project):
    (key,) = patients(project, "locked", 1)
    first, second = (add_case(project, n, patient=key) for n in range(2))
    assert (first.part, second.part) == ("locked", "locked")
    assert first.patient_group == second.patient_group
    assert project.cases.counts()["locked"] == 2


def test_the_locked_set_stops_growing(project, monkeypatch):
    monkeypatch.setattr("medsapiens_core.store.splits.MOST_LOCKED_GROUPS", 2)
    rows = [add_case(project, n, patient=key) for n, key in enumerate(patients(project, "locked", 4))]
    assert [row.part for row in rows].count("locked") == 2
    assert add_case(project, 99, patient=patients(project, "locked", 1)[0]).part == "locked", "a known patient stays"


def test_the_name_of_a_patient_is_not_stored(project):
    review(project, add_case(project, 1, patient="DOE^JANE 1957"))
    project.snapshots.freeze()
    project.close()
    for path in project.folder.rglob("*"):
        assert not path.is_file() or b"DOE" not in path.read_bytes()


def test_corrections_are_new_until_they_are_frozen(project):
    train = patients(project, "train", 3)
    cases = [add_case(project, number, patient=key) for number, key in enumerate(train)]
    locked = add_case(project, 9, patient=patients(project, "locked", 1)[0])
    for case in (cases[0], cases[1], locked):
        review(project, case)
    annotation = predict(project, cases[2])
    as_predicted = {
        mark: placed(*point, tuple(point)) for mark, point in zip(TEMPLATE.ids, annotation.xy_image, strict=True)
    }
    annotation = commit(project, annotation, annotation.change(BULK, as_predicted))
    commit(project, annotation, annotation.mark_reviewed())
    assert project.snapshots.new_corrections() == 2, "neither locked nor merely confirmed cases count"
    project.snapshots.freeze()
    assert project.snapshots.new_corrections() == 0
    annotation = project.annotations.load(cases[0].id)
    annotation = commit(project, annotation, annotation.change("move", {"sella": placed(8, 8, None)}))
    assert project.snapshots.new_corrections() == 0, "not before it is reviewed again"
    commit(project, annotation, annotation.mark_reviewed())
    assert project.snapshots.new_corrections() == 1


def test_looks_at_a_locked_set_are_counted_over_snapshots(project):
    locked = add_case(project, 9, patient=patients(project, "locked", 1)[0])
    annotation = review(project, locked)
    job = project.jobs.enqueue("finetune", {})
    first = project.snapshots.freeze()
    assert project.comparisons.get(job.id) is None and project.comparisons.looks(first.id) == 0
    project.comparisons.add(job.id, {"verdict": "worse", "n_cases": 1}, snapshot_id=first.id)
    review(project, add_case(project, 1, patient=patients(project, "train", 1)[0]))
    second = project.snapshots.freeze()
    project.comparisons.add(job.id, {"verdict": "better", "n_cases": 1}, snapshot_id=second.id)
    assert project.comparisons.get(job.id) == {"verdict": "better", "n_cases": 1}
    assert project.comparisons.looks(first.id) == project.comparisons.looks(second.id) == 2
    annotation = commit(project, annotation, annotation.change("move", {"sella": placed(0.01, 0, None)}))
    commit(project, annotation, annotation.mark_reviewed())
    assert project.comparisons.looks(project.snapshots.freeze().id) == 2, "another reading of it is no fresh set"
    assert project.comparisons.snapshot_of(job.id) == second.id


def test_ten_locked_cases_that_no_comparison_has_seen_make_a_fresh_set(project):
    job, keys = project.jobs.enqueue("finetune", {}), patients(project, "locked", 11)
    review(project, add_case(project, 0, patient=keys[0]))
    project.comparisons.add(job.id, {"verdict": "worse"}, snapshot_id=project.snapshots.freeze().id)
    for number, key in enumerate(keys[1:10], start=1):
        review(project, add_case(project, number, patient=key))
    assert project.comparisons.looks(project.snapshots.freeze().id) == 1
    review(project, add_case(project, 10, patient=keys[10]))
    assert project.comparisons.looks(project.snapshots.freeze().id) == 0


def test_the_mean_errors_of_models_come_from_the_newest_comparison(project):
    job = project.jobs.enqueue("finetune", {})
    old, new = {"model": "v1@1", "mre": 1.5}, {"model": "v2", "mre": 1.3}
    project.comparisons.add(job.id, {"old": old, "new": new})
    project.comparisons.add(job.id, {"old": old | {"mre": 1.4}, "new": {"model": "v3", "mre": None}})
    assert project.comparisons.mean_errors() == {"v1@1": 1.4, "v2": 1.3}


def test_what_is_not_a_job_has_no_comparison(project):
    with pytest.raises(UnknownRecordError):
        project.comparisons.add("nothing", {})


def test_the_database_keeps_groups_and_cases_in_one_part(project):
    for number, key in enumerate(patients(project, "train", 6)):
        review(project, add_case(project, number, patient=key))
    project.snapshots.freeze()
    connection = sqlite3.connect(project.database.path)
    query = "SELECT count(*) FROM cases c JOIN patient_group g ON g.id = c.group_id WHERE c.part <> g.part"
    assert connection.execute(query).fetchone() == (0,)
    connection.close()
