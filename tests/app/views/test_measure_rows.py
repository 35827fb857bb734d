"""A value that rests on filled points is provisional: hatched in the table, dashed on the image, said in words."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app import theme
from app.session import measure_presentation as present
from app.session.measure_list_model import MeasureColumn, MeasureListModel
from app.session.measure_state import MeasureLines
from app.views.measure_delegate import MeasureDelegate
from app.views.measurements_panel import MeasureTable
from medsapiens_core.measurements.case_points import Status
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.measurements.set_file import shipped_sets
from tests.core.measurements.building import phantom_points

BASIC = shipped_sets()["ceph-basic"]


def rows(**statuses):
    return present.rows(evaluate(BASIC, phantom_points("skull", **statuses)), None)


@pytest.fixture(params=["dark", "light"])
def table(qtbot, qapp, request):
    theme.apply(qapp, request.param)
    table, model = MeasureTable(), MeasureListModel()
    qtbot.addWidget(table)
    table.setModel(model)
    table.setItemDelegate(MeasureDelegate(table))
    table.resize(700, 400)
    table.model_ = model
    yield table
    theme.apply(qapp, "dark")


def ink(table, row):
    """How many pixels of a value's cell, away from its number, differ from the ground."""
    box = table.visualRect(table.model_.index(row, MeasureColumn.VALUE))
    grab = table.viewport().grab(box).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    greys = np.frombuffer(grab.constBits(), np.uint8).reshape(grab.height(), grab.bytesPerLine())[:, : grab.width()]
    left = greys[2:-2, 2:20].astype(int)
    return int((np.abs(left - np.median(greys)) > 8).sum())


def test_a_provisional_value_is_hatched_and_says_so_in_words(table):
    found = rows(subspinale_a=Status.FILL)
    table.model_.set_rows(found)
    table.show()
    by_id = {row.id: (place, row) for place, row in enumerate(found)}
    (sna, filled), (snb, plain) = by_id["SNA"], by_id["SNB"]
    assert filled.filled and not plain.filled and filled.value and plain.value
    assert "rests on filled points, not exported" in filled.note
    assert ink(table, sna) > 20 > ink(table, snb)
    spoken = table.model_.index(sna, MeasureColumn.VALUE).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "filled" in spoken


def test_its_lines_are_dashed(view):
    start, end = (220.0, 140.0), (300.0, 140.0)
    view.set_markers([])
    view.set_measures_visible(True)
    shown = []
    for filled in (False, True):
        view.set_measure_lines([MeasureLines("SNA", "SNA 82.0°", ((start, end),), (260.0, 140.0), filled)])
        with_lines = view.grab().toImage()
        view.set_measure_lines([])
        without = view.grab().toImage()
        y = round(view.image_to_view(start).y())
        xs = range(round(view.image_to_view(start).x()) + 4, round(view.image_to_view(end).x()) - 4)
        shown.append(sum(with_lines.pixel(x, y) != without.pixel(x, y) for x in xs) / len(xs))
    whole, dashed = shown
    assert whole > 0.95 and 0.4 < dashed < 0.8
