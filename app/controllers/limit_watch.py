"""Offers to learn the usual shape anew where too many cases warn (ux.md 6.3)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.controllers.notice_board import NoticeBoard
from app.session.review_session import ReviewSession
from app.translate import tr

NOTICE = "limits"
FEWEST_SEEN, TOO_MANY = 10, 0.3
SHAPE = "W1"


class LimitWatch(QObject):
    """Counts the cases that were opened and how many of them had warnings of the shape; says so once."""

    def __init__(
        self,
        session: ReviewSession,
        notices: NoticeBoard,
        *,
        learn: Callable[[], object],
        may_learn: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._notices, self._learn, self._may_learn = session, notices, learn, may_learn
        self._warned: dict[int, bool] = {}
        self._has_told = False
        session.case_opened.connect(self._look)

    def _look(self, _case: object) -> None:
        case = self._session.case
        if case is None or not self._may_learn():
            return
        self._warned[case.id] = any(warning.code == SHAPE for warning in self._session.guide.warnings)
        warned, seen = sum(self._warned.values()), len(self._warned)
        if self._has_told or seen < FEWEST_SEEN or warned <= TOO_MANY * seen:
            return
        self._has_told = True
        text = tr(
            "{warned} of {seen} cases warn that a landmark lies far from where it usually does. The limits may not "
            "fit these films.",
            warned=warned,
            seen=seen,
        )
        self._notices.show(NOTICE, "info", text, {tr("Recompute limits"): self._learn}, behind=True)
