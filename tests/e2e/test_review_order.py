"""What comes first: cases by their widest calibrated region, landmarks that can tip a measurement (ux.md 6.1, 6.4)."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from app.session.case_list_model import radius_text
from medsapiens_core.measurements.norms import Norm, NormSet

from .packs import make_pack_a

FACTS = {"age": "any", "sex": "any", "population": "any", "source": "A test."}


@pytest.fixture(scope="module")
def made_pack(tmp_path_factory):
    return make_pack_a(tmp_path_factory.mktemp("ordered"), ["A01", "A04", "A10", "A11"])


@pytest.fixture
def application(made_pack, tmp_path, open_pack):
    return open_pack(made_pack.copy_to(tmp_path), "A01")


def shown(application):
    model = application.workspace.worklist.model
    return [model.row_at(position) for position in range(model.rowCount())]


def test_the_worklist_shows_sorts_and_filters_by_the_widest_region(application, made_pack, qtbot):
    panel = application.window.worklist

    def is_read() -> bool:
        rows = shown(application)
        return len(rows) == 4 and all(rows) and rows[0].radius is not None

    qtbot.waitUntil(is_read, timeout=20_000)
    told = {row.name.split(".")[0]: radius_text(row) for row in shown(application)}
    assert told == {"A01": "4.8 mm", "A04": "12.0 px", "A10": "not found", "A11": ""}
    spoken = panel.list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "worst 95 % within 4.8 mm" in spoken
    panel.sort.setCurrentIndex(panel.sort.findData("score"))
    panel.sort.activated.emit(panel.sort.currentIndex())
    qtbot.waitUntil(lambda: shown(application)[0] is not None and shown(application)[0].name.startswith("A10"))
    qtbot.waitUntil(panel.filters["unsure"].isVisible)
    panel.filters["unsure"].click()
    qtbot.waitUntil(lambda: [row and row.name[:3] for row in shown(application)] == ["A10", "A01", "A04"])


def test_a_landmark_that_can_tip_a_measurement_comes_earlier(application, made_pack, qtbot):
    session, measures = application.workspace.session, application.workspace.measuring.measures
    qtbot.waitUntil(lambda: bool(session.guide.radii) and measures.measures is not None)
    before = session.order
    assert not session.guide.weights, "no norms are chosen, so nothing can be tipped"
    sna = next(one for one in measures.impacts().values() if one.value.measure.id == "SNA").value.value
    limits = Norm(measure="SNA", unit="deg", mean=sna, range=(0, sna + 0.1), **FACTS)  # as if chosen in the panel
    measures._set_known(replace(measures._known, norms=NormSet(id="n", name="N", norms=[limits])))
    qtbot.waitUntil(lambda: bool(session.guide.weights))
    assert session.guide.weights == dict.fromkeys(("sella", "nasion", "subspinale_a"), 1.0)
    radii, weights = session.guide.radii, session.guide.weights
    ranks = {m.id: radii[m.id] / m.tolerance_mm * (1 + weights.get(m.id, 0.0)) for m in session.template.landmarks}
    assert list(session.order) == sorted(before, key=lambda mark: (-ranks[mark], session.template.index[mark]))
    rows = application.window.landmark_panel.list.model()
    tipped = "sella"
    assert "norm limit" in rows.index(rows.position_of(tipped), 1).data(Qt.ItemDataRole.ToolTipRole)
