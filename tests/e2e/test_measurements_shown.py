"""What the window shows and writes of measurements: the lines of AS07 and AS09 about them, tables and reports."""

import csv
import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from medsapiens_core.data.annotation import placed
from medsapiens_core.store.project import Project

from .packs import make_pack_a


@pytest.fixture(scope="module")
def made_pack(tmp_path_factory):
    """A06 (pixels 0.12 x 0.10 mm) and A10 (Menton below the edge), everything that has a place decided."""
    pack = make_pack_a(tmp_path_factory.mktemp("measured"), ["A06", "A10"])
    with Project.open(pack.folder) as project:
        for case, case_id in pack.ids.items():
            annotation = project.annotations.load(case_id)
            known = {mark: xy for mark, xy in pack.predicted[case].items() if not math.isnan(xy[0])}
            edit = annotation.change("confirm", {mark: placed(*xy, xy) for mark, xy in known.items()})
            project.annotations.commit(edit, case_id, expected_revision=annotation.revision)
    return pack


@pytest.fixture
def pack(made_pack, tmp_path):
    return made_pack.copy_to(tmp_path)


def rows_of(application):
    return {row.id: row for row in application.workspace.measuring.measures.model.rows}


def sna_by_hand(points, row_mm, col_mm):
    """The angle at Nasion, worked out here with the arithmetic of the card."""
    s, n, a = ((points[m][0] * col_mm, points[m][1] * row_mm) for m in ("sella", "nasion", "subspinale_a"))
    to_s, to_a = (math.atan2(p[1] - n[1], p[0] - n[0]) for p in (s, a))
    return abs((math.degrees(to_s - to_a) + 180) % 360 - 180)


def test_as09_sna_of_unequal_pixels_is_the_value_of_the_card(pack, open_pack, qtbot):
    application = open_pack(pack, "A06")
    application.window.action("view.measurements").trigger()
    qtbot.waitUntil(lambda: rows_of(application).get("SNA") is not None and rows_of(application)["SNA"].value != "")
    shown = float(rows_of(application)["SNA"].value.strip("°"))
    assert shown == pytest.approx(sna_by_hand(pack.predicted["A06"], 0.12, 0.10), abs=0.1)
    assert abs(shown - sna_by_hand(pack.predicted["A06"], 1.0, 1.0)) > 0.2, "the shape of the pixels matters"


def test_values_that_need_more_landmarks_lead_to_the_template_editor(pack, open_pack, qtbot):
    application = open_pack(pack, "A06")
    panel = application.window.measurements_panel
    application.window.action("view.measurements").trigger()
    qtbot.waitUntil(lambda: "IMPA" in rows_of(application))
    assert rows_of(application)["IMPA"].note.endswith("(not in this template)")
    assert panel.add_landmark.isVisible()
    QTest.mouseClick(panel.add_landmark, Qt.MouseButton.LeftButton)
    templates = application.templates
    qtbot.waitUntil(lambda: templates.editor is not None and templates.editor.isVisible(), timeout=20_000)
    templates.close()


def test_as07_absent_menton_blanks_its_values_and_the_csv_says_why(pack, open_pack, qtbot, tmp_path, monkeypatch):
    application = open_pack(pack, "A10")
    window, workspace = application.window, application.workspace
    window.action("view.measurements").trigger()
    QTest.keyClick(window.image_view, Qt.Key.Key_8)
    qtbot.waitUntil(lambda: workspace.session.current == "menton")
    QTest.keyClick(window.image_view, Qt.Key.Key_X)
    qtbot.waitUntil(lambda: rows_of(application)["FMA"].note == "absent: Menton")
    assert rows_of(application)["FMA"].value == "" and rows_of(application)["SNA"].value != ""
    assert rows_of(application)["lower-face-height"].note == "absent: Menton"
    workspace.session.mark_reviewed()
    qtbot.waitUntil(lambda: not workspace.saves.waiting)

    monkeypatch.setattr(window.dialogs, "ask", lambda *_rest, **_named: "reviewed")
    monkeypatch.setattr(window.dialogs, "open_folder", lambda *_rest: str(tmp_path))
    window.action("measure.export").trigger()
    qtbot.waitUntil(lambda: list(tmp_path.glob("*/measurements-wide.csv")) != [], timeout=20_000)
    folder = next(tmp_path.glob("*/measurements-wide.csv")).parent
    with (folder / "landmarks-long.csv").open(encoding="utf-8", newline="") as stream:
        menton = next(row for row in csv.DictReader(stream) if row["landmark"] == "menton")
    assert (menton["x_px"], menton["y_px"], menton["reason"]) == ("", "", "absent")
    qtbot.waitUntil(lambda: window.notices.shown is not None and "1 reading" in window.notices.shown.text)


def test_a_report_is_written_whole_and_is_a_draft_until_the_case_is_reviewed(pack, open_pack, qtbot, tmp_path):
    application = open_pack(pack, "A06")
    window, workspace = application.window, application.workspace
    qtbot.waitUntil(lambda: workspace.measuring.measures.values != ())
    sizes = []
    for reviewed in (False, True):
        if reviewed:
            workspace.session.mark_reviewed()
            qtbot.waitUntil(lambda: not workspace.saves.waiting)
        path = Path(tmp_path / f"report {reviewed}.pdf")
        workspace.measuring.write_report(path)
        qtbot.waitUntil(lambda path=path: path.exists(), timeout=30_000)
        qtbot.waitUntil(lambda name=path.name: window.notices.shown is not None and name in window.notices.shown.text)
        assert ("draft" in window.notices.shown.text) is not reviewed
        assert path.read_bytes().startswith(b"%PDF")
        sizes.append(path.stat().st_size)
    assert min(sizes) > 50_000, "the picture is in it"
    assert not list(tmp_path.glob(".*tmp*"))


def test_s_shows_the_lines_and_the_chosen_value_stands_out(pack, open_pack, qtbot):
    application = open_pack(pack, "A06")
    view = application.window.image_view
    qtbot.waitUntil(lambda: view.measures.lines != ())
    assert not view.measures.isVisible()
    QTest.keyClick(view, Qt.Key.Key_S)
    assert view.measures.isVisible()
    assert {entry.id for entry in view.measures.lines} >= {"SNA", "FMA"}
    QTest.keyPress(view, Qt.Key.Key_H)
    assert not view.measures.isVisible()
    QTest.keyRelease(view, Qt.Key.Key_H)
    assert view.measures.isVisible()
