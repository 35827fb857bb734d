"""The foot of the windows in which landmarks come and go: what went wrong, how far it is, and the buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.translate import tr
from app.views.widgets import GAP, button, label, line


class ProgressRow(QWidget):
    """`cancel`, `back`, and `act`, which goes on; while something runs only `stop` and `cancel` can be pressed.

    `body` are the pages above, which cannot be used meanwhile.
    """

    def __init__(self, act: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._body = body
        self.is_running = False
        self.problem = label("", "bad", wrap=True)
        self.text = label("", "muted")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName(tr("Progress"))
        self.stop = button("Stop", icon="stop")
        self.why = label("", "muted")
        self.cancel, self.back = button("Cancel"), button("Back")
        self.act = button(act, primary=True)
        self._lay_out()

    def show_running(self, text: str, done: int, total: int, *, can_stop: bool = True) -> None:
        """Something is at work; `total` 0: nobody knows how long."""
        self._set_running(True)
        self.stop.setVisible(can_stop)
        self.problem.hide()
        self.text.setText(tr("{what}: {done} of {total}", what=text, done=done, total=total) if total else text)
        self.bar.setRange(0, total)
        self.bar.setValue(done)

    def show_idle(self) -> None:
        """Nothing is at work; a page was shown, and what was said of the one before is gone."""
        self._set_running(False)
        self.problem.hide()

    def allow(self, problem: str) -> None:
        """Let `act` be pressed, or say why not."""
        self.act.setEnabled(not problem and not self.is_running)
        self.act.setToolTip(problem)
        self.why.setText(problem)

    def tell(self, text: str) -> None:
        """Say what went wrong, "" for nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _set_running(self, running: bool) -> None:
        self.is_running = running
        self._body.setEnabled(not running)
        for part in (self.bar, self.text, self.stop):
            part.setVisible(running)
        for part in (self.act, self.back):
            part.setEnabled(not running)
        self.why.setText("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.problem)
        column.addWidget(line())
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for part in (self.text, self.bar, self.stop, self.why):
            row.addWidget(part)
        row.addStretch(1)
        for part in (self.cancel, self.back, self.act):
            row.addWidget(part)
        column.addLayout(row)
