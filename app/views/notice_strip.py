"""One line above the image for what the reader should know about this case or project; it can be dismissed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from app import theme
from app.session.view_state import Notice
from app.theme import px
from app.translate import tr
from app.views import icons
from app.views.announce import announce
from app.views.widgets import GAP, MARGIN, UNIT, button, flat_button, label

ICON = 24  # before the buttons of a narrow window
LEAST_TEXT = 300  # logical pixels for icon, text and cross beside the buttons
ROLES = {"info": "link", "warning": "caution", "error": "bad"}


def spoken(notice: Notice) -> str:
    """A notice as a screen reader says it: how grave it is, the text, and what can be done."""
    grave = {"warning": tr("Warning:"), "error": tr("Error:")}.get(notice.kind, "")
    offers = ", ".join(words for _, words in notice.actions)
    told = tr("Buttons: {offers}.", offers=offers) if offers else ""
    return " ".join(part for part in (grave, notice.text, told) if part)


def _rank(notice: Notice) -> int:
    """How far in front a notice belongs: last what stays behind and has no buttons."""
    return 0 if notice.is_behind and not notice.actions else 1 if notice.is_behind else 2


class NoticeStrip(QFrame):
    """Shows the newest notice; older ones come back when it is dismissed."""

    action_triggered = Signal(str, str)
    dismissed = Signal(str)
    said = Signal(object)  # a notice that is new, or tells something graver than before

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._notices: dict[str, Notice] = {}
        self._icon = QLabel()
        self._text = label("", wrap=True)
        self._more = label("", "caption")
        self._box = QWidget()
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._box)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._buttons.setSpacing(UNIT)
        close = flat_button("close", "Dismiss")
        close.clicked.connect(self._dismiss_shown)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(MARGIN, UNIT, UNIT, UNIT)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(UNIT)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._icon, 0, 0)
        self._grid.addWidget(self._text, 0, 1)
        self._grid.addWidget(self._more, 0, 2)
        self._grid.addWidget(self._box, 0, 3)
        self._grid.addWidget(close, 0, 4, Qt.AlignmentFlag.AlignTop)
        self._is_narrow = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # it takes the width that there is
        self.hide()

    @property
    def shown(self) -> Notice | None:
        """The notice on screen."""
        return next(reversed(self._notices.values()), None)

    def show_notice(self, notice: Notice) -> None:
        """Show a notice; one with the same id is replaced. One that stays behind covers only what asks for nothing."""
        known = self._notices.pop(notice.id, None)
        covered = {k: one for k, one in self._notices.items() if not notice.is_behind or _rank(one) < _rank(notice)}
        self._notices = {
            **covered,
            notice.id: notice,
            **{k: one for k, one in self._notices.items() if k not in covered},
        }
        self.refresh()
        if known is None or (notice.kind != "info" and known.text != notice.text):  # not every step of a progress
            announce(self, spoken(notice))
            self.said.emit(notice)

    def dismiss(self, notice_id: str) -> None:
        """Take a notice away."""
        if self._notices.pop(notice_id, None):
            self.refresh()

    def clear(self) -> None:
        """Take all notices away."""
        self._notices.clear()
        self.refresh()

    def refresh(self) -> None:
        """Draw the strip again, e.g. after a change of theme."""
        notice = self.shown
        self.setVisible(notice is not None)
        if notice is None:
            return
        colour, ratio = theme.colour(ROLES[notice.kind]).name(), self.devicePixelRatioF()
        name = "info" if notice.kind == "info" else notice.kind
        self._icon.setPixmap(icons.picture(name, colour, ratio))
        self._text.setText(notice.text)
        self._text.setToolTip(notice.details)
        self.setAccessibleName(notice.text)
        others = len(self._notices) - 1
        self._more.setText(tr("+{n} more", n=others) if others else "")
        self._more.setVisible(bool(others))
        self._show_buttons(notice)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the buttons go below the text, which would be a column of single words."""
        super().resizeEvent(event)
        self._place_buttons()

    def event(self, event: QEvent) -> bool:
        """Buttons are measured again once the style sheet has told how large their text is."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place_buttons()
        return super().event(event)

    def _place_buttons(self) -> None:
        directions, shown = QBoxLayout.Direction, [self._buttons.itemAt(k) for k in range(self._buttons.count())]
        in_a_row = sum(item.sizeHint().width() + UNIT for item in shown)
        fits = in_a_row < self.width() - 2 * MARGIN - px(ICON)
        direction = directions.LeftToRight if fits else directions.TopToBottom
        if self._buttons.direction() != direction:
            self._buttons.setDirection(direction)
        is_narrow = self.width() - in_a_row < px(LEAST_TEXT)
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._grid.removeWidget(self._box)
            self._grid.removeWidget(self._more)
            if is_narrow:
                self._grid.addWidget(self._box, 1, 1, 1, 4, Qt.AlignmentFlag.AlignLeft)
                self._grid.addWidget(self._more, 2, 1)
            else:
                self._grid.addWidget(self._box, 0, 3)
                self._grid.addWidget(self._more, 0, 2)

    def _show_buttons(self, notice: Notice) -> None:
        while self._buttons.count():
            old = self._buttons.takeAt(0).widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        for action_id, text in notice.actions:
            widget = button(text)
            widget.clicked.connect(lambda _=False, a=action_id: self.action_triggered.emit(notice.id, a))
            self._buttons.addWidget(widget)
        self._box.setVisible(bool(notice.actions))
        self._place_buttons()

    def _dismiss_shown(self) -> None:
        notice = self.shown
        if notice is not None:
            self.dismiss(notice.id)
            self.dismissed.emit(notice.id)
