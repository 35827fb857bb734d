"""The right half of the template editor: the example picture, and the lines between landmarks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from app.session.template_session import TemplateSession
from app.translate import tr
from app.views.example_view import ExampleView
from app.views.widgets import GAP, button, label

PLACE = "Click where {name} lies. Drag a point to move it."
DRAW = "Click two points to draw a line between them."


class TemplateExample(QWidget):
    """`picture_requested()`: another example picture is wanted."""

    picture_requested = Signal()

    def __init__(self, session: TemplateSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.view = ExampleView()
        self.choose = button("Choose picture…")
        self.draw = button("Draw lines")
        self.draw.setCheckable(True)
        self.remove = button("Remove line")
        self.lines = QListWidget()
        self.lines.setAccessibleName(tr("Lines"))
        self.lines.setMaximumHeight(150)
        self._hint = label("", "caption", wrap=True)
        self._lay_out()
        self.choose.clicked.connect(self.picture_requested)
        self.draw.toggled.connect(self._draw)
        self.remove.clicked.connect(self._remove)
        self.lines.currentRowChanged.connect(self._line_chosen)
        self.view.point_set.connect(self._point_set)
        self.view.line_drawn.connect(lambda a, b: session.set(session.draft.with_line(a, b)))
        self.view.picked.connect(self._picked)

    def show_draft(self) -> None:
        """Show picture, points and lines."""
        session = self._session
        self.view.set_draft(session.draft, session.current_id)
        short = {mark.id: mark.abbreviation for mark in session.draft.marks}
        texts = [f"{short.get(a, a)} – {short.get(b, b)}" for a, b in session.draft.lines]
        if texts != [self.lines.item(row).text() for row in range(self.lines.count())]:
            self.lines.clear()
            self.lines.addItems(texts)
        has_picture = session.draft.example is not None
        self.draw.setEnabled(has_picture)
        self.draw.setToolTip("" if has_picture else tr("Choose an example picture first"))
        self._line_chosen(self.lines.currentRow())
        self._show_hint()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GAP)
        head.addWidget(label("Example picture", "section"))
        head.addStretch(1)
        head.addWidget(self.choose)
        beside = QHBoxLayout()
        beside.setSpacing(GAP)
        beside.addWidget(label("Lines", "section"))
        beside.addStretch(1)
        beside.addWidget(self.draw)
        beside.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._hint)
        layout.addLayout(beside)
        layout.addWidget(self.lines)

    def _show_hint(self) -> None:
        session = self._session
        name = session.draft.marks[session.current].name if session.current_id else tr("the chosen landmark")
        self._hint.setText(
            "" if session.draft.example is None else tr(DRAW) if self.draw.isChecked() else tr(PLACE, name=name)
        )

    def _draw(self, on: bool) -> None:
        self.view.set_drawing(on)
        self._show_hint()

    def _remove(self) -> None:
        row = self.lines.currentRow()
        if row >= 0:
            self._session.set(self._session.draft.without_line(row))

    def _line_chosen(self, row: int) -> None:
        self.view.set_line(row)
        self.remove.setEnabled(row >= 0)
        self.remove.setToolTip("" if row >= 0 else tr("Choose a line in the list first"))

    def _point_set(self, landmark: str, x: float, y: float) -> None:
        self._session.set(self._session.draft.with_point(landmark, x, y), writing=("point", landmark))

    def _picked(self, landmark: str) -> None:
        ids = [mark.id for mark in self._session.draft.marks]
        self._session.choose(ids.index(landmark))
