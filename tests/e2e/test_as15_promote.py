"""AS15: a candidate that is refused, one that is promoted with a reason, and back again (ux.md 14)."""

import csv
import dataclasses

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from typer.testing import CliRunner

from medsapiens_core.cli import app
from medsapiens_core.data.annotation import placed
from medsapiens_core.store.project import Project

from .packs import LOCKED
from .reviewer import Reviewer

DECIDED = ("confirmed", "corrected")


@pytest.fixture
def pack(pack_a):
    """Pack A with A01 decided, and predictions of s2 for what is undecided, so that no network has to run."""
    with Project.open(pack_a.folder) as project:
        annotation = project.annotations.load(pack_a.ids["A01"])
        points = {mark: placed(*pack_a.truth["A01"][mark], None) for mark in project.template.ids[:7]}
        decided = annotation.change("place", points)
        project.annotations.commit(decided, pack_a.ids["A01"], expected_revision=annotation.revision)
        s2 = pack_a.library.get("s2").id
        for name in set(pack_a.ids) - set(LOCKED):
            known = project.predictions.latest(pack_a.ids[name])
            project.predictions.add(
                dataclasses.replace(known, id=f"s2-{known.image_sha256[:24]}", model_id=s2), pack_a.ids[name]
            )
    return pack_a


def exported(pack, folder, name):
    """The table of everything that a person has decided, without the revision, which counts proposals too."""
    table = folder / name
    arguments = ["export", "--project", str(pack.folder), "--format", "csv", "--out", str(table)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    with table.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["decision"] in DECIDED]
    return [{key: value for key, value in row.items() if key != "revision"} for row in rows]


def test_as15_refused_promoted_and_rolled_back(pack, open_pack, qtbot, tmp_path):
    before = exported(pack, tmp_path, "before.csv")
    assert len(before) == 10 * 19 + 7, "the locked cases, and what A01 has"
    application = open_pack(pack, "A01")
    window, reader = application.window, Reviewer(application, qtbot)
    panel, project = window.models_panel, reader.workspace.project
    states = {name: project.annotations.load(case_id).states for name, case_id in pack.ids.items()}
    window.show_models()
    reader.wait(lambda: {row.name for row in reader.workspace.models.rows} == {"s1", "s2", "s3"})
    reader.wait(lambda: all(row.can_compare for row in reader.workspace.models.rows if row.name != "s1"))

    # s3: not better
    reader.press(panel.models.card("s3"), "Compare…")
    reader.wait(lambda: window.compare_dialog() is not None and window.compare_dialog().isVisible())
    compare = window.compare_dialog()
    refused = "s3 is not better than s1 on the locked set: mean error 1.50 -> 1.80 mm. s1 stays in use."
    assert compare._verdict.text() == refused
    assert not compare.promote_button.isEnabled() and compare.promote_button.toolTip() == refused
    compare.close()

    # s2: swap with Space, promote with a reason
    reader.press(panel.models.card("s2"), "Compare…")
    reader.wait(lambda: compare.isVisible() and compare.comparison.candidate == "s2")
    reader.wait(lambda: compare.picture.image is not None)
    case, seen = compare.picture.case, compare.picture.layer
    assert [(m.x, m.y) for m in seen.markers] == list(case.xy_new)
    QTest.keyPress(compare.picture, Qt.Key.Key_Space)
    assert [(m.x, m.y) for m in seen.markers] == list(case.xy_old)
    QTest.keyRelease(compare.picture, Qt.Key.Key_Space)
    assert [(m.x, m.y) for m in seen.markers] == list(case.xy_new)
    assert "use 2 of this set" in compare._wear.text()
    assert compare.missing() == ""
    asked = reader.write_reason("ten cases, checked by hand", "Promote")
    reader.press(compare, "Promote s2")
    assert asked[0].startswith("Only 10 locked cases: a real 10 % gain would be missed ")
    assert asked[0].endswith("Write why you promote anyway.")
    reader.wait(lambda: window.status._model.text() == "s2")
    assert window.toasts.text == "s2 in use."
    assert {name: project.annotations.load(case_id).decided_count for name, case_id in pack.ids.items()} == {
        name: sum(state.is_decided for state in of) for name, of in states.items()
    }

    # and back, with a reason that is kept
    reader.wait(lambda: any(row.can_rollback for row in reader.workspace.models.rows))
    asked = reader.write_reason("it misses Porion", "Roll back")
    reader.press(panel.models.card("s1"), "Roll back")
    assert asked[0].startswith("Why is s2 taken back?")
    reader.wait(lambda: window.status._model.text() == "s1")
    last = pack.library.history()[-1]
    assert (last.kind, last.reason, last.model) == ("rollback", "it misses Porion", "s1")
    kept = {row.op: row.body["reason"] for row in project.audit.rows(limit=100_000) if row.op.startswith("model.")}
    assert kept == {"model.promote": "ten cases, checked by hand", "model.rollback": "it misses Porion"}
    told = []
    reader.answer(lambda box: (told.append(box.text()), box.accept()))
    reader.press(panel.models.card("s2"), "Card…")
    reader.wait(lambda: bool(told))
    assert "taken back: it misses Porion" in told[0] and "put in use: ten cases, checked by hand" in told[0]

    reader.saved()
    reader.wait(lambda: reader.workspace.runner.pending == 0)
    window.close()
    assert exported(pack, tmp_path, "after.csv") == before


def test_the_newest_candidate_is_compared_by_a_key(pack_a, open_pack, qtbot):
    application = open_pack(pack_a, "A01")
    window, reader = application.window, Reviewer(application, qtbot)
    reader.wait(lambda: any(row.can_compare for row in reader.workspace.models.rows))
    QTest.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    reader.wait(lambda: window.compare_dialog() is not None and window.compare_dialog().isVisible())
    assert window.compare_dialog().comparison.candidate == "s3"
    assert window.models_panel.isVisible()
