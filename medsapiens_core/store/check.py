"""What `project.info()` and `project.check()` tell (reliability.md A4, D4, D8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from medsapiens_core.store import dialect, tables
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.replay import history_problems

if TYPE_CHECKING:
    from medsapiens_core.store.project import Project


def project_info(project: Project) -> dict[str, Any]:
    """Counts and sizes."""
    with project.database.read() as connection:
        schema = dialect.schema_version(connection)
        revisions = connection.execute(sa.select(sa.func.count()).select_from(tables.annotation_revision)).scalar_one()
    sizes = {name: _folder_bytes(project.folder / name) for name in ("objects", "cache", "runs", "backups")}
    return {
        "schema": schema,
        "read_only": project.read_only,
        "cases": project.cases.counts(),
        "revisions": revisions,
        "predictions": project.predictions.count(),
        "jobs": len(project.jobs.list()),
        "audit_rows": project.audit.count(),
        "bytes": {"database": project.database.path.stat().st_size, **sizes},
        "sqlite": dialect.library_version(),
        "journal": dialect.journal_mode(dialect.is_network_folder(project.folder)),
    }


def find_problems(project: Project, *, files: bool) -> list[str]:
    """One sentence per problem; cases are named by number only, since names may hold patient data."""
    with project.database.read() as connection:
        problems = [f"Database structure: {text}." for text in dialect.quick_check(connection, full=True)]
    bad = project.audit.verify()
    if bad is not None:
        problems.append(f"Audit log: row {bad} was changed or is missing; what follows it cannot be trusted.")
    with project.database.read() as connection:
        problems += history_problems(connection, project.template)
        problems += _count_problems(connection)
    return problems + (list(_file_problems(project)) if files else [])


def _count_problems(connection: sa.Connection) -> list[str]:
    c, kept = tables.cases.c, tables.case_count.c
    counted = sa.select(c.state, c.part, c.flagged, sa.func.count()).group_by(c.state, c.part, c.flagged)
    true = {tuple(row) for row in connection.execute(counted)}
    said = {tuple(row) for row in connection.execute(sa.select(kept.state, kept.part, kept.flagged, kept.n)) if row.n}
    return [] if true == said else ["The numbers of cases on the filters of the worklist are wrong."]


def _file_problems(project: Project) -> Iterator[str]:
    offset, hashes = 0, dict[Path, str]()
    while rows := project.cases.page(sort="added", offset=offset, limit=500):
        for row in rows:
            try:
                if row.path not in hashes:
                    hashes[row.path] = sha256_file(row.path)
            except OSError:
                yield f"Case {row.id}: its picture is missing or cannot be read."
                continue
            if hashes[row.path] != row.image_sha256:
                yield f"Case {row.id}: its picture has changed since import; the landmarks belong to the old one."
        offset += len(rows)


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
