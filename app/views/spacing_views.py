"""The dialogs about pixel sizes and the scratch tool on the image, in one hand for their controller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.session.spacing_state import SpacingState
from app.translate import tr
from app.views.ruler_dialog import XY, RulerDialog
from app.views.scratch_tool import ScratchTool
from app.views.spacing_dialog import SpacingDialog

if TYPE_CHECKING:
    from app.views.main_window import MainWindow


class SpacingWindows(QObject):
    """Dialogs are made when first needed and do not block the window. `answered(SpacingAnswer)`."""

    answered = Signal(object)
    ruler_requested = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.scratch = ScratchTool(window.image_view)
        self.dialog: SpacingDialog | None = None
        self.ruler: RulerDialog | None = None

    def show_spacing(self, state: SpacingState, *, read_only: bool, focus: str) -> None:
        """Open the dialog about the pixel size."""
        if self.dialog is None:
            self.dialog = SpacingDialog(self._window)
            self.dialog.answered.connect(self.answered)
            self.dialog.ruler_requested.connect(self.ruler_requested)
        self.dialog.show_state(state, read_only=read_only, focus=focus)

    def ask_length(self, line: tuple[XY, XY], aspect: float, alike: str) -> None:
        """Ask how long a drawn line is."""
        if self.ruler is None:
            self.ruler = RulerDialog(self._window)
            self.ruler.answered.connect(self.answered)
        self.ruler.ask(line, aspect, alike)

    def ask_scope(self, alike: str) -> bool | None:
        """For this case or all that were taken alike; None when the reader thinks better of it."""
        buttons = [("this", tr("This case")), ("all", tr("All of them"))]
        text = f"{alike}.\n\n" + tr("Use it for this case or for all of them?")
        answer = self._window.dialogs.ask(tr("Pixel size"), text, buttons, "this")
        return {"this": False, "all": True}.get(answer)

    def start_tool(self, kind: str) -> None:
        """Put a scratch tool on the image."""
        self.scratch.start(kind)

    def end_ruler(self) -> None:
        """Take the line of the ruler away."""
        self.scratch.end_ruler()

    def close(self) -> None:
        """Close every dialog, for a project that is closed."""
        self.scratch.leave()
        for dialog in (self.dialog, self.ruler):
            if dialog is not None:
                dialog.close()
