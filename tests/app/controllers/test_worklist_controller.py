from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.worklist_controller import PAGES_WAITING, WorklistController
from app.views.worklist_panel import WorklistPanel

from ..building import add_case, decide_all


class ListSignals(QObject):
    case_activated = Signal(int)
    filter_changed = Signal(str)
    search_changed = Signal(str)
    sort_changed = Signal(str)


@pytest.fixture
def signals():
    return ListSignals()


@pytest.fixture
def view(signals):
    view = MagicMock(spec=WorklistPanel)
    for name in ("case_activated", "filter_changed", "search_changed", "sort_changed"):
        setattr(view, name, getattr(signals, name))
    return view


@pytest.fixture
def worklist(runner, project, view):
    worklist = WorklistController(runner, project, view)
    worklist.opened, worklist.ahead = [], []
    worklist.open_requested.connect(worklist.opened.append)
    worklist.next_known.connect(worklist.ahead.append)
    return worklist


def shows(worklist, qtbot, *names):
    model = worklist.model

    def names_shown():
        rows = [model.row_at(position) for position in range(model.rowCount())]
        return [row.name if row else None for row in rows]

    qtbot.waitUntil(lambda: names_shown() == [f"film {name}.png" for name in names])


def test_filter_search_and_sort_are_asked_of_the_store(worklist, project, signals, view, qtbot):
    cases = [add_case(project, number) for number in (3, 1, 2)]
    decide_all(project, cases[0].id)
    worklist.refresh()
    shows(worklist, qtbot, "003", "001", "002")
    signals.sort_changed.emit("name")
    shows(worklist, qtbot, "001", "002", "003")
    signals.filter_changed.emit("reviewed")
    shows(worklist, qtbot, "003")
    signals.filter_changed.emit("all")
    signals.search_changed.emit("002")
    shows(worklist, qtbot, "002")
    counts = view.set_counts.call_args.args[0]
    assert (counts["all"], counts["reviewed"], counts["todo"]) == (3, 1, 2)


def test_a_changed_case_is_shown_without_a_reset(worklist, project, qtbot):
    case = add_case(project, 1)
    worklist.refresh()
    shows(worklist, qtbot, "001")
    decide_all(project, case.id)
    with qtbot.assertNotEmitted(worklist.model.modelReset):
        worklist.case_changed(case.id)
        qtbot.waitUntil(lambda: worklist.model.row_at(0).state == "reviewed")


def test_next_previous_and_next_to_do(worklist, project, signals, qtbot):
    cases = [add_case(project, number) for number in range(4)]
    decide_all(project, cases[1].id)
    project.cases.set_flag(cases[2].id, "Image quality")
    worklist.refresh()
    shows(worklist, qtbot, "000", "001", "002", "003")
    worklist.set_current(cases[0].id)
    worklist.step(1)
    worklist.step(-1)
    worklist.open_next_to_do()
    qtbot.waitUntil(lambda: len(worklist.opened) == 2)
    assert worklist.opened == [cases[1].id, cases[3].id], "before the first there is nothing; flagged ones are left out"
    assert worklist.ahead[0].id == cases[3].id
    signals.case_activated.emit(cases[2].id)
    assert worklist.opened[-1] == cases[2].id


def test_at_the_end_the_search_for_work_begins_again_and_then_ends(worklist, project, qtbot):
    first, last = add_case(project, 1), add_case(project, 2)
    worklist.refresh()
    shows(worklist, qtbot, "001", "002")
    worklist.set_current(last.id)
    worklist.open_next_to_do()
    qtbot.waitUntil(lambda: worklist.opened == [first.id])
    for case in (first, last):
        decide_all(project, case.id)
    with qtbot.waitSignal(worklist.nothing_left):
        worklist.open_next_to_do()


def test_many_additions_are_one_refresh(worklist, project, view, qtbot):
    for number in range(5):
        add_case(project, number)
        worklist.refresh_soon()
    qtbot.waitUntil(lambda: worklist.model.rowCount() == 5)
    assert view.set_counts.call_count == 1


def test_pages_that_were_scrolled_away_are_not_read(worklist, project, runner, qtbot, monkeypatch):
    """Dragging the bar over 100,000 cases asks for hundreds of pages; the one where it stops must not wait for them."""
    add_case(project, 1)
    worklist.refresh()
    shows(worklist, qtbot, "001")
    read, model = [], worklist.model
    monkeypatch.setattr(
        "app.controllers.worklist_controller.list_page",
        lambda _project, _query, offset, _limit: read.append(offset) or [],
    )
    model.reset(100_000)
    for position in range(0, 100_000, 1000):
        assert model.row_at(position) is None
    qtbot.waitUntil(lambda: runner.pending == 0)
    assert read[:2] == [0, 99_000] and len(read) <= 1 + PAGES_WAITING
    assert model.row_at(50_000) is None
    qtbot.waitUntil(lambda: runner.pending == 0)
    assert read[-1] == 50_000, "what was dropped is asked for again when it is looked at"


def test_only_the_last_of_several_searches_is_answered(worklist, project, signals, view, qtbot):
    for number in (1, 2, 12):
        add_case(project, number)
    worklist.refresh()
    shows(worklist, qtbot, "001", "002", "012")
    view.set_counts.reset_mock()
    for text in ("1", "12", "012"):
        signals.search_changed.emit(text)
    shows(worklist, qtbot, "012")
    assert view.set_counts.call_count == 1


def test_the_case_to_do_after_many_reviewed_ones_is_found(worklist, project, monkeypatch, qtbot):
    monkeypatch.setattr("app.controllers.case_access.LOOK_AHEAD", (1, 6))
    cases = [add_case(project, number) for number in range(6)]
    for case in cases[1:5]:
        decide_all(project, case.id)
    worklist.refresh()
    shows(worklist, qtbot, *(f"{number:03d}" for number in range(6)))
    worklist.set_current(cases[0].id)
    worklist.open_next_to_do()
    qtbot.waitUntil(lambda: worklist.opened == [cases[5].id])
