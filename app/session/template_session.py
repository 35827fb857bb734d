"""The draft that the template editor works on, with steps back and on. It knows nothing of files or projects."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from app.translate import tr
from medsapiens_core.data.template_draft import Draft, pasted

STEPS = 200


class TemplateSession(QObject):
    """`changed()` after every change; `current` is the chosen row, -1 for none. Writing in one field is one step."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = Draft()
        self.current = -1
        self._saved = self.draft
        self._back: list[Draft] = []
        self._on: list[Draft] = []
        self._writing: tuple[Any, ...] = ()

    @property
    def is_saved(self) -> bool:
        """True when closing would lose nothing."""
        return self.draft == self._saved

    @property
    def current_id(self) -> str:
        """Id of the chosen landmark, "" for none."""
        return self.draft.marks[self.current].id if 0 <= self.current < len(self.draft.marks) else ""

    def open(self, draft: Draft) -> None:
        """Work on another draft."""
        self.draft = self._saved = draft
        self._back, self._on, self._writing = [], [], ()
        self.current = 0 if draft.marks else -1
        self.changed.emit()

    def mark_saved(self) -> None:
        """What is there now is stored."""
        self._saved = self.draft
        self.changed.emit()

    def set(self, draft: Draft, row: int | None = None, writing: tuple[Any, ...] = ()) -> None:
        """One step; steps with the same `writing` that follow on each other are one."""
        if draft == self.draft:
            return
        if not writing or writing != self._writing:
            self._back = [*self._back[-STEPS + 1 :], self.draft]
        self._writing, self._on, self.draft = writing, [], draft
        self.choose(self.current if row is None else row, always=True)

    def choose(self, row: int, *, always: bool = False) -> None:
        """Make a row the chosen one."""
        row = min(max(row, 0), len(self.draft.marks) - 1)
        if row != self.current or always:
            self._writing = self._writing if always else ()
            self.current = row
            self.changed.emit()

    def undo(self) -> None:
        """A step back."""
        self._step(self._back, self._on)

    def redo(self) -> None:
        """A step on."""
        self._step(self._on, self._back)

    # --- what the editor's buttons do

    def add(self) -> None:
        """A new row below the chosen one."""
        names = {mark.name for mark in self.draft.marks}
        name = next(
            text for text in (tr("Landmark {n}", n=k) for k in range(len(names) + 1, 10_000)) if text not in names
        )
        row = self.current + 1
        self.set(self.draft.added(name, row), row)

    def paste(self, text: str) -> int:
        """Rows out of a list; how many."""
        draft, count = pasted(self.draft, text)
        self.set(draft, len(self.draft.marks))
        return count

    def act(self, name: str) -> None:
        """add, duplicate, delete, up or down."""
        row = self.current
        if name == "add":
            self.add()
        elif not self.current_id:
            return
        elif name == "duplicate":
            self.set(self.draft.duplicated(row), row + 1)
        elif name == "delete":
            self.set(self.draft.removed(row), row)
        else:
            by = -1 if name == "up" else 1
            self.set(self.draft.moved(row, by), row + by)

    def change(self, row: int, field: str, value: Any) -> None:
        """One value of a row."""
        self.set(self.draft.changed(row, **{field: value}), row)

    def write(self, field: str, text: Any) -> None:
        """A text of the chosen row as it is typed."""
        if self.current_id:
            draft = self.draft.changed(self.current, **{field: text})
            self.set(draft, writing=(field, self.current_id))

    def pair(self, row: int, other: str | None) -> None:
        """Pair a row with another, or with none."""
        self.set(self.draft.paired(self.draft.marks[row].id, other), row)

    def set_offered(self, pairs: list[tuple[str, str]]) -> None:
        """Set pairs that were offered and that a person has accepted."""
        draft = self.draft
        for first, second in pairs:
            draft = draft.paired(first, second)
        self.set(draft)

    def _step(self, source: list[Draft], target: list[Draft]) -> None:
        if source:
            target.append(self.draft)
            self.draft, self._writing = source.pop(), ()
            self.choose(self.current, always=True)
