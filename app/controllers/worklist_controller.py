"""The worklist: filter, sort and search are questions to the store; only the pages that are looked at are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, QTimer, SignalInstance
from PySide6.QtCore import Signal as QtSignal

from app.controllers.case_access import ListQuery, beside, list_page, listed_case, neighbour, next_to_do
from app.session.case_list_model import CaseListModel
from app.session.view_state import CaseListRow
from app.tasks.task_runner import STORE, Task, TaskRunner
from medsapiens_core.store.cases import CaseRow, Filter, Sort
from medsapiens_core.store.project import Project

REFRESH_MS = 300
PAGES_WAITING = 4  # what was asked for before has been scrolled away
SORTS: dict[str, Sort] = {"added": "added", "name": "name", "score": "worst_first", "state": "state"}


class WorklistView(Protocol):
    """What this controller needs of the worklist panel."""

    case_activated: SignalInstance
    filter_changed: SignalInstance
    search_changed: SignalInstance
    sort_changed: SignalInstance

    def set_model(self, model: Any) -> None:
        """Show these cases."""

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Show how many there are of each kind."""

    def set_current(self, case_id: int | None) -> None:
        """Mark the open case."""

    def reset_controls(self) -> None:
        """Back to all cases, without emitting."""


class WorklistController(QObject):
    """`open_requested(case id)`; `nothing_left()` when every case is reviewed; `next_known(CaseRow)` to read ahead.

    `nothing_before()`: no case to do comes before the open one; `searched(text)`: the list shows what was searched.

    Slots for views are bound methods, so that they end with this object when the project is closed.
    """

    open_requested = QtSignal(int)
    nothing_left = QtSignal()
    nothing_before = QtSignal()
    searched = QtSignal(str)
    next_known = QtSignal(object)
    counted = QtSignal(object)

    def __init__(self, runner: TaskRunner, project: Project, view: WorklistView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner, self._project, self._view = runner, project, view
        self.model = CaseListModel(self)
        self.query = ListQuery(sort="added")
        self._shown_query = self.query  # what the rows on screen answer; it lags while the new count is on its way
        self._current: int | None = None
        self._shown_count = -1
        self._counting: tuple[ListQuery, Task] | None = None
        self._pages: dict[int, tuple[int, int]] = {}  # offset -> generation and limit, the last asked for at the end
        self._is_reading = False
        self._timer = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self.model.page_needed.connect(self._read_page)
        view.reset_controls()
        view.set_model(self.model)
        view.case_activated.connect(self.open_requested)
        view.filter_changed.connect(self._filter)
        view.sort_changed.connect(self._sort)
        view.search_changed.connect(self._search)

    def refresh(self) -> None:
        """Read the counts again, and the list when its length has changed."""
        query = self.query
        if self._counting is not None and self._counting[0] != query:
            self._counting[1].cancel()  # nobody waits for the answer to what was typed before
        task = self._runner.submit(STORE, self._count, query, on_done=lambda found: self._counted(query, *found))
        self._counting = (query, task)

    def refresh_soon(self) -> None:
        """As `refresh`, once for many calls in a row."""
        if not self._timer.isActive():
            self._timer.start()

    def reread(self) -> None:
        """Read the rows again, though there are as many: what they show of cases has changed."""
        self._shown_count = -1
        self.refresh()

    def set_current(self, case_id: int | None) -> None:
        """Mark the open case and find out which one will come next."""
        self._current = case_id
        self._view.set_current(case_id)
        if case_id is not None:
            self._look(next_to_do, 1, self.next_known.emit)

    def case_changed(self, case_id: int) -> None:
        """Show a case's new state."""
        self._runner.submit(STORE, listed_case, self._project, case_id, on_done=self._changed)

    def step(self, by: int) -> None:
        """Ask for the next (1) or previous (-1) case of the list."""
        self._look(neighbour, by, lambda row: self.open_requested.emit(row.id) if row is not None else None)

    def open_next_to_do(self) -> None:
        """Ask for the next case without decisions."""
        self._look(next_to_do, 1, self._open_or_tell)

    def open_previous_to_do(self) -> None:
        """Ask for the nearest case without decisions before the open one."""
        self._submit_step(-1, "todo", self._open_or_tell_before)

    def open_next_hit(self) -> None:
        """Ask for the next case of what is searched; after the last one comes the first."""
        self._submit_step(1, None, lambda row: self.open_requested.emit(row.id) if row is not None else None)

    def _submit_step(self, by: int, kind: Filter | None, use: Any) -> None:
        self._runner.submit(STORE, beside, self._project, self.query, self._current, by, kind, on_done=use)

    def _open_or_tell_before(self, row: CaseRow | None) -> None:
        if row is None:
            self.nothing_before.emit()
        else:
            self.open_requested.emit(row.id)

    def _look(self, find: Any, by: int, use: Any) -> None:
        case_id = self._current or 0
        position = self.model.position_of(case_id)
        extra = () if find is next_to_do else (by,)
        self._runner.submit(STORE, find, self._project, self.query, case_id, position, *extra, on_done=use)

    def _open_or_tell(self, row: CaseRow | None) -> None:
        if row is None:
            self.nothing_left.emit()
        else:
            self.open_requested.emit(row.id)

    def _filter(self, name: str) -> None:
        self._ask(replace(self.query, filter=cast(Filter, name)))

    def _sort(self, name: str) -> None:
        self._ask(replace(self.query, sort=SORTS[name]))

    def _search(self, text: str) -> None:
        self.searched.emit(text)
        self._ask(replace(self.query, search=text))

    def _ask(self, query: ListQuery) -> None:
        if query != self.query:
            self.query = query
            self._shown_count = -1
            self.refresh()

    def _count(self, query: ListQuery) -> tuple[dict[str, int], int]:
        counts = self._project.cases.counts()
        is_searched = bool(query.search.strip())
        return counts, self._project.cases.count(query.filter, query.search) if is_searched else counts[query.filter]

    def _counted(self, query: ListQuery, counts: dict[str, int], count: int) -> None:
        self._view.set_counts(counts)
        self.counted.emit(counts)
        if query == self.query and count != self._shown_count:
            self._shown_count, self._shown_query = count, query
            self._pages.clear()
            self.model.reset(count)
            self._view.set_current(self._current)

    def _read_page(self, generation: int, offset: int, limit: int) -> None:
        """One page at a time, the last one asked for first: whoever drags the scroll bar waits for no page between."""
        self._pages.pop(offset, None)
        self._pages[offset] = (generation, limit)
        while len(self._pages) > PAGES_WAITING:
            forgotten = next(iter(self._pages))
            del self._pages[forgotten]
            self.model.forget_page_request(forgotten)
        self._read_next()

    def _read_next(self) -> None:
        if self._is_reading or not self._pages:
            return
        self._is_reading = True
        offset, (generation, limit) = self._pages.popitem()
        self._runner.submit(
            STORE,
            list_page,
            self._project,
            self._shown_query,
            offset,
            limit,
            on_done=lambda rows: self._page_read(generation, offset, rows),
            on_error=self._page_not_read,
        )

    def _page_read(self, generation: int, offset: int, rows: list[CaseListRow]) -> None:
        self._is_reading = False
        self.model.receive_page(generation, offset, rows)
        self._read_next()

    def _page_not_read(self, error: Exception) -> None:
        self._is_reading = False
        self._runner.failed.emit(str(error))
        self._read_next()

    def _changed(self, row: CaseListRow) -> None:
        self.model.update_row(row)
        self._runner.submit(STORE, self._project.cases.counts, on_done=self._view.set_counts)
