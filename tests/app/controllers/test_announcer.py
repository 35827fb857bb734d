"""What a screen reader says after a decision."""

import pytest

from app.controllers.announcer import Announcer
from tests.app.session.helpers import TEMPLATE, Harness


@pytest.fixture
def heard(qtbot):
    heard = []
    harness = Harness()
    harness.session.announcer = Announcer(harness.session, heard.append)
    heard_all = heard
    return harness.session, heard_all


def test_a_decision_and_the_next_landmark_are_one_announcement(heard, qtbot):
    session, said = heard
    session.confirm()
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["B: confirmed. 1 of 3 decided. C, predicted"]


def test_nudges_are_not_repeated_but_the_first_is_a_correction(heard, qtbot):
    session, said = heard
    session.nudge(1, 0)
    qtbot.waitUntil(lambda: bool(said))
    session.nudge(1, 0)
    session.go(1)
    qtbot.waitUntil(lambda: len(said) == 2)
    assert said == ["B: corrected. 1 of 3 decided.", "C, predicted"]


def test_the_end_of_a_case_is_said(heard, qtbot):
    session, said = heard
    for landmark in TEMPLATE.ids:
        session.confirm(landmark)
    session.mark_reviewed()
    qtbot.waitUntil(lambda: bool(said))
    assert said[0].endswith("3 of 3 decided. Case marked reviewed.")
    said.clear()
    session.reopen()
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Case is in review again."]
