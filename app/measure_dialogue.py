"""The talk with the user about measurements: where tables and reports go, progress, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLocale, QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.controllers.measure_controller import MeasureController
from app.controllers.measure_export import MeasureExport
from app.controllers.notice_board import NoticeBoard
from app.session import measure_presentation as present
from app.session import report_facts
from app.session.landmark_list_model import LandmarkListModel
from app.session.report_state import ReportState
from app.session.review_session import ReviewSession
from app.tasks.task_runner import IO, STORE, TaskRunner
from app.translate import tr, trn
from app.views.main_window import MainWindow
from app.views.measure_editor import MeasureEditor, open_editor
from app.views.report import write_report
from medsapiens_core.data.annotation import Edit, utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.data.rendering import to_uint8
from medsapiens_core.measurements.set_file import shipped_sets
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations

PROGRAM = "MedSapiens Studio"
PDF = "PDF (*.pdf)"
NOT_WRITTEN = "The report was not written: {reason}. Choose another folder or close the file."
NO_SET = "There is no measurement set for this template. Measure > Edit measurements makes one."


class MeasureDialogue(QObject):
    """Measuring in one project: the controller behind the panel, the export of tables, and the PDF report.

    `acts` are the actions of the menus that are done here.
    """

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        calibrations: Calibrations,
        session: ReviewSession,
        *,
        window: MainWindow,
        notices: NoticeBoard,
    ) -> None:
        super().__init__(session)
        panel, view = window.measurements_panel, window.image_view
        self.measures = MeasureController(runner, project, calibrations, session, panel=panel, view=view, parent=self)
        self.acts: dict[str, Callable[[], object]] = {
            "measure.lock": self.measures.toggle_lock,
            "measure.export": self.ask_for_tables,
            "measure.report": self.ask_for_report,
            "measure.edit": self.open_editor,
            "measure.impact": self._show_impacts,
        }
        self._export = export = MeasureExport(runner, project, calibrations, self)
        self._runner, self._project, self._session = runner, project, session
        self._window, self._notices = window, notices
        self.measures.changed.connect(self._impacts_changed)
        export.progress.connect(self._show_progress)
        export.finished.connect(self._exported)
        export.failed.connect(self._not_exported)
        export.stopped.connect(lambda: self._notices.dismiss("measure-export"))

    # --- what each landmark changes

    def _impacts_changed(self) -> None:
        if self._window.action("measure.impact").isChecked() and not self.measures.is_dragging:
            self._show_impacts()

    def _show_impacts(self) -> None:
        model, points = self._window.landmark_panel.list.model(), self.measures.points
        if not isinstance(model, LandmarkListModel):
            return
        wanted = self._window.action("measure.impact").isChecked() and points is not None
        found = self.measures.impacts() if wanted else {}
        unit = points.scale.unit if points is not None else ""
        model.set_impacts({mark: present.impact(one, unit) for mark, one in found.items()})

    # --- editor

    def open_editor(self) -> MeasureEditor:
        """Edit the set in use, or begin one."""
        template, measures = self._project.template, self.measures.measures
        landmarks = [(mark.id, f"{mark.name} ({mark.abbreviation})") for mark in template.landmarks]
        editor = MeasureEditor(landmarks, self.measures.preview, self._window)
        editor.saved.connect(self.measures.save_set)
        editor.removed.connect(self.measures.remove_set)
        shipped = shipped_sets()
        own = measures is not None and measures != shipped.get(measures.id)
        editor.edit(measures, template.id, is_own=own, was_shipped=measures is not None and measures.id in shipped)
        open_editor(editor)
        return editor

    # --- tables

    def ask_for_tables(self) -> None:
        """Choose a folder; four tables go into a new folder in it."""
        if self.measures.measures is None:
            self._window.dialogs.tell(tr("Export measurements"), tr(NO_SET), kind="warning")
            return
        self._runner.submit(STORE, self._project.cases.counts, on_done=self._ask_which)

    def _ask_which(self, counts: dict[str, int]) -> None:
        measures = self.measures.measures
        reviewed, other = counts["reviewed"], counts["in_review"]
        which = "reviewed" if not other else self._ask_about_others(reviewed, other)
        folder = self._window.dialogs.open_folder(tr("Folder for the tables"), str(Path.home())) if which else None
        if folder and measures is not None:
            at = f"{datetime.now():%Y-%m-%d %H%M%S}"
            name = tr("{project} measurements {at}", project=_file_name(self._project.name), at=at)
            self._export.write(
                measures,
                Path(folder) / name,
                unreviewed=which == "all",
                repeatability=self.measures.repeatability,
            )

    def _ask_about_others(self, reviewed: int, other: int) -> str:
        text = tr(
            "{reviewed} cases are reviewed, {other} more are in review. Points that nobody has decided on stay "
            "empty in the tables, with the reason.",
            reviewed=reviewed,
            other=other,
        )
        buttons = [("reviewed", tr("Reviewed cases")), ("all", tr("All with decisions")), ("", tr("Cancel"))]
        return self._window.dialogs.ask(tr("Export measurements"), text, buttons, "reviewed")

    def _show_progress(self, done: int, total: int) -> None:
        if self._export.is_running and total > 1:
            text = tr("Measuring case {n} of {total}", n=done + 1, total=total)
            self._notices.show("measure-export", "info", text, {tr("Cancel"): self._export.cancel})

    def _exported(self, folder: str, count: int) -> None:
        self._notices.dismiss("measure-export")
        self._notices.show(
            "measure-exported",
            "info",
            trn(
                "%n reading was measured and written as four tables to {folder}.",
                "%n readings were measured and written as four tables to {folder}.",
                count,
                folder=folder,
            ),
            {tr("Open folder"): lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder))},
        )

    def _not_exported(self, text: str) -> None:
        self._notices.dismiss("measure-export")
        self._notices.show("measure-exported", "warning", text)

    # --- report

    def ask_for_report(self) -> None:
        """Choose a file for the report of the open case."""
        if self.measures.measures is None:
            self._window.dialogs.tell(tr("PDF report"), tr(NO_SET), kind="warning")
            return
        case: Any = self._session.case
        name = tr("{case} report.pdf", case=_file_name(Path(case.name).stem))
        path = self._window.dialogs.save_file(tr("PDF report"), str(Path.home() / name), tr(PDF))
        if path:
            self.write_report(Path(path))

    def write_report(self, path: Path) -> None:
        """Write the report of the open case as it is now."""
        case = self._session.case
        if case is not None:
            reader = self._session.annotation.reader
            self._runner.submit(
                STORE,
                lambda: self._project.annotations.history(case.id, reader=reader),
                on_done=lambda history: self._write_report(path, history),
            )

    def _write_report(self, path: Path, history: list[Edit]) -> None:
        image = self.measures.image
        if image is None or self.measures.measures is None or not self._session.is_open:
            return
        report = self._report(image, history)
        self._runner.submit(
            IO,
            write_report,
            report,
            path,
            on_done=lambda pages: self._report_written(path, pages, report.is_draft),
            on_error=lambda error: self._notices.show("report", "warning", tr(NOT_WRITTEN, reason=error)),
        )

    def _report(self, image: Image, history: list[Edit]) -> ReportState:
        session, measures = self._session, self.measures
        case: Any = session.case
        annotation, template, known = session.annotation, session.template, measures.measures
        points = measures.points
        assert known is not None and points is not None
        prediction = session.prediction
        return ReportState(
            title=str(case.name),
            subtitle=f"{self._project.name}  ·  {report_facts.readable(utc_now())}  ·  {PROGRAM}",
            pixels=to_uint8(image, self._window.image_view.window_range, self._window.image_view.inverted),
            aspect=points.scale.y / points.scale.x,
            marks=report_facts.marks(annotation, template),
            lines=present.lines(measures.values, known, points),
            rows=present.rows(measures.values, measures.norms),
            facts=report_facts.facts(
                annotation,
                template,
                case.spacing,
                history,
                model=prediction.model_id if prediction else "",
                measures=known,
            ),
            sources=report_facts.sources(measures.norms),
            is_draft=not annotation.reviewed,
            has_norms=measures.norms is not None,
            paper=default_paper(),
        )

    def _report_written(self, path: Path, pages: int, draft: bool) -> None:
        size, name = trn("%n page", "%n pages", pages), path.name
        words = tr("{file} is written ({size}).", file=name, size=size)
        if draft:
            words = tr("{file} is written ({size}), marked as draft: the case is not reviewed.", file=name, size=size)
        self._notices.show(
            "report", "info", words, {tr("Open"): lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))}
        )


def default_paper() -> str:
    """Letter where the system measures in inches, A4 elsewhere."""
    return "Letter" if QLocale.system().measurementSystem() is QLocale.MeasurementSystem.ImperialUSSystem else "A4"


def _file_name(text: str) -> str:
    """The text without what file systems do not take."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", text).strip(" .") or "case"
