from __future__ import annotations

import random
import sqlite3

import pytest

from medsapiens_core.errors import UserError
from medsapiens_core.store.cases import AUDITED
from medsapiens_core.store.errors import DamagedCaseError
from medsapiens_core.store.project import DATABASE, Project
from tests.core.store.building import TEMPLATE, add_case, place_all, predict, review


@pytest.fixture
def filled(project):
    for number in range(6):
        case = add_case(project, number, patient=f"patient {number}")
        predict(project, case)
        review(project, case)
    add_case(project, 10)
    place_all(project, add_case(project, 11))
    project.cases.set_flag(1, "image quality")
    project.snapshots.freeze()
    assert project.check() == []
    return project


def execute(project, *statements):
    connection = sqlite3.connect(project.database.path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


OTHER = {
    "group_id": "2 - (group_id > 1)",
    "part": "CASE part WHEN 'train' THEN 'locked' ELSE 'train' END",
    "image_sha256": "'" + "0" * 64 + "'",
    "axis": "1",
    "spacing_source": "'user'",
    "flag_reason": "'other'",
    "state": "(state + 1) % 4",
    "decided": "decided - 1",
}


@pytest.mark.parametrize("column", [*AUDITED, "flag_reason", "state", "decided"])
@pytest.mark.parametrize("case_id", [2, 8])
def test_a_case_whose_row_was_changed_by_hand_is_named(filled, column, case_id):
    execute(filled, f"UPDATE cases SET {column} = {OTHER.get(column, column + ' + 1')} WHERE id = {case_id}")
    assert next(text.split(":")[0] for text in filled.check(files=False)) == f"Case {case_id}"


def test_a_case_that_was_put_in_or_begun_by_hand_is_named(filled):
    execute(filled, "UPDATE cases SET state = 2 WHERE id = 7")
    assert filled.check() == ["Case 7: the worklist does not show the state of its landmarks."]
    execute(filled, "UPDATE cases SET state = 0 WHERE id = 7", "UPDATE cases SET id = 70 WHERE id = 7")
    assert [text.split(":")[0] for text in filled.check()] == ["Case 7", "Case 70"]


def test_a_case_that_is_only_listed_as_reviewed_is_not_trained_on(filled):
    execute(filled, "UPDATE cases SET state = 3 WHERE id = 8")
    with pytest.raises(DamagedCaseError, match="Case 8"):
        filled.snapshots.freeze()


def seen(project):
    """What a reader or a training would see."""
    rows = project.cases.page("all", "added", limit=99)
    annotations = [project.annotations.load(row.id) for row in rows]
    points = [(a.states, a.reviewed, a.revision) for a in annotations]
    facts = [(r.id, r.image_sha256, r.frame, r.axis, r.width, r.height, r.spacing, r.part, r.flagged) for r in rows]
    return points, facts, [project.annotations.history(row.id) for row in rows]


def test_a_flipped_bit_is_found_or_changes_nothing_that_is_seen(filled):
    """D1, D2: single-bit damage anywhere in the file ends in a refusal, a named problem, or no visible change."""
    before = seen(filled)
    filled.close()
    path, rng = filled.folder / DATABASE, random.Random(20261124)
    sound = path.read_bytes()
    outcomes = {"refused": 0, "named": 0, "unseen": 0}
    for _ in range(80):
        content = bytearray(sound)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        outcomes[look(filled.folder, before)] += 1
    assert min(outcomes.values()) > 0, outcomes


def look(folder, before):
    try:
        with Project.open(folder, read_only=True) as project:
            if project.check(files=False):
                return "named"
            assert seen(project) == before
            assert project.template == TEMPLATE
            return "unseen"
    except UserError:
        return "refused"
