from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QPushButton

from app.session.agreement_state import (
    AgreementRow,
    AgreementState,
    Choice,
    Difference,
    Limits,
    MeasureRow,
    SettleState,
)
from app.session.people_state import Asked, PeopleState
from app.views.adjudication_window import AdjudicationWindow
from app.views.agreement_window import AgreementWindow
from app.views.people_window import PeopleWindow
from app.views.who_dialog import WhoDialog
from medsapiens_core.data.readers import ALL_ROLES, Reader

AB, CD = Reader("AB", "Anna Berg", ALL_ROLES), Reader("CD", "Carl Dahl", ("annotator",))


def people(refusal="", **more):
    return PeopleState((AB, CD), "AB", refusal, 4, 0, (Asked("CD", 4, 1),), 10, **more)


def test_who_is_reading_is_one_of_the_list_or_somebody_with_usable_initials(qtbot):
    dialog = WhoDialog([AB, CD], Reader("EF"), "Who?")
    qtbot.addWidget(dialog)
    assert dialog.answer() == AB and dialog.go_on.isEnabled()
    dialog.choose("CD")
    assert dialog.answer() == CD
    dialog.code.setText("cd")
    assert not dialog.go_on.isEnabled() and "already" in dialog.go_on.toolTip()
    dialog.code.setText("not this")
    assert not dialog.go_on.isEnabled() and "1 to 8 letters" in dialog.go_on.toolTip()
    dialog.code.setText("GH")
    dialog.name.setText("Gerd Hahn")
    assert dialog.answer() == Reader("GH", "Gerd Hahn") and dialog.go_on.isEnabled()


def test_the_only_reader_is_proposed_from_the_settings(qtbot):
    dialog = WhoDialog([], Reader("EF", "Eva Falk"), "Who?")
    qtbot.addWidget(dialog)
    assert dialog.answer() == Reader("EF", "Eva Falk")


@pytest.fixture
def people_window(qtbot):
    window = PeopleWindow()
    qtbot.addWidget(window)
    return window


def test_an_owner_changes_roles_rules_and_asks_for_readings(people_window, qtbot):
    people_window.set_state(people())
    assert people_window.blind.value() == 10 and people_window.second_reader.currentData() == "CD"
    with qtbot.waitSignal(people_window.reader_changed) as changed:
        people_window.boxes["CD", "adjudicator"].click()
    assert changed.args == ["CD", "Carl Dahl", ("annotator", "adjudicator")]
    with qtbot.waitSignal(people_window.readings_wanted) as wanted:
        people_window.ask.click()
    assert wanted.args == ["CD", "share"]
    people_window.which.setCurrentIndex(1)
    assert not people_window.ask.isEnabled(), "no locked case is read"
    people_window.code.setText("EF")
    with qtbot.waitSignal(people_window.reader_added) as added:
        people_window.add.click()
    assert added.args == ["EF", "", ("reader",)]


@pytest.mark.parametrize(("before", "typed", "after"), [(10, 3, 0), (0, 1, 5), (10, 25, 25), (10, 0, 0)])
def test_the_share_of_blind_cases_is_off_or_5_to_30_percent(people_window, qtbot, before, typed, after):
    people_window.set_state(replace(people(), blind_percent=before))
    with qtbot.waitSignal(people_window.blind_changed) as changed:
        people_window.blind.setValue(typed)
    assert changed.args == [after] and people_window.blind.value() == after


def test_an_owner_takes_a_forgotten_pin_away(people_window, qtbot):
    people_window.set_state(people(pins=frozenset({"CD"})))
    (remove,) = (part for part in people_window.findChildren(QPushButton) if part.text() == "Remove PIN")
    with qtbot.waitSignal(people_window.pin_unwanted) as unwanted:
        remove.click()
    assert unwanted.args == ["CD"]
    people_window.set_state(people("Only an Owner may.", pins=frozenset({"CD"})))
    shown = [p for p in people_window.findChildren(QPushButton) if p.text() == "Remove PIN" and not p.isHidden()]
    assert [part.isEnabled() for part in shown] == [False]


def test_who_is_no_owner_sees_why_nothing_can_be_changed(people_window):
    people_window.set_state(people("Only an Owner may change the people of a project."))
    parts = (people_window.blind, people_window.ask, people_window.add, *people_window.boxes.values())
    assert not any(part.isEnabled() for part in parts)
    assert "Only an Owner" in people_window.blind.toolTip() and "Only an Owner" in people_window._message.text()


def agreement(**more):
    cases = (
        Difference(7, "A07", (10.0, 20.0), (3.0, 4.0), 5.0),
        Difference(3, "A03", (12.0, 22.0), (0.0, 1.0), 1.0),
    )
    limits = (Limits(1.5, -3.0, 6.0), Limits(2.5, float("nan"), float("nan")))
    rows = (
        AgreementRow("go", "Gonion", ("2", "3.00", *("",) * 6), 3.0, True, limits, cases, "tip"),
        AgreementRow("s", "Sella", ("0", *("–",) * 7), float("nan"), False, limits, ()),
    )
    return AgreementState(("AB and CD: 2 cases",), 0, "mm", "AB", "CD", "Mean", "Pixel sizes: cal. (2).", rows, **more)


@pytest.fixture
def agreement_window(qtbot):
    window = AgreementWindow()
    qtbot.addWidget(window)
    window.resize(1100, 700)
    return window


def test_the_agreement_names_two_definitions_and_opens_the_worst_case(agreement_window, qtbot):
    agreement_window.set_state(agreement(to_settle=1))
    assert agreement_window.table.item(0, 0).text() == "Gonion ≠"
    assert "Probably two definitions (≠): Gonion." in agreement_window.definitions.text()
    assert [agreement_window.worst.item(k).text() for k in (0, 1)] == ["A07    5.00 mm", "A03    1.00 mm"]
    with qtbot.waitSignal(agreement_window.case_requested) as opened:
        agreement_window.worst.itemClicked.emit(agreement_window.worst.item(0))
    assert opened.args == [7]
    with qtbot.waitSignal(agreement_window.definition_requested) as shown:
        agreement_window.show_definition.click()
    assert shown.args == ["go"]
    agreement_window.table.selectRow(1)
    assert agreement_window.worst.count() == 0
    assert agreement_window.settle.isEnabled() and agreement_window.settle.text() == "Adjudicate 1 difference…"


def test_an_owner_sets_the_limit_of_a_measurement_others_see_why_not(agreement_window, qtbot):
    rows = (
        MeasureRow("SNA (°)", ("2", *("–",) * 6), "sna", None, "°", 2.0),
        MeasureRow("Wits (mm)", ("2", *("–",) * 5, "1"), "wits", 1.5, "mm"),
    )
    agreement_window.set_state(agreement(measures=rows))
    first, second = (agreement_window.measures.cellWidget(row, 8) for row in (0, 1))
    assert (first.text(), second.text()) == ("none", "1.5 mm")
    assert "The tolerance of this measurement is 2." in first.toolTip()
    with qtbot.waitSignal(agreement_window.limit_changed) as changed:
        first.setValue(2.5)
    assert changed.args == ["sna", 2.5]
    agreement_window.set_state(agreement(measures=rows, limit_refusal="Only an Owner may."))
    box = agreement_window.measures.cellWidget(1, 8)
    assert not box.isEnabled() and box.toolTip() == "Only an Owner may."


def test_a_dot_of_the_plot_is_a_case(agreement_window, qtbot):
    agreement_window.set_state(agreement())
    agreement_window.show()
    plot = agreement_window.plots[1]
    found = plot.case_at(plot.to_pixels((20.0, 4.0)))
    assert found is not None and found.case_id == 7
    assert plot.case_at(QPointF(-50, -50)) is None
    agreement_window.grab()  # with limits that are not known


def test_without_double_readings_the_window_says_what_to_do(agreement_window):
    agreement_window.set_state(AgreementState(empty="No case has been read twice yet."))
    assert not agreement_window._body.isVisibleTo(agreement_window)
    assert not agreement_window.settle.isEnabled() and not agreement_window.export.isEnabled()


def settle(points, **more):
    choices = (
        Choice("a", "Take A (ring)"),
        Choice("b", "Take B (absent)"),
        Choice("mean", "Take the mean", "No mean."),
    )
    values = {"left": 3, "left_in_case": 2, "rest": 4, "can_finish": False, **more}
    return SettleState(5, "A05", "go", "Gonion", "The corner.", "apart", points, choices, **values)


def test_a_consensus_needs_a_choice_and_a_reason(qtbot):
    window = AdjudicationWindow(("Clearer contour", "Both defensible"))
    qtbot.addWidget(window)
    window.set_state(settle((("A", 10.0, 10.0),)))
    assert not window.save.isEnabled() and "Choose A" in window.save.toolTip()
    assert not window.choices["mean"].isEnabled() and window.choices["mean"].toolTip() == "No mean."
    window.choose("b")
    assert "Choose why" in window.save.toolTip()
    window.reason.setCurrentIndex(1)
    with qtbot.waitSignal(window.saved) as saved:
        window.save.click()
    assert saved.args == ["b", "Both defensible"]
    assert not window.finish.isEnabled() and "differences" in window.finish.toolTip()


def test_an_own_point_is_placed_on_the_picture_first(qtbot):
    window = AdjudicationWindow(("Clearer contour",))
    qtbot.addWidget(window)
    window.set_state(settle((("A", 10.0, 10.0),)))
    window.choose("own")
    window.reason.setCurrentIndex(0)
    assert not window.save.isEnabled() and "Click on the picture" in window.save.toolTip()
    with qtbot.waitSignal(window.own_placed) as placed:
        window.view.place_requested.emit(3.0, 4.0)
    assert placed.args == [3.0, 4.0]
    window.set_state(settle((("A", 10.0, 10.0), ("own", 3.0, 4.0))))
    assert window.save.isEnabled(), "the choice and the reason stay while the point is placed"
    window.set_state(None)
    assert not window.save.isEnabled()
