import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.session.case_list_model import CaseListModel
from app.session.landmark_list_model import LandmarkListModel
from app.session.view_state import JobState, JobStep, ModelRow, Notice
from app.views.chart import round_ticks
from app.views.job_card import time_left
from app.views.label_layout import place_names
from app.views.landmark_panel import LandmarkPanel
from app.views.loupe import Loupe
from app.views.models_panel import ModelsPanel
from app.views.notice_strip import NoticeStrip
from app.views.toasts import Toasts
from app.views.worklist_panel import WorklistPanel
from tests.app.views.states import case, image, marker, row


def shown_buttons(widget):
    return {b.text(): b for b in widget.findChildren(QPushButton) if b.isVisibleTo(widget)}


def model_of(count, total=None):
    model = CaseListModel()
    model.reset(count if total is None else total)
    model.receive_page(model.generation, 0, [case(number) for number in range(1, count + 1)])
    return model


@pytest.fixture
def worklist(qtbot, registry):
    panel = WorklistPanel(registry)
    qtbot.addWidget(panel)
    panel.resize(292, 600)
    panel.show()
    return panel


@pytest.fixture
def models(qtbot, registry):
    panel = ModelsPanel(registry)
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    panel.show()
    return panel


def test_filters_show_their_counts_and_say_which_was_chosen(worklist, qtbot):
    worklist.set_counts({"all": 1240, "reviewed": 66})
    assert worklist.filters["all"].text() == "All  1,240"
    assert worklist._progress_text.text() == "66 of 1,240 reviewed"
    with qtbot.waitSignal(worklist.filter_changed) as signal:
        worklist.filters["flagged"].click()
    assert signal.args == ["flagged"]
    assert not worklist.filters["all"].isChecked()


def test_sorting_is_reported_by_key(worklist, qtbot):
    with qtbot.waitSignal(worklist.sort_changed) as signal:
        worklist.sort.activated.emit(worklist.sort.setCurrentIndex(2) or 2)
    assert signal.args == ["score"]


def test_resetting_the_controls_is_silent(worklist, qtbot):
    worklist.filters["locked"].click()
    with qtbot.assertNotEmitted(worklist.filter_changed), qtbot.assertNotEmitted(worklist.sort_changed):
        worklist.reset_controls()
    assert worklist.filters["all"].isChecked()


def test_the_wheel_over_a_combo_box_changes_nothing(worklist):
    at = QPointF(10, 10)
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(worklist.sort, event)
    assert worklist.sort.currentIndex() == 0


def test_the_open_case_stays_marked_when_its_page_arrives_late(worklist):
    model = CaseListModel()
    worklist.set_model(model)
    worklist.set_current(3)
    model.reset(5)
    assert not worklist.list.selectionModel().hasSelection()
    model.receive_page(model.generation, 0, [case(number) for number in range(1, 6)])
    assert worklist.list.currentIndex().row() == 2


def test_an_empty_list_says_what_to_do(worklist):
    model = model_of(0)
    worklist.set_model(model)
    worklist.set_counts({})
    assert worklist._empty.isVisible() and "Ctrl+I" in worklist._empty.text()
    worklist.set_counts({"all": 7})
    assert worklist._empty.text() == "No case matches."
    model.reset(1)
    assert not worklist._empty.isVisible() and worklist.list.isVisible()


def test_every_kind_of_case_is_drawn(worklist):
    rows = [
        case(1),
        case(2, "predicted", part="locked"),
        case(3, "in_review", 5, flagged=True),
        case(4, "reviewed", 12),
    ]
    model = CaseListModel()
    model.reset(5)
    worklist.set_model(model)
    model.receive_page(model.generation, 0, rows)
    assert not worklist.grab().isNull()


@pytest.fixture
def landmarks(qtbot, registry):
    panel = LandmarkPanel(registry)
    qtbot.addWidget(panel)
    panel.resize(320, 800)
    panel.show()
    labels = ["predicted", "confirmed", "corrected", "estimated", "absent", "not placed"]
    model = LandmarkListModel(panel)
    model.set_rows(
        [row(number + 1, label, warning="At the edge" if number == 2 else "") for number, label in enumerate(labels)]
    )
    panel.set_model(model)
    return panel


def test_the_current_landmark_is_described(landmarks):
    landmarks.set_current(row(3, "corrected", warning="At the edge"))
    assert landmarks.card._name.text() == "Orbitale  (Or)"
    assert landmarks.card._sub.text() == "Corrected", "what the model said is no measure of it"
    assert landmarks.list.currentIndex().row() == 2
    landmarks.set_progress(2, 6)
    assert landmarks._count.text() == "2 of 6 decided"
    assert not landmarks.grab().isNull()
    landmarks.set_current(None)
    assert landmarks.card._name.text() == "No landmark"


def test_a_double_click_zooms(landmarks, qtbot):
    with qtbot.waitSignal(landmarks.row_zoomed) as signal:
        landmarks.list.zoomed.emit(1)
    assert signal.args == ["nasion"]


def job(number, state="running", **more):
    return JobState(number, state, "Train", 0.5, "epoch 3 of 9", 370.0, **more)


def test_a_job_offers_what_works_in_its_state(models, qtbot):
    models.set_jobs([job(7, can_stop=True, can_cancel=True), job(6, "interrupted", can_resume=True, can_remove=True)])
    running, stopped = models.jobs.card(7), models.jobs.card(6)
    assert set(shown_buttons(running)) == {"Stop and keep best", "Cancel and discard"}
    assert running._text.text() == "epoch 3 of 9  ·  about 6 min left"
    for card, text, signal, number in (
        (running, "Stop and keep best", models.stop_requested, 7),
        (running, "Cancel and discard", models.cancel_requested, 7),
        (stopped, "Resume", models.resume_requested, 6),
        (stopped, "Remove", models.remove_requested, 6),
    ):
        with qtbot.waitSignal(signal) as caught:
            shown_buttons(card)[text].click()
        assert caught.args == [number]
    models.set_jobs([job(7, "done", can_compare=True)])
    assert models.jobs.card(7) is running
    with qtbot.waitSignal(models.compare_job_requested):
        shown_buttons(running)["Compare…"].click()


def test_the_steps_of_a_job_flow_and_say_what_they_measure(models):
    names = ("Freeze", "Check", "Prepare", "Train", "Evaluate", "Gate", "You decide")
    states = ("done",) * 3 + ("current",) + ("waiting",) * 3
    steps = tuple(JobStep(name, state, f"about {name}") for name, state in zip(names, states, strict=True))
    models.set_jobs([job(7, steps=steps, base="v3", notes=("Memory ran out.",))])
    card = models.jobs.card(7)
    assert card.steps.accessibleName() == "Step 4 of 7, Train: about Train"
    assert card.steps.height_at(200) > card.steps.height_at(2000) > 0
    assert card._title.text() == "Job 7  ·  Running  ·  from v3" and card._notes.text() == "Memory ran out."
    assert not card.grab().isNull()


def test_curves_are_those_of_the_running_job(models):
    losses = tuple((float(step), 1.0 / (step + 1)) for step in range(20))
    models.set_jobs([job(8, "queued"), job(7, losses=losses, val_errors=((1.0, 2.0), (2.0, 1.5), (3.0, 1.7)))])
    assert models.curves.loss.points == losses
    assert models.curves.error.best == (2.0, 1.5)
    assert models.curves.error.title == "Error, mm  ·  best 1.50"
    assert models.curves.error.toolTip() == "Best: 1.50 mm, in epoch 2"
    assert not models.grab().isNull()
    models.set_jobs([job(7, val_errors=((1.0, 2.0),), base="v3", val_base=1.42)])
    assert models.curves.error.level == ("v3 1.42", 1.42) and not models.curves.error.grab().isNull()
    models.set_jobs([])
    assert models.curves.loss.points == () and models.curves.error.best is None


def test_models_offer_what_works_for_them(models, qtbot):
    candidate = ModelRow("v4", "v4@1", "candidate", False, ("ceph-19",), "62 cases", can_promote=True, can_compare=True)
    models.set_models([candidate, ModelRow("base", "b@1", "in use", True, ("ceph-19",), "", can_rollback=True)])
    card = models.models.card("v4")
    assert set(shown_buttons(card)) == {"Compare…", "Promote", "Card…", "Export…"}
    for text, signal in (
        ("Compare…", models.compare_model_requested),
        ("Promote", models.promote_requested),
        ("Card…", models.card_requested),
        ("Export…", models.export_requested),
    ):
        with qtbot.waitSignal(signal) as caught:
            shown_buttons(card)[text].click()
        assert caught.args == ["v4"]
    base = models.models.card("base")
    assert base._badge.text() == "In use"
    with qtbot.waitSignal(models.rollback_requested):
        shown_buttons(base)["Roll back"].click()
    models.set_models([])
    assert models.models._empty.isVisibleTo(models)


def test_the_fine_tune_button_says_why_it_is_off(models, qtbot):
    models.set_finetune_button("Fine-tune", False, "Nothing new since v3")
    assert not models.finetune.isEnabled()
    assert models._note.text() == models.finetune.toolTip() == "Nothing new since v3"
    models.set_finetune_button("Fine-tune with 12 new corrections", True, "", "since v3, 9 Nov")
    assert models._note.text() == "since v3, 9 Nov"
    with qtbot.waitSignal(models.finetune_requested):
        models.finetune.click()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (3, "finishing"), (40, "less than a minute left"), (370, "about 6 min left")],
)
def test_time_left_in_words(seconds, words):
    assert time_left(seconds) == words


def test_curves_share_the_room(models, qtbot):
    error, loss = models.curves.error, models.curves.loss
    models.resize(1600, 300)
    qtbot.waitUntil(lambda: error.y() == loss.y() and error.x() < loss.x())
    models.resize(900, 300)
    qtbot.waitUntil(lambda: error.x() == loss.x() and error.y() < loss.y())
    models.resize(600, 300)
    assert not models.curves.isVisible()


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.25, 0.5, 0.75, 1.0]),
        (0.3, 2.1, [0.5, 1.0, 1.5, 2.0]),
        (0, 800, [0, 200, 400, 600, 800]),
        (7, 7, [7]),
    ],
)
def test_axes_carry_round_numbers(low, high, ticks):
    assert round_ticks(low, high) == ticks


def test_notices_wait_behind_the_newest(qtbot, dark):
    strip = NoticeStrip()
    qtbot.addWidget(strip)
    strip.show_notice(Notice("a", "info", "First"))
    strip.show_notice(Notice("b", "warning", "Second", (("fix", "Mend it"),)))
    assert strip.shown.id == "b" and strip._more.text() == "+1 more"
    with qtbot.waitSignal(strip.action_triggered) as signal:
        qtbot.waitUntil(lambda: "Mend it" in shown_buttons(strip))
        shown_buttons(strip)["Mend it"].click()
    assert signal.args == ["b", "fix"]
    with qtbot.waitSignal(strip.dismissed):
        strip._dismiss_shown()
    assert strip._text.text() == "First"
    strip.dismiss("a")
    assert strip.isHidden()


def test_a_toast_offers_a_way_back_and_goes(qtbot, dark):
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(600, 400)
    host.show()
    toasts = Toasts(host)
    toasts.show_message("0143 marked reviewed.", (("back", "Go back"),))
    assert toasts.isVisible() and host.rect().contains(toasts.geometry())
    with qtbot.waitSignal(toasts.action_triggered) as signal:
        shown_buttons(toasts)["Go back"].click()
    assert signal.args == ["back"] and not toasts.isVisible()
    toasts.show_message("A very long message " * 20, ms=10)
    assert host.rect().contains(toasts.geometry())
    qtbot.waitUntil(lambda: not toasts.isVisible())


def test_the_loupe_shows_the_point_in_its_middle(qtbot, dark):
    loupe = Loupe()
    qtbot.addWidget(loupe)
    loupe.resize(281, 201)
    state = image()
    pixels = np.zeros(state.pixels.shape, np.uint16)
    pixels[149:152, 199:202] = 4095
    loupe.set_image(state.__class__(**{**state.__dict__, "pixels": pixels}))
    loupe.set_window((0, 4095), False)
    loupe.set_target((200.0, 150.0))
    loupe.set_markers([marker(1, 200, 150, current=True), marker(2, 210, 150)])
    picture = loupe.grab().toImage()
    assert picture.pixelColor(140, loupe.height() // 2).lightness() > 250
    assert picture.pixelColor(140 + 30, loupe.height() // 2 + 20).lightness() < 20
    loupe.set_image(None)
    assert not loupe.grab().isNull()


def test_names_keep_off_neighbours_and_hide_in_a_crowd():
    sizes = [(40.0, 14.0)] * 4
    points = [(100.0, 100.0), (130.0, 100.0), (400.0, 100.0), (410.0, 104.0)]
    placed = place_names(points, sizes, current=None)
    assert set(placed) == {0, 1}  # the other two are closer than 18 px
    boxes = [(x, y, x + 40, y + 14) for x, y in placed.values()]
    (a, b) = boxes
    assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    assert 3 in place_names(points, sizes, current=3)


def test_all_states_are_drawn_on_the_image(view):
    labels = ["predicted", "confirmed", "corrected", "estimated"]
    markers = [marker(i + 1, 180.0 + 20 * i, 150.0, label, ghost=(185.0, 160.0)) for i, label in enumerate(labels)]
    view.set_markers([*markers, marker(5, None, None, "absent"), marker(6, None, None, "not placed")])
    view.set_lines([("sella", "nasion"), ("sella", "a point")])
    blank = view.grab().toImage()
    view.set_overlay_visible(False)
    assert view.grab().toImage() != blank


def test_markers_keep_their_size_on_screen(view):
    def extent():
        view.set_overlay_visible(True)
        shown = view.grab().toImage()
        view.set_overlay_visible(False)
        bare = view.grab().toImage()
        different = [
            x for x in range(shown.width()) if any(shown.pixel(x, y) != bare.pixel(x, y) for y in range(280, 320))
        ]
        return max(different) - min(different)

    view.set_names("none")
    view.set_markers([marker(1, 200.0, 150.0, "confirmed")])
    view.look_at((200, 150), 1.0)
    small = extent()
    view.look_at((200, 150), 16.0)
    assert abs(extent() - small) <= 1
    assert 14 <= small <= 22


def test_leaving_the_view_is_noticed(view, qtbot):
    with qtbot.waitSignal(view.cursor_left):
        QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    QTest.keyClick(view, Qt.Key.Key_Escape)


def test_of_notices_that_stay_behind_the_one_with_buttons_is_in_front(qtbot):
    strip = NoticeStrip()
    qtbot.addWidget(strip)
    quiet = Notice("photo", "info", "Distances are approximate.", is_behind=True)
    asking = Notice("spacing", "info", "No pixel size.", (("ruler", "Use ruler"),), is_behind=True)
    for first, second in ((quiet, asking), (asking, quiet)):
        strip.clear()
        strip.show_notice(first)
        strip.show_notice(second)
        assert strip.shown.id == "spacing"
        strip.show_notice(Notice("grave", "error", "Not saved."))
        assert strip.shown.id == "grave"
        strip.dismiss("grave")
        strip.dismiss("spacing")
        assert strip.shown.id == "photo"
