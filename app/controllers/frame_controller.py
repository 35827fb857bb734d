"""Looking at the other frames or slices of a case's file; the landmarks stay on its working frame (ux.md 5.9)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.notice_board import NoticeBoard
from app.controllers.spacing_controller import with_spacing
from app.session import presentation
from app.session.view_state import ImageState
from app.tasks.task_runner import IO, TaskRunner
from app.translate import tr
from medsapiens_core.data.image import Image
from medsapiens_core.decoding import read_image
from medsapiens_core.io.pyramid import build_pyramid
from medsapiens_core.store.cases import CaseRow

NOTICE = "frame"
ELSEWHERE = "Landmarks are on frame {frame}."
KEPT_PIXELS = 2**25  # of other frames kept at hand, so that going back and forth reads nothing anew
BLOCKED = ("landmark.", "case.review", "case.predict", "edit.")


class FrameView(Protocol):
    """What this controller needs of the image view."""

    def set_image(self, image: ImageState | None) -> None:
        """Show a picture."""


class FrameChoice(Protocol):
    """What this controller needs of the bar under the image."""

    frame_requested: SignalInstance
    use_requested: SignalInstance

    def set_image(self, image: ImageState | None) -> None:
        """Show where this picture stands in its file."""


class FrameController(QObject):
    """`refused(text)` when a frame cannot be read, or something cannot be done on the frame on screen.

    `use_wanted(CaseRow, frame)`: the reader wants to work on the frame on screen instead.
    """

    refused = Signal(str)
    use_wanted = Signal(object, int)  # the case on screen, the frame that is to be worked on instead

    def __init__(
        self,
        runner: TaskRunner,
        view: FrameView,
        bar: FrameChoice,
        *,
        notices: NoticeBoard,
        set_condition: Callable[[str, bool], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._view, self._bar, self._notices = runner, view, bar, notices
        self._set_condition = set_condition
        self._row: CaseRow | None = None
        self._working: ImageState | None = None
        self._wanted = 0
        self._is_reading = False
        self._kept: OrderedDict[int, ImageState] = OrderedDict()
        bar.frame_requested.connect(self.look_at)
        bar.use_requested.connect(self.use)

    def open(self, row: CaseRow, image: Image) -> None:
        """A case has come on screen, on its working frame."""
        self._row, self._working = row, presentation.image_state(row.id, row.name, image)
        self._wanted = row.frame
        self._kept.clear()
        self._set_condition("frames", self._working.frame_count > 1)
        self._notices.dismiss(NOTICE)

    def close(self) -> None:
        """No case is on screen."""
        self._row = self._working = None
        self._kept.clear()
        self._set_condition("frames", False)

    @property
    def is_elsewhere(self) -> bool:
        """True while a frame without landmarks is wanted or on screen."""
        return self._row is not None and self._wanted != self._row.frame

    def refuses(self, action: str) -> bool:
        """True, with a word to the reader, for what would change landmarks that cannot be seen."""
        if not self.is_elsewhere or not action.startswith(BLOCKED) or self._row is None:
            return False
        self.refused.emit(tr(ELSEWHERE, frame=self._row.frame + 1) + " " + tr("Go there first."))
        return True

    def look_at(self, frame: int) -> None:
        """Show a frame; the newest wish counts when several come while one is being read."""
        self._wanted = frame
        if self._row is None or self._working is None:
            return
        if frame == self._row.frame:
            self._show(self._working)
        elif frame in self._kept:
            self._show(self._kept[frame])
        elif not self._is_reading:
            self._read(self._row, frame)

    def go_back(self) -> None:
        """Show the frame that carries the landmarks."""
        if self._row is not None:
            self.look_at(self._row.frame)

    def use(self) -> None:
        """Ask that the frame on screen becomes the one that is worked on."""
        if self._row is not None and self.is_elsewhere:
            self.use_wanted.emit(self._row, self._wanted)
        elif self._row is not None:
            self.refused.emit(tr("The landmarks are on this frame. Go to another one first."))

    def _read(self, row: CaseRow, frame: int) -> None:
        self._is_reading = True
        self._runner.submit(
            IO,
            read_frame,
            row,
            frame,
            on_done=lambda state: self._arrived(row, state),
            on_error=lambda error: self._not_read(row, error),
        )

    def _arrived(self, row: CaseRow, state: ImageState) -> None:
        self._is_reading = False
        if row != self._row:
            self._go_on()
            return
        self._kept[state.frame] = state
        while len(self._kept) > 1 and sum(kept.pixels.size for kept in self._kept.values()) > KEPT_PIXELS:
            self._kept.popitem(last=False)
        if self._wanted != row.frame:
            self._show(state)
        self._go_on()

    def _go_on(self) -> None:
        if self._row is not None and self._wanted != self._row.frame and self._wanted not in self._kept:
            self._read(self._row, self._wanted)

    def _not_read(self, row: CaseRow, error: Exception) -> None:
        self._is_reading = False
        if row == self._row:
            self.refused.emit(str(error))
            self.go_back()

    def _show(self, state: ImageState) -> None:
        self._view.set_image(state)
        if state.frame != self._wanted:
            self._bar.set_image(replace(state, frame=self._wanted))
        if state.is_working_frame:
            self._notices.dismiss(NOTICE)
        else:
            text = tr(ELSEWHERE, frame=state.working_frame + 1)
            self._notices.show(NOTICE, "info", text, {tr("Go there"): self.go_back, tr("Use this frame"): self.use})


def read_frame(row: CaseRow, frame: int) -> ImageState:
    """One frame of a case's file, ready to be shown. Raises UserError when it cannot be read."""
    image = with_spacing(read_image(row.path, frame=frame, axis=row.axis), row)
    image = replace(image, pyramid=build_pyramid(image.pixels, image.padding_value))
    return replace(presentation.image_state(row.id, row.name, image), working_frame=row.frame)
