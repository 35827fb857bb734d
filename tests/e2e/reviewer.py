"""A person at the review window: mouse and keys only, and what can be read on the screen. Counts what they press."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from ..app.views import mouse

NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
LONG = 20_000


class Reviewer:
    """`keys` and `clicks` count inputs."""

    def __init__(self, application, qtbot):
        self.application, self.qtbot = application, qtbot
        self.window, self.view = application.window, application.window.image_view
        self.keys = self.clicks = 0

    @property
    def workspace(self):
        return self.application.workspace

    @property
    def session(self):
        return self.application.workspace.session

    def wait(self, condition):
        self.qtbot.waitUntil(condition, timeout=LONG)

    def key(self, key, modifier=NONE, times=1):
        """Press a key where the focus is, which is normally the image."""
        for _ in range(times):
            self.keys += 1
            QTest.keyClick(self.window.focusWidget() or self.view, key, modifier)

    def click(self, widget, at=None):
        self.clicks += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, NONE, at or QPoint())

    def drag_to(self, landmark, xy):
        """Drag a marker so that its point lies on image pixels `xy`."""
        self.clicks += 1
        marker = self.view.layer.marker(landmark)
        start, end = (self.view.camera.to_view(p) for p in ((marker.x, marker.y), xy))
        mouse.drag(self.view, start, QPointF(*(start[i] + (end[i] - start[i]) / 2 for i in (0, 1))).toTuple(), end)

    def row(self, landmark):
        """The line of a landmark in the list, as shown."""
        rows = self.window.landmark_panel.list.model()
        return rows.row_at(rows.position_of(landmark))

    def first_rows(self, count):
        rows = self.window.landmark_panel.list.model()
        return [rows.row_at(position) for position in range(count)]

    def label(self, landmark):
        return self.view.layer.marker(landmark).label

    def xy(self, landmark):
        marker = self.view.layer.marker(landmark)
        return marker.x, marker.y

    def count_text(self):
        return self.window.landmark_panel._count.text()

    def case_name(self):
        return self.session.case.name

    def saved(self):
        self.wait(lambda: self.workspace.saves.waiting == 0)
        self.wait(lambda: self.window.status._saved.text().startswith("Saved"))

    def warnings(self):
        return [line.text for line in self.window.landmark_panel.warnings.lines]

    def on_screen(self, name):
        self.wait(lambda: self.session.is_open and self.case_name().startswith(name))

    def correct_and_confirm(self, landmark, by=(9, 6)):
        """Drag one point by pixels of the view, confirm the rest with Space, mark what has no place absent, Return."""
        case_id, session = self.session.case.id, self.session
        x, y = self.view.camera.to_view(self.xy(landmark))
        self.drag_to(landmark, self.view.camera.to_image((x + by[0], y + by[1])))
        assert self.label(landmark) == "corrected"
        for _ in range(2 * len(session.template)):
            if session.annotation.is_complete:
                break
            self.key(Qt.Key.Key_Space)
            if self.label(session.current) == "not placed":
                self.key(Qt.Key.Key_X)
        self.key(Qt.Key.Key_Return)
        self.wait(lambda: session.case.id != case_id)

    def press(self, parent, text):
        """Click the button of these words, once it is shown: what is added to a window appears a moment later."""

        def shown():
            words = (button for button in parent.findChildren(QPushButton) if button.text().replace("&", "") == text)
            return [button for button in words if button.isVisible()]

        self.wait(lambda: bool(shown()))
        self.click(shown()[0], shown()[0].rect().center())

    def go_on(self):
        """Back to the image after another window: a screen without a window manager leaves nobody active."""
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)
        self.view.setFocus()

    def answer(self, act):
        """Do `act(dialog)` once the next dialog that blocks is there; call this before what opens it."""

        def look():
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                QTimer.singleShot(5, look)
            else:
                act(dialog)

        QTimer.singleShot(0, look)

    def write_reason(self, words, do):
        """Answer the next question for a reason; the text of the question is appended to the list that comes back."""
        asked = []

        def write(dialog):
            asked.append(dialog.findChild(QLabel).text())
            QTest.keyClicks(dialog.field, words)
            self.press(dialog, do)

        self.answer(write)
        return asked

    def has_looked(self):
        """Long enough for every landmark in view to count as seen."""
        marks = [m.landmark for m in self.view.layer.markers if m.x is not None]
        self.wait(lambda: all(self.view.seen_seconds().get(mark, 0.0) >= 0.5 for mark in marks))
