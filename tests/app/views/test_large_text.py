"""At twice the size of text nothing of the smallest window lies outside it, and dialogs grow with their content."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QVBoxLayout

from app import theme
from app.preferences import FONT
from app.session.view_state import Notice
from app.views.fitting import FittingDialog
from app.views.main_window import MainWindow
from app.views.widgets import button, label

SMALLEST = QSize(1280, 720)
OFFERS = (("a", "Use ruler"), ("b", "Enter pixel size"), ("c", "Keep pixels"))


@pytest.fixture
def window(qtbot):
    window = MainWindow()
    qtbot.addWidget(window)
    window.preferences.set(FONT, 200)
    window.set_theme("dark")
    window.show_review()
    window.resize(SMALLEST)
    window.show()
    yield window
    theme.apply(QApplication.instance(), "dark", 1.0)


def test_the_panels_fit_into_the_smallest_window(window, qtbot):
    notice = Notice("n", "info", "No pixel size in this file. Lengths are shown in pixels.", OFFERS)
    window.notices.show_notice(notice)
    qtbot.waitUntil(lambda: window.notices.height() > 100)
    assert window.minimumSizeHint().width() <= SMALLEST.width()
    assert window.minimumSizeHint().height() <= SMALLEST.height()
    panel = window.landmark_panel
    right = max(part.mapTo(window, part.rect().topRight()).x() for part in panel._decide.values())
    assert right < window.width() and not panel.loupe.isVisible()
    strip = window.notices
    for place in range(strip._buttons.count()):
        assert strip._buttons.itemAt(place).widget().width() >= strip._buttons.itemAt(place).widget().sizeHint().width()


def test_a_dialog_is_as_large_as_its_content_needs_also_when_that_comes_later(qtbot):
    dialog = FittingDialog()
    qtbot.addWidget(dialog)
    layout = QVBoxLayout(dialog)
    layout.addWidget(button("A button with a good many words on it"))
    dialog.resize(50, 20)
    dialog.show()
    first = dialog.size()
    assert first.width() >= layout.totalMinimumSize().width() > 50
    layout.addWidget(label("One line more. " * 12, wrap=True))
    qtbot.waitUntil(lambda: dialog.height() > first.height())
    assert dialog.height() >= layout.totalMinimumHeightForWidth(dialog.width())
