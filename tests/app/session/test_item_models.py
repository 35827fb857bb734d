import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from app.session.case_list_model import PAGE_SIZE, ROW_ROLE, CaseColumn, CaseListModel
from app.session.landmark_list_model import LandmarkListModel
from app.session.measure_list_model import MeasureListModel
from app.session.view_state import CaseListRow, LandmarkRow
from app.views.template_table import TemplateTableModel


def case_row(number, **changes):
    values = {"state": "new", "flagged": False, "decided": 0, "total": 6, "score": None, "part": "train"}
    return CaseListRow(number, f"{number:06d}", **(values | changes))


class Pages:
    """Answers as the store would, and remembers what was asked."""

    def __init__(self, model, count):
        self.model, self.count, self.asked = model, count, []
        model.page_needed.connect(self.answer)

    def answer(self, generation, offset, limit):
        self.asked.append(offset)
        rows = [case_row(number) for number in range(offset, min(offset + limit, self.count))]
        self.model.receive_page(generation, offset, rows)


@pytest.fixture
def paged(qapp):
    model = CaseListModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    return model, Pages(model, 100_000)


def test_only_the_pages_that_are_looked_at_are_read(paged):
    model, pages = paged
    model.reset(100_000)
    before = len(pages.asked)
    assert model.rowCount() == 100_000
    assert model.row_at(70_001).name == "070001"
    assert model.row_at(70_150).name == "070150"
    assert pages.asked[before:] == [70_000 // PAGE_SIZE * PAGE_SIZE]


def test_memory_is_bounded_while_scrolling_through_everything(paged):
    model, _ = paged
    model.reset(100_000)
    for position in range(0, 100_000, PAGE_SIZE):
        assert model.row_at(position).id == position
    assert model.position_of(0) is None, "the first page has been forgotten"
    assert model.row_at(0).id == 0, "and comes back when looked at"


def test_a_page_from_before_a_reset_is_dropped(qapp):
    model = CaseListModel()
    model.reset(3)
    old = model.generation
    assert model.row_at(0) is None
    model.reset(2)
    model.receive_page(old, 0, [case_row(1), case_row(2), case_row(3)])
    assert model.row_at(0) is None
    assert model.data(model.index(0, CaseColumn.NAME)) == "…"


def test_a_changed_row_is_shown(paged, qtbot):
    model, _ = paged
    model.reset(10)
    model.row_at(0)
    with qtbot.waitSignal(model.dataChanged):
        model.update_row(case_row(4, state="in_review", decided=2, flagged=True, score=0.314, part="locked"))
    texts = [model.data(model.index(4, column)) for column in CaseColumn]
    assert texts == ["000004", "In review · flagged", "2/6", "0.31"]
    spoken = model.data(model.index(4, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "000004, In review · flagged, 2 of 6 decided, locked set"
    assert model.data(model.index(4, 0), ROW_ROLE).decided == 2
    model.update_row(case_row(99))


def landmark_row(number, label="predicted", **changes):
    return LandmarkRow(number, f"l{number}", f"Landmark {number}", f"L{number}", label, **changes)


def test_landmark_rows_change_in_place(qapp, qtbot):
    model = LandmarkListModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows([landmark_row(1), landmark_row(2, score=0.5)])
    changed = []
    model.dataChanged.connect(lambda first, last, _roles: changed.append((first.row(), last.row())))
    with qtbot.assertNotEmitted(model.modelReset):
        model.set_rows([landmark_row(1), landmark_row(2, "confirmed", score=0.5)])
    assert changed == [(1, 1)]
    assert [model.data(model.index(1, column)) for column in range(4)] == ["2", "Landmark 2", "confirmed", ""]
    assert model.position_of("l2") == 1 and model.row_at(5) is None
    with qtbot.waitSignal(model.modelReset):
        model.set_rows([landmark_row(2), landmark_row(1, warning="outside the image")])
    assert model.data(model.index(1, 0), Qt.ItemDataRole.ToolTipRole) == "outside the image"


@pytest.mark.parametrize("model", [CaseListModel, LandmarkListModel, MeasureListModel, TemplateTableModel])
def test_every_column_has_its_words_above(qapp, model):
    table = model()
    words = [table.headerData(column, Qt.Orientation.Horizontal) for column in range(table.columnCount())]
    assert len(words) > 3 and words == list(model.headers) and all(words)
    assert table.headerData(0, Qt.Orientation.Vertical) is None
    assert table.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.DecorationRole) is None
