"""AS01 without a mouse: `python -m tests.e2e.keyboard_run HOME PROJECT THEME PICTURES` with QT_SCALE_FACTOR set.

A process of its own, because the scale of a screen is fixed when Qt starts. Prints one JSON line of what was seen:
`ratio`, `keys` of AS01, `rings` (control -> pixels that the focus changes), `states` of the markers looked at, and
`alike` (two states -> how far their markers differ in a grey picture, 0 to 255).
"""

import json
import os
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from app.application import Application
from app.check_only import LIMIT_MS, wait_until
from app.preferences import BULK, START
from app.qt_application import make_qt_application
from medsapiens_core.store.library import ModelLibrary

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
MARKER = 8  # logical pixels about a marker
WINDOW = QSize(1280, 720)


class Keyboard:
    """A person without a mouse. `keys` counts presses."""

    def __init__(self, application):
        self.application, self.window, self.view = application, application.window, application.window.image_view
        self.keys = 0

    def press(self, key, modifier=NONE, times=1):
        for _ in range(times):
            self.keys += 1
            QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def wait(self, condition):
        assert wait_until(condition, LIMIT_MS), condition

    def on_screen(self, name):
        def shown():
            workspace = self.application.workspace
            return workspace is not None and workspace.session.is_open and workspace.session.case.name.startswith(name)

        self.wait(shown)

    def has_looked(self):
        marks = [m.landmark for m in self.view.layer.markers if m.x is not None]
        self.wait(lambda: marks and all(self.view.seen_seconds().get(mark, 0.0) >= 0.5 for mark in marks))

    def tab_to(self, text):
        """Tab until a button of these words has the keyboard."""
        passed = []
        for _ in range(40):
            now = QApplication.focusWidget()
            passed.append(repr(now))
            if isinstance(now, QPushButton) and text in now.text():
                return now
            QTest.keyClick(now or self.window, Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never came to {text!r}, only to {passed}")


def grey(picture):
    """A picture as greys (H, W)."""
    picture = picture.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), picture.bytesPerLine())
    return rows[:, : picture.width()].astype(float)


def ring(widget):
    """How many pixels in and about a control differ with and without the keyboard."""
    window = widget.window()
    area = QRect(widget.mapTo(window, QPoint(-3, -3)), widget.size() + QSize(6, 6))
    with_keyboard = grey(window.grab(area).toImage())
    widget.clearFocus()
    without = grey(window.grab(area).toImage())
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    return int((np.abs(with_keyboard - without) > 8).sum())


def rings(keyboard):
    """F6 through the panes, back to the image."""
    found = {"image": ring(keyboard.view)}
    for _ in range(8):
        keyboard.press(Qt.Key.Key_F6)
        now = QApplication.focusWidget()
        if now is keyboard.view:
            return found
        found[now.accessibleName()] = ring(now)
    raise AssertionError("F6 does not come back to the image")


def decide_in_four_ways(keyboard):
    """By keys, on A02: one confirmed, one moved, one estimated; another is predicted. State -> landmark."""
    session = keyboard.application.workspace.session
    wanted = {"confirmed": "sella", "corrected": "nasion", "estimated": "porion", "predicted": "orbitale"}  # far apart
    for number, key in ((1, Qt.Key.Key_Space), (2, Qt.Key.Key_Right), (4, Qt.Key.Key_E)):
        keyboard.press(Qt.Key(Qt.Key.Key_0 + number))
        keyboard.press(key)
    keyboard.press(Qt.Key.Key_6)  # the cross-hair of the current landmark goes elsewhere
    for state, mark in wanted.items():
        assert session.annotation[mark].label == state, (state, mark, session.annotation[mark].label)
    return wanted


def unlike(keyboard, wanted):
    """Two states -> mean difference of their markers in a grey picture of the view, film and all."""
    view = keyboard.view
    shown, ratio = grey(view.grab().toImage()), view.devicePixelRatioF()
    half = round(MARKER * ratio)
    crops = {}
    for state, mark in wanted.items():
        marker = view.layer.marker(mark)
        x, y = (round(value * ratio) for value in view.camera.to_view((marker.x, marker.y)))
        crops[state] = shown[y - half : y + half + 1, x - half : x + half + 1]
    return {f"{a} {b}": float(np.abs(crops[a] - crops[b]).mean()) for a, b in combinations(crops, 2)}


def main():
    home, project, theme, pictures = sys.argv[1:]
    make_qt_application()
    folder = Path(home)
    application = Application(folder, library=ModelLibrary(folder, embedded=folder / "no embedded models"))
    window = application.window
    window.resize(WINDOW)
    window.set_theme(theme)
    window.preferences.set(START, "welcome")
    window.preferences.set(BULK, True)
    application.settings.setValue("recent", json.dumps([["Lateral skulls", project]]))
    application.start()
    keyboard = Keyboard(application)
    window.activateWindow()
    keyboard.wait(window.isActiveWindow)
    seen = {"ratio": window.devicePixelRatioF(), "rings": {}}

    entry = keyboard.tab_to("Lateral skulls")
    seen["rings"]["welcome"] = ring(entry)
    keyboard.press(Qt.Key.Key_Space)
    keyboard.on_screen("A01")
    keyboard.wait(lambda: application.workspace.models.current is not None)
    keyboard.wait(lambda: QApplication.focusWidget() is keyboard.view)
    seen["rings"] |= rings(keyboard)
    keyboard.has_looked()
    window.grab().save(str(Path(pictures) / f"as01-{theme}.png"))

    session, keyboard.keys = application.workspace.session, 0
    keyboard.press(Qt.Key.Key_Space, SHIFT)
    seen["toast"] = window.toasts.text
    keyboard.press(Qt.Key.Key_Space, SHIFT)
    keyboard.press(Qt.Key.Key_Space, times=5)
    seen["decided"] = session.annotation.decided_count
    keyboard.press(Qt.Key.Key_Return)
    keyboard.on_screen("A02")
    seen["keys"] = keyboard.keys
    seen["reviewed"] = window.toasts.text
    keyboard.wait(lambda: application.workspace.saves.waiting == 0)

    wanted = decide_in_four_ways(keyboard)
    seen["states"], seen["alike"] = wanted, unlike(keyboard, wanted)
    picture = keyboard.view.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    picture.save(str(Path(pictures) / f"markers-grey-{theme}.png"))
    keyboard.wait(lambda: application.workspace.saves.waiting == 0)
    window.close_guard = None
    window.close()
    print(json.dumps(seen), flush=True)
    os._exit(0)  # what Qt takes down at the end of a process is not what is looked at


if __name__ == "__main__":
    main()
