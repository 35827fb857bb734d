"""Live updates stop for a case when a correction does not fit the others, and go on when asked to (ux.md 7.6)."""

import pytest

from app.controllers.fill_controller import PAUSED

from .packs import make_pack_a
from .reviewer import Reviewer


@pytest.fixture(scope="module")
def made_pack(tmp_path_factory):
    return make_pack_a(tmp_path_factory.mktemp("live"), ["A22", "A23"])


@pytest.fixture
def reviewer(made_pack, tmp_path, open_pack, qtbot):
    pack = made_pack.copy_to(tmp_path)
    found = Reviewer(open_pack(pack, "A22"), qtbot)
    found.pack = pack
    found.wait(lambda: found.workspace.few_shot.filling.source is not None)
    return found


def test_a_correction_that_does_not_fit_pauses_this_case_until_resumed(reviewer):
    session, view, notices = reviewer.session, reviewer.view, reviewer.window.notices
    reviewer.window.action("landmark.live").trigger()
    for mark in ("sella", "nasion", "menton", "gonion"):
        session.confirm(mark)
    truth = reviewer.pack.truth["A22"]
    session.move("porion", truth["porion"][0] + 120, truth["porion"][1] + 90)
    reviewer.wait(lambda: notices.shown is not None and notices.shown.id == PAUSED)
    assert "Check Porion." in notices.shown.text and [words for _, words in notices.shown.actions] == ["Resume"]

    def places():
        return {m.landmark: (m.x, m.y) for m in view.layer.markers}

    before = places()
    session.move("nasion", truth["nasion"][0] + 6, truth["nasion"][1])
    assert not reviewer.workspace.few_shot.filling._timer.isActive(), "nothing is on its way while it is paused"
    assert {mark for mark in before if places()[mark] != before[mark]} == {"nasion"}

    reviewer.workspace.open_case(reviewer.pack.ids["A23"])
    reviewer.on_screen("A23")
    assert notices.shown is None or notices.shown.id != PAUSED, "the pause belongs to one case"
    reviewer.workspace.open_case(reviewer.pack.ids["A22"])
    reviewer.on_screen("A22")
    assert notices.shown.id == PAUSED, "and is told again when that case is back"

    session.move("porion", *truth["porion"])
    before = places()
    notices.action_triggered.emit(PAUSED, "Resume")
    reviewer.wait(lambda: "moved, mean" in reviewer.window.toasts.text)
    moved = {mark for mark in before if places()[mark] != before[mark]}
    assert moved and moved.isdisjoint({"sella", "nasion", "menton", "gonion", "porion"})
    assert notices.shown is None or notices.shown.id != PAUSED
