"""Tells the reader while a case is open whose prediction the model itself doubts."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.controllers.notice_board import NoticeBoard
from app.session.review_session import ReviewSession
from app.translate import tr

NOTICE = "doubtful-prediction"
ADVICE = "The proposed points are worth little: check every one, or flag the case (B) if it does not belong here."


class DoubtController(QObject):
    """Shows a prediction's notice in the notice strip, and takes it away with the case."""

    def __init__(self, session: ReviewSession, notices: NoticeBoard, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._notices = session, notices
        for signal in (session.case_opened, session.prediction_shown):
            signal.connect(lambda _value: self._show())
        session.case_closed.connect(lambda: notices.dismiss(NOTICE))

    def _show(self) -> None:
        prediction = self._session.prediction
        if prediction is None or prediction.notice is None:
            self._notices.dismiss(NOTICE)
        else:
            self._notices.show(NOTICE, "warning", f"{prediction.notice} {tr(ADVICE)}")
