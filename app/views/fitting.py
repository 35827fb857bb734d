"""Windows that are as large as their content needs at the size of text that a person has chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QWidget


class FittingDialog(QDialog):
    """A dialog that grows when it is shown, up to the screen, until nothing in it is cut off."""

    def showEvent(self, event: QShowEvent) -> None:
        """Only now the style sheet has told every part how large its text is."""
        super().showEvent(event)
        fit(self)

    def event(self, event: QEvent) -> bool:
        """Content that comes later is given its room too."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            fit(self)
        return handled


def fit(window: QWidget) -> None:
    """Make a window at least as large as what is in it needs, never larger than the screen for it."""
    layout = window.layout()
    if layout is None:
        return
    layout.activate()
    room, least = window.screen().availableSize(), layout.totalMinimumSize()
    wanted = least.boundedTo(room).expandedTo(window.size())
    if layout.hasHeightForWidth():
        height = layout.totalMinimumHeightForWidth(wanted.width())
        wanted = wanted.expandedTo(QSize(wanted.width(), min(height, room.height())))
    window.setMinimumSize(window.minimumSize().expandedTo(least.boundedTo(room)))
    if wanted != window.size():
        window.resize(wanted)
