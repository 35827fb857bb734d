"""Says that lengths on a photograph are approximate (ux.md 5.6)."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controllers.notice_board import NoticeBoard
from app.translate import tr
from medsapiens_core.data.image import Image

NOTICE = "photo"
TEXT = "Photo: lens distortion is not corrected. Distances are approximate."
PHOTOGRAPHS = ("", "XC")  # no modality: a picture file; XC: an external camera


class PhotoNotice(QObject):
    """Shown behind what is graver; once the reader has closed it, it stays away for as long as the project is open."""

    def __init__(self, notices: NoticeBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices, self._is_known = notices, False
        notices.dismissed.connect(self._dismissed)

    def open(self, image: Image) -> None:
        """A case has come on screen."""
        if is_photograph(image) and not self._is_known:
            self._notices.show(NOTICE, "info", tr(TEXT), behind=True)
        else:
            self._notices.dismiss(NOTICE)

    def _dismissed(self, notice: str) -> None:
        self._is_known |= notice == NOTICE


def is_photograph(image: Image) -> bool:
    """True for a picture in colour that no scanner or X-ray machine made."""
    return image.is_colour and image.modality in PHOTOGRAPHS
