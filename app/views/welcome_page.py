"""What is seen while no project is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.action_registry import ActionRegistry
from app.translate import tr
from app.views.icons import picture
from app.views.widgets import GAP, MARGIN, action_button, label

WIDTH = 460
LOGO, LOGO_RATIO = 48, 3.0
RECENT = 6
BESIDE = Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class WelcomePage(QWidget):
    """New, open, and the projects used last (`recent_requested(str folder)`)."""

    recent_requested = Signal(str)

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QWidget()
        column.setMinimumWidth(WIDTH)  # more where the text is large
        layout = QVBoxLayout(column)
        layout.setSpacing(GAP)
        logo = QLabel()
        logo.setPixmap(picture("app", "#000000", LOGO_RATIO, LOGO))
        layout.addWidget(logo)
        layout.addWidget(label("MedSapiens Studio", "display"))
        text = tr("Check and correct landmarks on medical images. Everything stays on this computer.")
        layout.addWidget(label(text, "muted", wrap=True))
        layout.addSpacing(MARGIN)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        new = action_button(actions.action("project.new"), BESIDE)
        new.setProperty("role", "primary")
        row.addWidget(new)
        row.addWidget(action_button(actions.action("project.open"), BESIDE))
        self.samples = QToolButton(
            text=tr("Open a sample") + "  ▾", popupMode=QToolButton.ToolButtonPopupMode.InstantPopup
        )
        self.samples.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.samples.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.samples.setToolTip(tr("Films that come with the program, to try everything on"))
        row.addWidget(self.samples)
        layout.addLayout(row)
        layout.addWidget(action_button(actions.action("package.open"), BESIDE))
        layout.addWidget(label("Or drop images, or a project folder, anywhere here.", "caption"))
        layout.addSpacing(2 * MARGIN)
        self._title = label("Recent projects", "section")
        layout.addWidget(self._title)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        layout.addLayout(self._recent)
        layout.addSpacing(2 * MARGIN)
        self._computer = label("", "caption", wrap=True)
        layout.addWidget(self._computer)
        layout.addWidget(label("Not a medical device unless your site has approved it.", "caption"))
        outer = QVBoxLayout(self)
        outer.addWidget(column, 0, Qt.AlignmentFlag.AlignCenter)
        ignored = QSizePolicy.Policy.Ignored
        self.setSizePolicy(ignored, ignored)  # while it is hidden it must not keep the panels of the review apart
        self.set_recent([])

    def set_recent(self, recent: Sequence[tuple[str, str]]) -> None:
        """Projects used last as (name, folder)."""
        while self._recent.count():
            old = self._recent.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for name, folder in recent[:RECENT]:
            self._recent.addWidget(self._make_entry(name, folder))
        self._title.setVisible(bool(recent))

    def set_computer(self, text: str) -> None:
        """What this computer can do."""
        self._computer.setText(text)
        self._computer.setVisible(bool(text))

    def _make_entry(self, name: str, folder: str) -> QPushButton:
        entry = QPushButton()
        entry.setProperty("role", "entry")
        entry.setText(f"{name}\n{_shorten(folder)}".replace("&", "&&"))
        entry.setToolTip(folder)
        entry.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        entry.clicked.connect(lambda: self.recent_requested.emit(folder))
        return entry


def _shorten(folder: str) -> str:
    home = str(Path.home())
    return "~" + folder.removeprefix(home) if folder.startswith(home) else folder
