"""Three tips for whoever opens the program for the first time: taken away by doing what they say, or by Esc."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.controllers.coach import TIPS, Coach
from app.views.coach_bubble import CoachBubble
from tests.app.session.helpers import Harness


@pytest.fixture
def coached(view):
    session, told = Harness().session, []
    bubble = CoachBubble(view)
    coach = Coach(session, bubble, escape=view.escape_pressed, remember=lambda: told.append(1), parent=session)
    return session, bubble, told, coach


def test_each_tip_goes_when_it_is_followed_and_then_they_are_done(coached, view):
    session, bubble, told, _ = coached
    assert bubble.isVisible() and bubble.text == TIPS["confirm"]
    assert view.rect().contains(bubble.geometry())
    session.confirm()
    assert bubble.text == TIPS["correct"]
    session.move("b", 12.0, 13.0)
    assert bubble.text == TIPS["review"] and told == []
    for landmark in session.template.ids:
        session.confirm(landmark)
    session.mark_reviewed()
    assert not bubble.isVisible() and told == [1]


def test_what_was_done_first_is_not_told_any_more(coached):
    session, bubble, _, _ = coached
    session.move("a", 12.0, 13.0)
    assert bubble.text == TIPS["confirm"]
    session.confirm("b")
    assert bubble.text == TIPS["review"]


def test_taking_something_back_follows_no_tip(coached):
    session, bubble, _, _ = coached
    session.set_absent("a", None)
    session.clear("a")
    session.undo()
    assert bubble.text == TIPS["confirm"]


def test_esc_ends_all_of_them(coached, view):
    session, bubble, told, _ = coached
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not bubble.isVisible() and told == [1]
    session.confirm()
    assert not bubble.isVisible() and told == [1]


def test_the_button_ends_them_and_another_case_does_not_bring_them_back(coached):
    session, bubble, told, _ = coached
    QTest.mouseClick(bubble.end_button, Qt.MouseButton.LeftButton)
    session.case_opened.emit(session.case)
    assert not bubble.isVisible() and told == [1]
