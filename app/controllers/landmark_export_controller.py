"""Exporting landmarks: what, in which format, where; and, where names are taken out, a look at every picture first."""

from __future__ import annotations

from pathlib import Path

from app.controllers import landmark_export_work as work
from app.controllers.landmark_import_words import format_choices
from app.controllers.outgoing_controller import OutgoingController
from app.session.export_state import ExportAnswer, ExportOutcome, ExportState
from app.translate import tr, trn
from medsapiens_core.exchange.batch import Batch
from medsapiens_core.transfer.deidentifying import Pixels
from medsapiens_core.transfer.label_files import writable_formats
from medsapiens_core.transfer.selecting import in_the_way


class LandmarkExportController(OutgoingController):
    """`finished(ExportOutcome)`."""

    _answer = ExportAnswer("", "")
    _batch = Batch((), ())

    def open(self, folder: Path) -> None:
        """Ask what to export; `folder` is where files go unless another one is chosen."""
        self._submit(work.choosable, self._project, self._query(), on_done=lambda found: self._show(folder, found))

    # --- what and where

    def _show(self, folder: Path, found: work.Choosable) -> None:
        template, opened = self._project.template, self._open_case()
        self._view.show_form(
            ExportState(
                format_choices(writable_formats(), reading=False),
                tr("{name}, revision {number}", name=template.name, number=template.version),
                found.all_cases,
                found.listed,
                opened[1] if opened else "",
                found.slots,
                str(folder / _file_name(self._project.name)),
            )
        )

    def _begin(self, answer: ExportAnswer) -> None:
        if in_the_way(Path(answer.target)) and not self._view.may_replace(answer.target):
            return
        self._answer, self._without = answer, set()
        opened = self._open_case()
        self._say(tr("Collecting"), 0, 0)
        open_id = opened[0] if opened else None
        self._submit(work.collect, self._project, answer, self._query(), open_id, self._go_on, on_done=self._collected)

    def _collected(self, batch: Batch) -> None:
        if self._stop.is_set():
            self._view.show_form_again()
            return
        self._batch = batch
        if self._answer.deidentify:
            self._find_pictures(work.to_look_at, batch)
        else:
            self._write(None)

    # --- writing

    def _write(self, pixels: Pixels | None) -> None:
        self._view.show_running(tr("Writing"), 0, 0, can_stop=False)
        self._submit(
            work.write,
            self._project,
            self._batch,
            self._answer,
            pixels,
            sorted(self._without),
            on_done=self._written,
        )

    def _stop_now(self) -> None:
        self.close()
        self._view.show_form_again()

    def _go_on(self, done: int, total: int) -> bool:
        """Called on a lane: tells how far it is, answers whether to go on."""
        if not self._stop.is_set() and total:
            self._progressed.emit(tr("Collecting"), done, total)
        return not self._stop.is_set()


def outcome_text(outcome: ExportOutcome) -> str:
    """What came of an export, in a sentence or two."""
    readings = trn("%n reading", "%n readings", outcome.readings)
    images = trn("%n picture", "%n pictures", outcome.images)
    name = Path(outcome.path).name
    text = tr("{readings} of {images} were written to {name}.", readings=readings, images=images, name=name)
    if outcome.deidentified in ("looked-at", "ruled out"):
        text += " " + tr("Patient identity removed.")
    elif outcome.deidentified:
        text += " " + tr("Patient identity removed; pictures that nobody has looked at were left out.")
    return text


def _file_name(text: str) -> str:
    """The text without what file systems do not take."""
    return "".join("_" if sign in '\\/:*?"<>|' or ord(sign) < 32 else sign for sign in text).strip(" .") or "landmarks"
