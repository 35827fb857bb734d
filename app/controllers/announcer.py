"""Tells a screen reader what was decided and where the reader has come to (ux.md 13.1)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.session.review_session import ReviewSession
from app.translate import tr, trn
from medsapiens_core.data.annotation import Edit

SILENT = ("predict",)  # nobody has decided anything


class Announcer(QObject):
    """`say(text)` gets one sentence or two for each decision, together with the landmark that comes next."""

    def __init__(self, session: ReviewSession, say: Callable[[str], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._say = session, say
        self._parts: list[str] = []
        self._timer = QTimer(self, singleShot=True, interval=0)  # one announcement for all that one key does
        self._timer.timeout.connect(self._speak)
        session.edit_committed.connect(self._decided)
        session.current_changed.connect(self._moved_on)

    def _decided(self, edit: Edit) -> None:
        text = "" if edit.kind in SILENT else self._decision(edit)
        if text:
            self._add(text)

    def _decision(self, edit: Edit) -> str:
        session = self._session
        if edit.reviewed[0] != edit.reviewed[1]:
            return tr("Case marked reviewed.") if edit.reviewed[1] else tr("Case is in review again.")
        changed = [change.landmark for change in edit.changes if change.before.label != change.after.label]
        if not changed:
            return ""
        decided, total = session.annotation.decided_count, len(session.template)
        labels = {session.annotation[landmark].label for landmark in changed}
        if len(changed) == 1:
            what = f"{self._name(changed[0])}: {tr(labels.pop())}."
        else:
            what = trn("%n landmark changed.", "%n landmarks changed.", len(changed))
        return f"{what} " + tr("{decided} of {total} decided.", decided=decided, total=total)

    def _moved_on(self, landmark: str) -> None:
        if self._session.is_open:
            self._add(f"{self._name(landmark)}, {tr(self._session.annotation[landmark].label)}")

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._timer.start()

    def _speak(self) -> None:
        parts, self._parts = self._parts, []
        self._say(" ".join(parts))

    def _name(self, landmark: str) -> str:
        template = self._session.template
        return template.landmarks[template.index[landmark]].name
