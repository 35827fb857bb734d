"""A photograph says that lengths on it are approximate."""

from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.notice_board import NoticeBoard
from app.controllers.photo_notice import PhotoNotice
from app.views.notice_strip import NoticeStrip
from medsapiens_core.data.image import Image, Provenance


class Signals(QObject):
    action_triggered = Signal(str, str)
    dismissed = Signal(str)


def picture(channels, modality=""):
    pixels = np.zeros((4, 5, 3) if channels == 3 else (4, 5), np.uint8)
    return Image(pixels, Provenance(Path("a"), "0" * 64, "test"), (0.0, 255.0), modality=modality)


@pytest.fixture
def signals():
    return Signals()


@pytest.fixture
def view(signals):
    view = MagicMock(spec=NoticeStrip)
    view.action_triggered, view.dismissed = signals.action_triggered, signals.dismissed
    return view


@pytest.mark.parametrize(
    ("image", "told"), [(picture(3), 1), (picture(1), 0), (picture(3, "US"), 0), (picture(3, "XC"), 1)]
)
def test_only_photographs_say_so(view, image, told):
    PhotoNotice(NoticeBoard(view)).open(image)
    assert view.show_notice.call_count == told
    if told:
        notice = view.show_notice.call_args.args[0]
        assert notice.text == "Photo: lens distortion is not corrected. Distances are approximate."


def test_closed_once_it_stays_away(view, signals):
    notice = PhotoNotice(NoticeBoard(view))
    notice.open(picture(3))
    signals.dismissed.emit("another")
    notice.open(picture(3))
    signals.dismissed.emit("photo")
    notice.open(picture(3))
    assert view.show_notice.call_count == 2
