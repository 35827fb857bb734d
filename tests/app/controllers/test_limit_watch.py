"""Where too many cases warn, learning the usual shape anew is offered, once."""

from dataclasses import replace
from unittest.mock import MagicMock

import pytest

from app.controllers.limit_watch import LimitWatch
from app.controllers.notice_board import NoticeBoard
from app.session.guide import Guide
from medsapiens_core.data.annotation import Annotation
from medsapiens_core.guidance.warnings import Warning

from ..session.helpers import TEMPLATE, Case, Harness

SHAPE = Warning("W1 a", "W1", ("a",), "A lies 9.1 mm from where the others suggest.", "")
ORDER = Warning("W2 a b", "W2", ("a", "b"), "A and B may be swapped.", "")


@pytest.fixture
def desk(qapp):
    session, notices, learned = Harness().session, MagicMock(spec=NoticeBoard), []
    session.may_learn = True
    watch = LimitWatch(
        session, notices, learn=lambda: learned.append(1), may_learn=lambda: session.may_learn, parent=session
    )
    return session, notices, learned, watch


def look_at(session, number, *warnings):
    session.judge = lambda *_what: Guide(warnings=warnings)
    session.open_case(replace(Case(), id=number), Annotation.empty(number, TEMPLATE, "AB"), None)


def test_more_than_three_in_ten_offer_it_once_and_the_button_learns(desk):
    session, notices, learned, _ = desk
    for number in range(9):
        look_at(session, number, *([SHAPE] if number < 3 else []))
    look_at(session, 9)
    notices.show.assert_not_called()
    look_at(session, 10, SHAPE)
    look_at(session, 11, SHAPE)
    assert notices.show.call_count == 1
    text, buttons = notices.show.call_args.args[2:4]
    assert text.startswith("4 of 11 cases warn")
    buttons["Recompute limits"]()
    assert learned == [1]


def test_other_warnings_and_too_few_reviewed_cases_offer_nothing(desk):
    session, notices, _, _ = desk
    for number in range(12):
        look_at(session, number, ORDER)
    session.may_learn = False
    for number in range(12, 40):
        look_at(session, number, SHAPE)
    notices.show.assert_not_called()


def test_a_case_that_is_opened_again_counts_once(desk):
    session, notices, _, _ = desk
    for _ in range(30):
        look_at(session, 1, SHAPE)
    notices.show.assert_not_called()
