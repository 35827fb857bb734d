from dataclasses import replace
from unittest.mock import MagicMock

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from app.controllers.doubt_controller import NOTICE, DoubtController
from app.controllers.notice_board import NoticeBoard
from app.session.review_session import ReviewSession
from app.views.notice_strip import NoticeStrip
from medsapiens_core.data.annotation import Annotation, utc_now
from medsapiens_core.data.prediction import Prediction

from ..building import add_case


class Buttons(QObject):
    action_triggered = Signal(str, str)


@pytest.fixture
def desk(qtbot, project):
    view, buttons = MagicMock(spec=NoticeStrip), Buttons()
    view.action_triggered = buttons.action_triggered
    session = ReviewSession(project.template, lambda edit, before: None)
    controller = DoubtController(session, NoticeBoard(view))
    case = add_case(project, 1)
    yield session, view, case, controller
    session.close_case()


def prediction(project, case, notice):
    count = len(project.template)
    points = np.full((count, 2), 3.0)
    return Prediction(
        "p-1" if notice else "p-2", case.image_sha256, project.template.id, 1, "m", points, np.zeros(count), None,
        utc_now(), 0.1, notice,
    )  # fmt: skip


def test_the_reason_is_shown_while_the_case_is_open(desk, project):
    session, view, case, _ = desk
    doubtful = prediction(project, case, "This picture does not look like a skull.")
    session.open_case(case, Annotation.empty(case.id, project.template), doubtful)
    shown = view.show_notice.call_args.args[0]
    assert shown.id == NOTICE and shown.text.startswith("This picture does not look like a skull.")
    session.close_case()
    view.dismiss.assert_called_with(NOTICE)


def test_a_prediction_that_arrives_shows_or_takes_away(desk, project):
    session, view, case, _ = desk
    session.open_case(case, Annotation.empty(case.id, project.template), None)
    view.show_notice.assert_not_called()
    session.receive_prediction(prediction(project, case, "Doubtful."))
    assert view.show_notice.call_count == 1
    session.receive_prediction(replace(prediction(project, case, None)))
    view.dismiss.assert_called_with(NOTICE)
