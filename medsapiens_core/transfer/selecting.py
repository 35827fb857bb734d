"""What of a project an export takes: which cases, by whom; and an older export that is in its way."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from medsapiens_core.errors import EnvironmentProblemError
from medsapiens_core.store import tables
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.reports import report_path

IMAGES = ".images"  # beside a de-identified export


def slots_of(project: Project) -> list[str]:
    """The readers with an annotation of any case, sorted; "" is the project's common one."""
    reader = tables.annotation.c.reader
    with project.database.read() as connection:
        return list(connection.execute(sa.select(reader).distinct().order_by(reader)).scalars())


def in_the_way(target: Path) -> list[Path]:
    """What an export to `target` would have to replace: the file or folder, its report, its pictures."""
    found = (target, report_path(target), target.with_name(target.name + IMAGES))
    return [path for path in found if path.is_file() or (path.is_dir() and any(path.iterdir()))]


@contextmanager
def set_aside(paths: Sequence[Path]) -> Iterator[None]:
    """Move these out of the way while something new is written there; they come back when that fails.

    Raises EnvironmentProblemError when one cannot be moved, for instance because another program has it open.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for path in paths:
            aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
            try:
                path.rename(aside)
            except OSError as error:
                raise EnvironmentProblemError(
                    f"{path} cannot be replaced: {error.strerror}. Close it in other programs, or choose another name."
                ) from error
            moved.append((path, aside))
        yield
    except BaseException:
        for path, aside in moved:
            _remove(path)
            aside.rename(path)
        raise
    for _, aside in moved:
        _remove(aside)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
