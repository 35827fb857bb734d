"""The pixel size of the open case: tells where it is doubtful, asks, stores what a person chooses (ux.md 5.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from app.controllers.notice_board import NoticeBoard
from app.session import spacing_state as words
from app.session.scratch import RULER
from app.session.spacing_state import SpacingAnswer, SpacingState
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr, trn
from medsapiens_core.data.image import Image
from medsapiens_core.data.spacing import AT_DETECTOR, Spacing, SpacingChoice, Way
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.lock import user_name
from medsapiens_core.store.project import Project

NOTICE = "spacing"
LINE = tuple[tuple[float, float], tuple[float, float]]


class SpacingViews(Protocol):
    """What this controller shows and asks through."""

    def show_spacing(self, state: SpacingState, *, read_only: bool, focus: str) -> None:
        """Open the dialog about the pixel size."""

    def ask_length(self, line: LINE, aspect: float, alike: str) -> None:
        """Ask how long a drawn line is."""

    def ask_scope(self, alike: str) -> bool | None:
        """True for all that were taken alike, False for this case, None for neither."""

    def start_tool(self, kind: str) -> None:
        """Put a scratch tool on the image."""

    def end_ruler(self) -> None:
        """Take the line of the ruler away."""


def with_spacing(image: Image, row: CaseRow) -> Image:
    """The picture with the pixel size in use: what a person has set, else its file's."""
    if not row.is_spacing_set:
        return image
    aspect = row.spacing.row_mm / row.spacing.col_mm if row.spacing else image.pixel_aspect
    return replace(image, spacing=row.spacing, pixel_aspect=aspect)


class SpacingController(QObject):
    """`changed(CaseRow, Image)` when the open case has another pixel size; `image` carries it. `failed(text)`,
    `told(text)`.
    """

    changed = Signal(object, object)
    failed = Signal(str)
    told = Signal(str)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        views: SpacingViews,
        notices: NoticeBoard,
        *,
        reader: Callable[[], str] = user_name,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project = runner, project
        self._views, self._notices, self._reader = views, notices, reader
        self._row: CaseRow | None = None
        self._image: Image | None = None
        self._alike: list[int] = []
        self._dismissed: set[tuple[Any, ...]] = set()

    def open(self, row: CaseRow, image: Image) -> None:
        """A case is on screen; `image` is as its file says."""
        self._row, self._image, self._alike = row, image, [row.id]
        self._show_notice()
        self._find_alike(row)

    def close(self) -> None:
        """No case is on screen."""
        self._row = self._image = None
        self._notices.dismiss(NOTICE)

    def dismissed(self, notice_id: str) -> None:
        """The reader closed a notice: the same one is not shown again while the program runs."""
        if notice_id == NOTICE and self._row is not None and self._image is not None:
            self._dismissed.add(self._kind_of_notice(self._row, self._image))

    # --- intents

    def show(self, focus: str = "") -> None:
        """Open the dialog about the pixel size of the open case."""
        if self._row is not None:
            case_id = self._row.id
            self._runner.submit(
                STORE,
                lambda: (self._project.calibrations.history(case_id), self._project.calibrations.same_device(case_id)),
                on_done=lambda found: self._show_dialog(case_id, focus, *found),
                on_error=self._fail,
            )

    def calibrate(self) -> None:
        """Draw a line along a scale."""
        if self._row is not None and not self._project.read_only:
            self._views.start_tool(RULER)

    def ruler_drawn(self, line: LINE) -> None:
        """A line was drawn: ask how long it is."""
        if self._row is not None and self._image is not None:
            self._views.ask_length(line, self._aspect(), words.alike_text(self._row, len(self._alike)))

    def answered(self, answer: SpacingAnswer) -> None:
        """Store what a person chose in one of the dialogs."""
        self._views.end_ruler()
        self._choose(answer)

    # --- at the opening of a case

    def _show_notice(self) -> None:
        row, image = self._row, self._image
        text = "" if row is None or image is None or row.is_spacing_set else words.told_of(image)
        if not text or row is None or image is None or self._kind_of_notice(row, image) in self._dismissed:
            self._notices.dismiss(NOTICE)
            return
        buttons = {} if self._project.read_only else self._buttons(image)
        self._notices.show(NOTICE, "info", text, buttons, behind=True)

    def _buttons(self, image: Image) -> dict[str, Callable[[], object]]:
        ruler, enter, spacing = self.calibrate, lambda: self.show("entered"), image.spacing
        if words.two_sizes(image):
            return {tr("OK"): lambda: self.dismissed(NOTICE), tr("Choose other"): self.show}
        if spacing is None:
            return {
                tr("Use ruler"): ruler,
                tr("Enter pixel size"): enter,
                tr("Keep pixels"): lambda: self._quickly("pixels", None),
            }
        as_it_is = replace(spacing, chosen=True)
        buttons: dict[str, Callable[[], object]] = {tr("Use as it is"): lambda: self._quickly("candidate", as_it_is)}
        if spacing.source in AT_DETECTOR:
            buttons[tr("Enter magnification")] = lambda: self.show("magnification")
        return {**buttons, tr("Use ruler"): ruler}

    def _kind_of_notice(self, row: CaseRow, image: Image) -> tuple[Any, ...]:
        where = row.device or (row.width, row.height, row.modality)
        return (where, words.told_of(image))

    def _find_alike(self, row: CaseRow) -> None:
        self._runner.submit(
            STORE,
            self._project.calibrations.same_device,
            row.id,
            on_done=lambda found: self._found_alike(row.id, found),
            on_error=self._fail,
        )

    def _found_alike(self, case_id: int, found: list[int]) -> None:
        if self._row is not None and self._row.id == case_id:
            self._alike = found

    def _show_dialog(self, case_id: int, focus: str, history: list[SpacingChoice], alike: list[int]) -> None:
        if self._row is not None and self._image is not None and self._row.id == case_id:
            self._alike = alike
            state = words.spacing_state(self._row, self._image, history, len(alike))
            self._views.show_spacing(state, read_only=self._project.read_only, focus=focus)

    def _aspect(self) -> float:
        image = self._image
        if image is None or self._row is None:
            return 1.0
        shown = with_spacing(image, self._row).spacing
        return shown.row_mm / shown.col_mm if shown else image.pixel_aspect

    # --- storing

    def _quickly(self, way: Way, spacing: Spacing | None) -> None:
        """From a button of the strip: ask for whom only where there is a choice."""
        if self._row is None:
            return
        alike = words.alike_text(self._row, len(self._alike))
        for_all = self._views.ask_scope(alike) if alike else False
        if for_all is None:
            self._show_notice()
        else:
            self._choose(SpacingAnswer(way, spacing, {"asked": "notice"}, for_all))

    def _choose(self, answer: SpacingAnswer) -> None:
        if self._row is None:
            return
        case_ids = self._alike if answer.for_all else [self._row.id]
        self._runner.submit(
            STORE,
            lambda: self._project.calibrations.choose(
                case_ids, answer.way, answer.spacing, reader=self._reader(), detail=answer.detail
            ),
            on_done=self._stored,
            on_error=self._fail,
        )

    def _stored(self, rows: list[CaseRow]) -> None:
        badge = words.spacing_badge(rows[0].spacing)[0]
        cases = trn("%n case", "%n cases", len(rows)) if len(rows) > 1 else rows[0].name
        self.told.emit(tr("Pixel size of {cases}: {size}", cases=cases, size=badge))
        mine = next((row for row in rows if self._row is not None and row.id == self._row.id), None)
        if mine is not None and self._image is not None:
            self._row = mine
            self._show_notice()
            self.changed.emit(mine, with_spacing(self._image, mine))

    def _fail(self, error: Exception) -> None:
        self.failed.emit(str(error))
