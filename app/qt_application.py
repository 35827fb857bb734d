"""The Qt application object, the same for the window, the check and the screenshots."""

from __future__ import annotations

import logging
import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.translate import install
from medsapiens_core.resources import resource_path
from medsapiens_core.settings import home

SIGNAL_CHECK_MS = 500

NAME = "MedSapiens Studio"


def make_qt_application() -> QApplication:
    """The one QApplication; Ctrl+C in the terminal closes the window instead of killing it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName(NAME)
    install(application, resource_path("translations"), home() / "translations")
    signal.signal(signal.SIGINT, lambda *_: application.closeAllWindows())
    timer = QTimer(application, interval=SIGNAL_CHECK_MS)
    timer.timeout.connect(lambda: None)  # lets Python see the signal while Qt's loop runs
    timer.start()
    return application
