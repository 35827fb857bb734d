"""Compare what is stored with what the audit log says must be stored (reliability.md A4, D2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.template import Template
from medsapiens_core.store import tables
from medsapiens_core.store.annotations import load_annotation, replayed, state_hash, stored_edits
from medsapiens_core.store.cases import AUDITED, STATES
from medsapiens_core.store.errors import DamagedCaseError
from medsapiens_core.store.summary import case_state

_a, _c, _log, _r = tables.annotation.c, tables.cases.c, tables.audit.c, tables.reading
_Row = Mapping[str, Any]
_TELLING = ("case.add", "case.flag", "case.spacing", "split.top_up")


def history_problems(connection: sa.Connection, template: Template) -> list[str]:
    """One sentence for each case whose rows do not follow from the log."""
    told = _told_cases(connection)
    rows: dict[int, _Row] = {row.id: row._asdict() for row in connection.execute(sa.select(tables.cases))}
    problems = [f"Case {case_id}: it is in the audit log but not in the worklist." for case_id in told.keys() - rows]
    for case_id, row in rows.items():
        expected = told.get(case_id, {"id": None})
        wrong = [name for name, value in expected.items() if row[name] != value]
        if wrong:
            problems.append(f"Case {case_id}: what is stored of it ({', '.join(wrong)}) differs from the audit log.")
    return problems + _annotation_problems(connection, template, rows)


def _told_cases(connection: sa.Connection) -> dict[int, dict[str, Any]]:
    """Case id -> the columns that the log speaks of, as they must be now."""
    told: dict[int, dict[str, Any]] = {}
    query = sa.select(_log.op, _log.body).where(_log.op.in_(_TELLING))
    for op, text in connection.execute(query.order_by(_log.seq)):
        body = json.loads(text)
        if op == "case.add":
            told[body["case_id"]] = {name: body[name] for name in AUDITED if name in body} | {
                "flag_reason": None,
                "spacing_set": None,
            }
        elif op == "case.flag":
            told[body["case_id"]]["flag_reason"] = body["after"]
        elif op == "case.spacing":
            for case_id in body["cases"]:
                told[case_id]["spacing_set"] = body["set"]
        else:
            for case in told.values():
                case["part"] = body["part"] if case["group_id"] in body["groups"] else case["part"]
    return told


def _annotation_problems(connection: sa.Connection, template: Template, rows: Mapping[int, _Row]) -> list[str]:
    keys = connection.execute(sa.select(_a.case_id, _a.reader).order_by(_a.case_id, _a.reader)).all()
    predicted = set(connection.execute(sa.select(tables.prediction.c.case_id).distinct()).scalars())
    shown = {case_id: Annotation.empty(case_id, template) for case_id in rows}
    problems = []
    asked = {(row.case_id, row.reader): (row.state, row.decided) for row in connection.execute(sa.select(_r))}
    for case_id, reader in keys:
        found = _replay(connection, template, case_id, reader)
        if isinstance(found, str):
            problems.append(f"Case {case_id}: {found}")
            shown.pop(case_id, None)
        elif not reader:
            shown[case_id] = found
        elif asked.get((case_id, reader), _kept(found)) != _kept(found):
            problems.append(f"Case {case_id}: the list of readings does not show the state of that of {reader}.")
    for case_id, annotation in shown.items():
        state = STATES.index(case_state(annotation, case_id in predicted))
        row = rows.get(case_id)
        if row is None or (row["decided"], row["state"]) != (annotation.decided_count, state):
            problems.append(f"Case {case_id}: the worklist does not show the state of its landmarks.")
    return problems


def _kept(annotation: Annotation) -> tuple[int, int]:
    return STATES.index(case_state(annotation, False)), annotation.decided_count


def _replay(connection: sa.Connection, template: Template, case_id: int, reader: str) -> Annotation | str:
    """The stored annotation, or what is wrong with it."""
    try:
        stored = load_annotation(connection, template, case_id, reader)
        told = replayed(connection, template, case_id, reader, stored_edits(connection, case_id, reader))
    except (DamagedCaseError, ValueError, KeyError):
        return "its landmarks do not match the record of their last change."
    return stored if state_hash(told) == state_hash(stored) else "its landmarks do not follow from its history."
