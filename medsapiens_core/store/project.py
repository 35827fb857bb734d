"""A project: a folder with a database, and everything that one may ask of it (formats.md 8.1)."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from medsapiens_core import __version__
from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import template_from_json
from medsapiens_core.store import audit, migrate, tables
from medsapiens_core.store.annotations import Annotations
from medsapiens_core.store.audit import AuditLog
from medsapiens_core.store.calibrations import Calibrations
from medsapiens_core.store.cases import Cases
from medsapiens_core.store.check import find_problems, project_info
from medsapiens_core.store.comparisons import Comparisons
from medsapiens_core.store.database import Database
from medsapiens_core.store.errors import DamagedProjectError, ProjectExistsError, ProjectNotFoundError
from medsapiens_core.store.examples import Examples
from medsapiens_core.store.exemplars import Exemplars
from medsapiens_core.store.files import ObjectStore, sha256_text
from medsapiens_core.store.guidance import Guidance
from medsapiens_core.store.hand_outs import HandOuts
from medsapiens_core.store.imports import Imports
from medsapiens_core.store.jobs import RUNS_FOLDER, Jobs
from medsapiens_core.store.measurements import Measurements
from medsapiens_core.store.model_matches import ModelMatches
from medsapiens_core.store.notes import Notes
from medsapiens_core.store.opening import open_database
from medsapiens_core.store.own_windows import OwnWindows
from medsapiens_core.store.pins import Pins
from medsapiens_core.store.planner import Planner
from medsapiens_core.store.predictions import Predictions
from medsapiens_core.store.readers import Readers
from medsapiens_core.store.readings import Readings
from medsapiens_core.store.revisions import insert_revision
from medsapiens_core.store.snapshots import Snapshots
from medsapiens_core.store.templates import Templates
from medsapiens_core.whole_files import write_atomic

DATABASE = "project.db"
IDENTIFICATION = "project.json"
FOLDERS = ("objects", "cache", "runs", "backups")


class Project:
    """An open project. Use it from any thread; writes run one after the other. Close it, or use `with`."""

    def __init__(self, folder: Path, database: Database, resources: ExitStack) -> None:
        self.folder, self.database = folder, database
        self.person = ""
        facts = _facts(database)
        self.name, self.uid = facts["name"], facts["project_uid"]
        self.secret = bytes.fromhex(facts["salt"])  # never leaves the project: pseudonyms are made with it
        self.template = _stored_template(database, facts)
        self.objects = ObjectStore(folder / "objects")
        self.cases = Cases(database, folder, facts["salt"], len(self.template))
        self.annotations = Annotations(database, self.template)
        self.readers = Readers(database)
        self.pins = Pins(database)
        self.readings = Readings(database, self.template, self.uid)
        self.own_windows = OwnWindows(database)
        self.predictions = Predictions(database, self.template)
        self.templates = Templates(database, self.template)
        self.notes = Notes(database)
        self.exemplars = Exemplars(database, self.cases)
        self.audit = AuditLog(database)
        self.imports = Imports(database)
        self.hand_outs = HandOuts(database)
        self.examples = Examples(database, self.template)
        self.planner = Planner(database, self.cases)
        self.model_matches = ModelMatches(database, self.template)
        self.guidance = Guidance(database, self.template)
        self.jobs = Jobs(database, Path(facts.get(RUNS_FOLDER) or folder / "runs"))
        self.calibrations = Calibrations(database, self.cases, self.template)
        self.comparisons = Comparisons(database)
        self.measurements = Measurements(database)
        self.snapshots = Snapshots(database, self.cases, self.objects, self.template)
        self.interrupted_utc = self.audit.last_utc() if database.was_left_behind else ""  # the program that had it died
        if not database.read_only:
            database.claim()
        self._resources = resources.pop_all()

    @classmethod
    def create(cls, folder: Path | str, *, name: str, template: Template) -> Self:
        """Make a project in a new or empty folder and open it. It appears whole or not at all."""
        folder = Path(folder).absolute()
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectExistsError(f"{folder} is not empty, so no project is made there. Choose a new folder.")
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = folder.with_name(f".{folder.name}.new-{uuid.uuid4().hex[:8]}")
        try:
            _build(building, name, template)
            if folder.exists():
                folder.rmdir()
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path | str, *, read_only: bool = False, take_over: bool = False) -> Self:
        """Open a project, after bringing an older one to the newest format (a backup is made first).

        `take_over` takes the lock from a program that has it; that one stops at its next write. Raises
        ProjectNotFoundError, ProjectLockedError (not for `read_only` or `take_over`), NewerProjectError,
        DamagedProjectError.
        """
        folder = Path(folder).absolute()
        path = folder / DATABASE
        if not path.is_file():
            raise ProjectNotFoundError(
                f"No project was found in {folder}. Nothing was created. Check that the drive is connected, or choose "
                "the folder that holds project.db."
            )
        with ExitStack() as stack:
            database = open_database(path, stack, read_only=read_only, take_over=take_over)
            return cls(folder, database, stack)

    @property
    def read_only(self) -> bool:
        """True when changes are refused, from the start or because another program has taken over."""
        return self.database.read_only

    def read_as(self, person: str) -> None:
        """From now on show cases as this reader sees them: what was asked of them looks as their own reading does."""
        self.person = self.cases.person = person

    def info(self) -> dict[str, Any]:
        """Counts, versions and sizes, for people and scripts."""
        facts = {"name": self.name, "uid": self.uid, "folder": str(self.folder)}
        facts.update(template=self.template.id, template_version=str(self.template.version))
        return {**facts, **project_info(self)}

    def check(self, *, files: bool = True) -> list[str]:
        """Everything that is not as it should be, one sentence each; empty when sound.

        Looks at the database's structure, the audit chain, every annotation against its history, and (`files`) at
        every referenced picture's bytes, which takes as long as reading them.
        """
        return find_problems(self, files=files)

    def close(self) -> None:
        """Close the database and give the lock back."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _build(folder: Path, name: str, template: Template) -> None:
    folder.mkdir()
    for part in FOLDERS:
        (folder / part).mkdir()
    migrate.build(folder / DATABASE)
    uid, created = uuid.uuid4().hex, utc_now()
    facts = {"project_uid": uid, "created_utc": created, "name": name, "salt": secrets.token_hex(16)}
    facts.update(template_id=template.id, template_version=str(template.version))
    database = Database(folder / DATABASE)
    with database.write() as connection:
        connection.execute(sa.insert(tables.meta), [{"key": k, "value": v} for k, v in facts.items()])
        sha256 = insert_revision(connection, template)
        told = {"project_uid": uid, "template_id": template.id, "template_sha256": sha256}
        audit.append(connection, "project.create", told)
    database.close()
    identification: Mapping[str, Any] = {
        "format": "mss-project",
        "version": migrate.HEAD,
        "project_uid": uid,
        "created_utc": created,
        "app": __version__,
    }
    write_atomic(folder / IDENTIFICATION, (json.dumps(identification, indent=2) + os.linesep).encode())


def _facts(database: Database) -> dict[str, str]:
    with database.read() as connection:
        facts = {row.key: row.value for row in connection.execute(sa.select(tables.meta))}
    if not facts.keys() >= {"name", "project_uid", "salt", "template_id", "template_version"}:
        raise DamagedProjectError("The project's database does not say what it is. Restore it from `backups`.")
    return facts


def _stored_template(database: Database, facts: Mapping[str, str]) -> Template:
    t = tables.template.c
    mine = (t.id == facts["template_id"]) & (t.version == int(facts["template_version"]))
    with database.read() as connection:
        row = connection.execute(sa.select(t.json, t.sha256).where(mine)).first()
    if row is None or sha256_text(row.json) != row.sha256:
        raise DamagedProjectError("The project's landmark template was changed or is gone. Restore it from `backups`.")
    return template_from_json(json.loads(row.json))
