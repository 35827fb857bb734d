"""The settings: a list of pages at the left, one page at the right. Every change is in effect at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.preferences import PAGES, Preference, Preferences
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.settings.controls import preference_page
from app.views.widgets import GAP, MARGIN, button, line

LIST_WIDTH = 168
PageMaker = Callable[[], QWidget]


class SettingsWindow(FittingDialog):
    """`pages` are further pages by their title; one with the title of a page of rows stands below these rows."""

    def __init__(self, preferences: Preferences, pages: Mapping[str, PageMaker], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.resize(780, 640)
        self._preferences = preferences
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Pages of the settings"))
        self.list.setFixedWidth(LIST_WIDTH)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack = QStackedWidget()
        for title in (*PAGES, *(title for title in pages if title not in PAGES)):
            self._add(title, pages.get(title))
        self.list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        self._lay_out()

    def titles(self) -> list[str]:
        """The pages there are."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def show_page(self, title: str) -> None:
        """Turn to a page."""
        if tr(title) in self.titles():
            self.list.setCurrentRow(self.titles().index(tr(title)))

    def page(self) -> QWidget:
        """The page on top."""
        return self._stack.currentWidget()

    def _add(self, title: str, make: PageMaker | None) -> None:
        rows = list(self._preferences.rows(title))
        if not rows and make is None:
            return
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._page(rows, make))
        self.list.addItem(tr(title))
        self._stack.addWidget(area)

    def _page(self, rows: list[Preference], make: PageMaker | None) -> QWidget:
        if make is None:
            return preference_page(rows, self._preferences)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if rows:
            column.addWidget(preference_page(rows, self._preferences))
        column.addWidget(make(), 1)
        return page

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.setSpacing(MARGIN)
        body = QHBoxLayout()
        body.setSpacing(GAP)
        body.addWidget(self.list)
        body.addWidget(self._stack, 1)
        column.addLayout(body, 1)
        column.addWidget(line())
        foot = QHBoxLayout()
        foot.addStretch(1)
        close = button("Close")
        close.clicked.connect(self.close)
        foot.addWidget(close)
        column.addLayout(foot)
