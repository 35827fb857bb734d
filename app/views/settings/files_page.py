"""Settings > Files: how much this computer keeps of the films, and a way to delete it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.translate import tr
from app.views.widgets import GAP, MARGIN, button, label

Ask = Callable[[Callable[[int], None]], None]


class FilesPage(QWidget):
    """`measure` and `forget` answer later, if this page is still there, with the bytes that are kept in `folder`."""

    def __init__(self, measure: Ask, forget: Ask, folder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kept = label("", "muted", wrap=True)
        self.delete = button("Delete them now")
        self.delete.setEnabled(False)
        self.delete.clicked.connect(lambda: forget(self._show))
        where = label(folder, "caption", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 0, MARGIN, MARGIN)
        column.setSpacing(GAP)
        line = QHBoxLayout()
        line.addWidget(self.kept, 1)
        line.addWidget(self.delete)
        column.addLayout(line)
        column.addWidget(where)
        column.addStretch(1)
        measure(self._show)

    def _show(self, size: int) -> None:
        amount = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{max(size / 1e3, 1):.0f} kB"
        words = tr("Small pictures take {amount}.", amount=amount) if size else tr("No small pictures are kept.")
        self.kept.setText(words)
        self.delete.setEnabled(size > 0)
