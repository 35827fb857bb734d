"""AS20: two people read the same five cases, one blind to the other; they are compared, one case settled (ux.md 14)."""

import csv

import pytest
from PySide6.QtCore import Qt

from app.views import dialogs
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import CONSENSUS, Reader
from medsapiens_core.store.project import Project

from .reviewer import Reviewer
from .two_readers import CASES, chosen, commit, points_of, read_by_hand, review_again, show_case


@pytest.fixture
def pack(pack_a):
    """Pack A in which AB has read A11 to A15 (as the pack has them) and asks CD to read them, too."""
    with Project.open(pack_a.folder) as project:
        project.readers.add(Reader("AB", "Anna Berg"))
        project.readers.add(Reader("CD", "Carl Dahl"), by="AB")
        for name in (*CASES, "A16"):
            review_again(project, pack_a.ids[name], "", "AB")
        project.readings.assign([pack_a.ids[name] for name in CASES], "CD", by="AB")
    return pack_a


@pytest.fixture
def arrive_as(pack, open_pack, qtbot, monkeypatch):
    """Starts the program; the person who is asked chooses `code`."""

    def start(code, case):
        monkeypatch.setattr(dialogs.Dialogs, "who", lambda _self, readers, _own, _text: chosen(readers, code))
        return Reviewer(open_pack(pack, case), qtbot)

    return start


def read_the_rest(pack, names):
    """The cases that the window has shown how to read, the quick way."""
    with Project.open(pack.folder) as project:
        for name in names:
            annotation = project.annotations.load(pack.ids[name], reader="CD")
            states = {mark: placed(x + 0.5, y, None) for mark, (x, y) in points_of(pack, name).items()}
            commit(project, annotation, annotation.change("place", states), "CD")
            review_again(project, pack.ids[name], "CD", "CD")


def test_as20_two_readers_agreement_and_a_consensus(pack, arrive_as, qtbot, tmp_path):
    # CD is asked who they are, and sees nothing of what AB or the model said
    reader = arrive_as("CD", "A11")
    window, workspace = reader.window, reader.workspace
    assert window.status._reader.text() == "reader CD"
    assert workspace.reading.desk.me.code == "CD"
    first = {name: workspace.project.annotations.load(pack.ids[name]) for name in CASES}
    row = workspace.project.cases.get(pack.ids["A11"])
    assert (row.state, row.decided) == ("new", 0)
    assert all(marker.x is None and marker.prediction_xy is None for marker in reader.view.layer.markers)
    assert window.landmark_panel.card._state.history == (), "the history of the first reading is not shown"
    assert "Second reading" in window.notices.shown.text
    assert reader.session.annotation.reader == "CD"

    # one case is read with the mouse; Return goes on without showing the others' points
    read_by_hand(reader, points_of(pack, "A11"))
    reader.key(Qt.Key.Key_Return)
    reader.wait(lambda: not reader.case_name().startswith("A11"))
    reader.wait(lambda: workspace.saves.waiting == 0)
    assert workspace.project.annotations.load(pack.ids["A11"], reader="CD").reviewed
    assert {name: workspace.project.annotations.load(pack.ids[name]) for name in CASES} == first
    show_case(reader, pack, "A11")
    assert reader.session.prediction is None and reader.session.is_blind, "hidden after Return, too"
    window.close()
    read_the_rest(pack, CASES[1:])

    # AB compares
    reader = arrive_as("AB", "A01")
    window, workspace = reader.window, reader.workspace
    assert workspace.reading.desk.me.code == "CD", "whoever was here last"
    reader.click(window.status._reader)
    reader.wait(lambda: reader.workspace is not None and reader.workspace is not workspace)
    workspace = reader.workspace
    reader.wait(lambda: workspace.session.is_open)
    assert window.status._reader.text() == "reader AB"
    assert workspace.project.cases.get(pack.ids["A13"]).state == "reviewed"
    window.action("project.agreement").trigger()
    agreement = workspace.reading.agreement_window
    reader.wait(lambda: agreement.table.rowCount() == 19)
    assert agreement.pair.itemText(0) == "AB and CD: 5 cases"
    assert agreement.table.item(0, 0).text().startswith("Gonion"), "the landmark that differs most comes first"
    assert agreement.worst.item(0).text().startswith("A13"), "and its worst case"
    distance = float(agreement.table.item(0, 2).text())
    assert distance == pytest.approx((10.0 + 4 * 0.2) / 5, abs=0.15)  # mm: one case 10 mm off, the others about 0.2
    assert agreement._source.text().startswith("Pixel sizes: "), "every mm names its source"
    assert agreement.settle.text() == "Adjudicate 1 difference…"

    # tables
    target = tmp_path / "out.csv"
    workspace.reading.agreement._ask_file = lambda *_a: str(target)
    reader.click(agreement.export)
    reader.wait(target.exists)
    with target.open(encoding="utf-8", newline="") as stream:
        assert {row["landmark"] for row in csv.DictReader(stream)} == set(pack.template.ids)

    # the worst case is a click away
    agreement.worst.itemClicked.emit(agreement.worst.item(0))
    reader.on_screen("A13")

    # adjudicate: names are hidden, a reason is required, the consensus is a third reading
    reader.click(agreement.settle)
    reader.wait(lambda: workspace.reading.adjudication_window is not None)
    settling = workspace.reading.adjudication_window
    reader.wait(lambda: settling._state is not None and settling.view.image is not None)
    assert settling._state.case_name.startswith("A13") and settling._state.name == "Gonion"
    shown = {marker.landmark: marker.label for marker in settling.view.layer.markers}
    assert shown == {"A": "confirmed", "B": "estimated"}, "two shapes and colours"
    words = " ".join(part.text() for part in (settling._what, settling._left, *settling.choices.values()))
    assert "AB" not in words and "CD" not in words
    assert not settling.save.isEnabled()
    settling.choose("mean")
    assert not settling.save.isEnabled() and "Choose why" in settling.save.toolTip()
    settling.reason.setCurrentIndex(2)
    reader.click(settling.save)
    reader.wait(lambda: settling._state is not None and settling._state.landmark == "")
    assert settling._state.can_finish and settling._state.rest == 18
    reader.click(settling.finish)
    reader.wait(lambda: settling._state is None)

    project = workspace.project
    case = pack.ids["A13"]
    consensus = project.annotations.load(case, reader=CONSENSUS)
    one, two = project.annotations.load(case), project.annotations.load(case, reader="CD")
    assert consensus.reviewed and one == first["A13"], "the first reading is as it was"
    assert consensus["gonion"].x == pytest.approx((one["gonion"].x + two["gonion"].x) / 2)
    settled = project.annotations.history(case, reader=CONSENSUS)[0]
    assert (settled.reader, settled.context) == ("AB", "Both defensible")
    assert set(project.annotations.readers(case)) == {"", "CD", CONSENSUS}
    assert project.check(files=False) == []


def test_an_owner_sets_how_far_a_measurement_may_differ(pack, arrive_as, qtbot):
    with Project.open(pack.folder) as project:
        case = pack.ids["A14"]
        annotation = project.annotations.load(case, reader="CD")
        points = {mark: (x + 0.5, y) for mark, (x, y) in points_of(pack, "A14").items()}
        x, y = points["subspinale_a"]
        points["subspinale_a"] = (x + 3.75, y)  # 1.7 mm in all: within its tolerance, but SNA turns
        states = {mark: placed(*xy, None) for mark, xy in points.items()}
        commit(project, annotation, annotation.change("place", states), "CD")
        review_again(project, case, "CD", "CD")
    reader = arrive_as("AB", "A01")
    workspace = reader.workspace
    reader.window.action("project.agreement").trigger()
    agreement = workspace.reading.agreement_window
    reader.wait(lambda: agreement.table.rowCount() == 19)
    assert agreement.settle.text() == "Adjudicate 0 differences…" and not agreement.settle.isEnabled()
    agreement._tabs.setCurrentIndex(1)
    names = [agreement.measures.item(row, 0).text() for row in range(agreement.measures.rowCount())]
    row = next(place for place, name in enumerate(names) if name.startswith("SNA"))
    box = agreement.measures.cellWidget(row, agreement.measures.columnCount() - 1)
    assert box.text() == "none" and box.isEnabled()
    box.setValue(1.0)
    reader.wait(lambda: agreement.settle.text() == "Adjudicate 3 differences…")
    assert agreement.measures.item(row, agreement.measures.columnCount() - 2).text() == "1", "cases beyond it"
    reader.click(agreement.settle)
    reader.wait(lambda: workspace.reading.adjudication_window is not None)
    settling = workspace.reading.adjudication_window
    reader.wait(lambda: settling._state is not None and settling.view.image is not None)
    assert settling._state.landmark == "subspinale_a", "what makes most of the difference comes first"
    assert "within tolerance, but SNA is" in settling._what.text() and "limit 1.0" in settling._what.text()
    settling.choose("mean")
    settling.reason.setCurrentIndex(2)
    reader.click(settling.save)
    reader.wait(lambda: settling._state is not None and settling._state.landmark == "")
    assert settling._state.can_finish and settling._state.rest == 18, "with one of them settled the measurement agrees"


def test_a_reader_may_not_change_what_somebody_else_has_reviewed_but_reads_anew(pack, arrive_as, qtbot):
    reader = arrive_as("CD", "A16")
    window, workspace = reader.window, reader.workspace
    assert window.notices.shown.text.startswith("Reviewed by AB")
    before = reader.xy("sella")
    reader.key(Qt.Key.Key_1)
    reader.key(Qt.Key.Key_Right)
    assert reader.xy("sella") == before and "nothing was changed" in window.toasts.text
    window.action("case.own_reading").trigger()
    reader.wait(lambda: reader.workspace is not None and reader.workspace is not workspace)
    reader.wait(lambda: reader.session.is_open and reader.session.annotation.reader == "CD")
    assert reader.case_name().startswith("A16") and reader.xy("sella") == (None, None)
    assert reader.workspace.project.annotations.load(pack.ids["A16"]).reviewed


def test_only_an_owner_promotes_a_model_or_publishes_a_template(pack, arrive_as, qtbot, monkeypatch):
    reader = arrive_as("CD", "A01")
    told = []
    monkeypatch.setattr(dialogs.Dialogs, "tell", lambda _self, _title, text, *_a, **_k: told.append(text))
    reader.window.models_panel.promote_requested.emit("s2")
    reader.window.models_panel.rollback_requested.emit("s2")
    assert len(told) == 2 and all(text.startswith("Only an Owner may promote") for text in told)
    assert reader.workspace.models.current.name == "s1"
    assert reader.workspace.reading.desk.refusal("publish").startswith("Only an Owner may publish")
    reader.window.action("project.people").trigger()
    people = reader.workspace.reading.people_window
    reader.wait(lambda: bool(people.boxes))
    assert not people.blind.isEnabled() and "Only an Owner" in people.blind.toolTip()
