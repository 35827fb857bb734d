"""Taking files and folders into the project: off the GUI thread, past bad files, with one summary at the end.

Files with several pictures (volumes, films of frames) wait until all others are in; then a person chooses the slice.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.session.view_state import SliceChoice
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr, trn
from medsapiens_core.data.image import Image
from medsapiens_core.decoding import contents, probe, read_image
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.listing import SkippedFile, walk_images
from medsapiens_core.io.refusal import compression_of
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project

AT_ONCE = 2
BATCH = 32  # files listed before the first of them is read

Found = ImageHeader | SkippedFile | None
Walk = Iterator[Found]


@dataclass(frozen=True)
class ImportItem:
    """A file to take in; `frame` and `axis` once a slice was chosen."""

    path: Path
    frame: int | None = None
    axis: int | None = None


@dataclass
class ImportSummary:
    """What came of an import. `skipped` are (file name, reason), `known` names of files that the project has already.

    `joined_locked` new cases belong to a patient who was in the locked set before.
    """

    added: int = 0
    known: list[str] = field(default_factory=list)
    joined_locked: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    was_cancelled: bool = False

    @property
    def text(self) -> str:
        """One sentence or two for the reader."""
        is_plain = bool(self.added) or not self.known
        parts = [imported_text(self.added)] if is_plain and not self.skipped else []
        if self.known:
            parts.append(known_text(len(self.known), self.added + len(self.known) + len(self.skipped)))
        if self.skipped:
            parts.append(skipped_text(self.skipped[0][1], len(self.skipped), self.added))
        return " ".join([*parts, *([tr("The rest was cancelled.")] if self.was_cancelled else [])])

    @property
    def details(self) -> str:
        """Every skipped file with its reason, one line each."""
        return "\n".join(reason if name in reason else f"{name}: {reason}" for name, reason in self.skipped)

    @property
    def compressions(self) -> dict[str, list[str]]:
        """Compression that cannot be read -> the reasons of the files that have it (M04)."""
        found: dict[str, list[str]] = {}
        for _name, reason in self.skipped:
            if compression := compression_of(reason):
                found.setdefault(compression, []).append(reason)
        return found


def imported_text(count: int) -> str:
    """How many came in."""
    return trn("%n image was imported.", "%n images were imported.", count)


def known_text(known: int, total: int) -> str:
    """M08."""
    return trn(
        "%n of {total} files is already in this project and was not imported again.",
        "%n of {total} files are already in this project and were not imported again.",
        known,
        total=total,
    )


def skipped_text(reason: str, count: int, added: int) -> str:
    """M05: why the first was skipped, how many were, and what became of the others."""
    if count == 1:
        text = tr("{reason} It was skipped;", reason=reason)
    else:
        text = trn(
            "{reason} It and %n other were skipped;",
            "{reason} It and %n others were skipped;",
            count - 1,
            reason=reason,
        )
    return text + " " + trn("%n other file was imported.", "%n other files were imported.", added)


def locked_text(count: int) -> str:
    """M09."""
    return trn(
        "%n new image belongs to a patient in the locked set. It was added to the locked set, so the test stays fair.",
        "%n new images belong to a patient in the locked set. "
        "They were added to the locked set, so the test stays fair.",
        count,
    )


class ImportController(QObject):
    """Signals: `progress(done, total)`, `case_added(CaseRow)`, `slices_wanted(list[SliceChoice])`,
    `finished(ImportSummary)`.
    """

    progress = Signal(int, int)
    case_added = Signal(object)
    slices_wanted = Signal(object)
    finished = Signal(object)

    def __init__(self, runner: TaskRunner, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._project = runner, project
        self._waiting: deque[ImportItem] = deque()
        self._choices: list[SliceChoice] = []
        self._summary = ImportSummary()
        self._new: set[int] = set()  # cases of this import
        self._refused: dict[Path, str] = {}
        self._data_files: set[Path | None] = set()  # pixels of a header file: no images, and no news either
        self._listing = self._at_work = self._total = self._done = 0

    @property
    def is_running(self) -> bool:
        """True until the summary is out."""
        return bool(self._listing or self._at_work or self._waiting or self._choices)

    def import_paths(self, paths: Sequence[str]) -> None:
        """Take in files and everything below folders; may be called again while an import runs."""
        self._listing += 1
        self._list_more(walk_images(list(paths), probe, contents))

    def _list_more(self, walk: Walk) -> None:
        self._runner.submit(
            IO,
            _next_batch,
            walk,
            on_done=lambda batch: self._listed(walk, batch),
            on_error=self._not_listed,
        )

    def choose(self, items: Sequence[ImportItem]) -> None:
        """The slices chosen for the files of `slices_wanted`; files that are not among them are left out."""
        chosen = {item.path for item in items}
        for choice in self._choices:
            if Path(choice.path) not in chosen:
                self._summary.skipped.append((choice.name, tr("no slice was chosen")))
        self._choices.clear()
        self._waiting.extend(items)
        self._total += len(items)
        self._go_on()

    def cancel(self) -> None:
        """Leave out what has not been begun."""
        self._summary.was_cancelled |= bool(self._waiting or self._listing)
        self._total -= len(self._waiting)
        self._waiting.clear()
        self._go_on()

    def _listed(self, walk: Walk, batch: list[Found]) -> None:
        if batch and not self._summary.was_cancelled:
            self._list_more(walk)
        else:
            self._listing -= 1
        for found in batch:
            self._take(found)
        self._go_on()

    def _take(self, found: Found) -> None:
        if isinstance(found, SkippedFile):
            self._refused[found.path] = found.reason
        elif found is not None and found.needs_choice:
            self._data_files.add(found.data_file)
            self._choices.append(_choice(found))
        elif found is not None:
            self._data_files.add(found.data_file)
            self._waiting.append(ImportItem(found.path))
            self._total += 1

    def _not_listed(self, error: Exception) -> None:
        self._listing -= 1
        self._summary.skipped.append((tr("The folder"), str(error)))
        self._go_on()

    def _go_on(self) -> None:
        while self._waiting and self._at_work < AT_ONCE:
            item = self._waiting.popleft()
            self._at_work += 1
            self._runner.submit(
                IO,
                _read,
                item,
                on_done=lambda image, item=item: self._read(item, image),
                on_error=lambda error, item=item: self._skip(item, error),
            )
        self.progress.emit(self._done, self._total)
        if not self._at_work and not self._waiting and not self._listing:
            self._end()

    def _read(self, item: ImportItem, image: Image) -> None:
        self._runner.submit(
            STORE,
            _add,
            self._project,
            image,
            item.path,
            on_done=lambda result: self._added(item, result),
            on_error=lambda error: self._skip(item, error),
        )

    def _added(self, item: ImportItem, result: tuple[CaseRow, bool, list[int]]) -> None:
        row, is_new, others = result
        if is_new:
            self._summary.added += 1
            self._summary.joined_locked += row.part == "locked" and not self._new.issuperset(others)
            self._new.add(row.id)
            self.case_added.emit(row)
        else:
            self._summary.known.append(item.path.name)
        self._one_done()

    def _skip(self, item: ImportItem, error: Exception) -> None:
        self._summary.skipped.append((item.path.name, str(error)))
        self._one_done()

    def _one_done(self) -> None:
        self._at_work -= 1
        self._done += 1
        self._go_on()

    def _end(self) -> None:
        if self._choices:
            self.slices_wanted.emit(list(self._choices))
            return
        summary, self._summary = self._summary, ImportSummary()
        self._new.clear()
        summary.skipped += [(path.name, why) for path, why in self._refused.items() if path not in self._data_files]
        self._refused.clear()
        self._data_files.clear()
        self._total = self._done = 0
        self.finished.emit(summary)


def _next_batch(walk: Walk) -> list[Found]:
    return list(itertools.islice(walk, BATCH))


def _choice(header: ImageHeader) -> SliceChoice:
    shape = header.shape
    counts = (shape[0], shape[1], shape[2]) if shape is not None and len(shape) == 3 else None
    return SliceChoice(str(header.path), header.path.name, header.frames, counts, header.axis)


def _read(item: ImportItem) -> Image:
    return read_image(item.path, frame=item.frame, axis=item.axis)


def _add(project: Project, image: Image, path: Path) -> tuple[CaseRow, bool, list[int]]:
    """The case, whether it is new, and the other cases of its patient."""
    origin = image.provenance
    known = project.cases.find(origin.sha256, origin.frame, origin.axis)
    if known is not None:
        return known, False, []
    row = project.cases.add(image, path=path)
    return row, True, [other for other in project.cases.of_patient(row.patient_group) if other != row.id]
