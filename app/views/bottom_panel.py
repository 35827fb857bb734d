"""The panel below the image: one tab for each of models, measurements and whatever else belongs there (ux.md 2.1)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QWidget

from app.translate import tr


class BottomPanel(QTabWidget):
    """`page_changed()`: another tab is in front. Each page has the id of the action that shows and hides it."""

    page_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.tabBar().setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabBar().setAccessibleName(tr("Panels below the image"))
        self.tabBar().setExpanding(False)
        self.tabBar().setDrawBase(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._pages: dict[str, QWidget] = {}
        self.currentChanged.connect(lambda _place: self.page_changed.emit())

    def add_page(self, action_id: str, name: str, page: QWidget) -> None:
        """Add a tab. Where the window is narrower than the page, the page is moved sideways and covers nothing."""
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(name)
        area.setWidget(page)
        self._pages[action_id] = area
        self.addTab(area, name)

    @property
    def action_ids(self) -> tuple[str, ...]:
        """The actions that show the pages."""
        return tuple(self._pages)

    @property
    def current_id(self) -> str:
        """The action of the tab in front."""
        return next(action_id for action_id, page in self._pages.items() if page is self.currentWidget())

    def bring_forward(self, action_id: str) -> None:
        """Put a tab in front."""
        self.setCurrentWidget(self._pages[action_id])
