"""AS07: a landmark that is cut off is marked absent, and is absent everywhere."""

import csv

from PySide6.QtCore import Qt
from typer.testing import CliRunner

from medsapiens_core.cli import app

from .reviewer import Reviewer


def test_as07_a_cut_off_landmark_is_absent_in_the_list_on_the_film_and_in_the_table(pack_a, open_pack, qtbot, tmp_path):
    application = open_pack(pack_a, "A10")
    reader = Reviewer(application, qtbot)
    assert reader.label("menton") == "not placed"
    reader.key(Qt.Key.Key_Space, times=19)
    assert reader.count_text() == "18 of 19 decided"
    reader.key(Qt.Key.Key_Space)
    assert application.window.notices.shown.text == "Menton is not placed: P places, X if absent"
    reader.key(Qt.Key.Key_8)
    reader.wait(lambda: reader.session.current == "menton")
    reader.key(Qt.Key.Key_X)
    shown = application.window.notices.shown
    assert shown is None or "Menton" not in shown.text, "the hint has been followed"
    row = reader.row("menton")
    assert row.label == "absent", "drawn struck through with a barred icon (row_delegates)"
    assert reader.view.layer.marker("menton").x is None
    case_id = reader.session.case.id
    reader.key(Qt.Key.Key_Return)
    reader.wait(lambda: reader.session.case.id != case_id)
    reader.saved()
    assert reader.workspace.project.cases.get(case_id).state == "reviewed"
    application.window.close()

    table = tmp_path / "points.csv"
    result = CliRunner().invoke(
        app, ["export", "--project", str(pack_a.folder), "--format", "csv", "--out", str(table)]
    )
    assert result.exit_code == 0, result.output
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["image_file"].startswith("A10")]
    (menton,) = [row for row in rows if row["landmark"] == "menton"]
    assert (menton["x_px"], menton["y_px"]) == ("", "")
    assert "absent" in menton.values()
    assert len(rows) == 19
