"""Who made this and under which terms."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from app.translate import tr
from medsapiens_core import __version__

NAME = "MedSapiens Studio"
TEXT = (
    "Version {version}\n\n"
    "Landmarks on medical images: placed by a model that runs and learns on this computer, decided by people.\n\n"
    "Not a medical device unless your site has approved it.\n"
    "Open source under the Apache License 2.0."
)


def show_about(parent: QWidget) -> QMessageBox:
    """Show the box; it does not block."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(tr("About"))
    box.setText(NAME)
    box.setInformativeText(tr(TEXT, version=__version__))
    box.addButton(QMessageBox.StandardButton.Ok)
    box.open()
    return box
