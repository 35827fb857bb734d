"""What lies over the picture or beside it: heatmap, frame bar, histogram, presets, floating loupe, spoken notices."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtTest import QTest

from app.session.presets import presets
from app.session.view_state import HeatmapState, Notice
from app.views import notice_strip
from app.views.floating_loupe import AWAY, SIDE, place_beside
from app.views.heatmap_item import STRONGEST, coloured
from app.views.histogram_popup import HistogramPopup
from app.views.notice_strip import NoticeStrip, spoken
from app.views.orientation import UPRIGHT
from app.views.side_letters import letters_at_edges
from medsapiens_core.data.sides import PatientSides
from tests.app.views import mouse
from tests.app.views.states import image

CELL = 8.0  # image px


def heatmap(peak=(6, 4), case_id=1):
    """Cells of 8 px, the first one's centre on image (3.5, 3.5), all of the strength in one cell."""
    values = np.zeros((20, 30), np.uint8)
    values[peak[1], peak[0]] = 255
    return HeatmapState(case_id, "sella", values, ((CELL, 0.0, 3.5), (0.0, CELL, 3.5)))


def colours(view):
    """Redness (H, W) of what is on screen: red minus blue."""
    grab = view.grab().toImage().convertToFormat(grab_format())
    flat = np.frombuffer(grab.constBits(), np.uint8).reshape(grab.height(), grab.bytesPerLine())
    rgb = flat[:, : 3 * grab.width()].reshape(grab.height(), grab.width(), 3).astype(int)
    return rgb[..., 0] - rgb[..., 2]


def grab_format():
    from PySide6.QtGui import QImage

    return QImage.Format.Format_RGB888


# heatmap


def test_a_heatmap_is_clear_where_there_is_nothing_and_brighter_where_it_is_strong():
    picture = coloured(np.array([[0, 128, 255]], np.uint8))
    none, some, most = (QColor(picture.pixelColor(x, 0)) for x in range(3))
    assert none.alpha() == 0 and 0 < some.alpha() < most.alpha() == STRONGEST
    assert some.lightness() < most.lightness(), "told apart in greys, too"


def test_the_heatmap_lies_on_the_anatomy_at_every_zoom_and_when_flipped(view):
    view.set_markers([])
    xy = (3.5 + 6 * CELL, 3.5 + 4 * CELL)
    for zoom, flipped in ((1.0, False), (4.0, False), (3.0, True)):
        view.set_orientation(view.orientation.flipped_left_right() if flipped else view.orientation)
        view.look_at(xy, zoom)
        view.set_heatmap(heatmap())
        warm = colours(view) > 60
        rows, columns = np.nonzero(warm)
        middle = view.view_to_image(QPointF(columns.mean() + 0.5, rows.mean() + 0.5))
        assert middle == pytest.approx(xy, abs=1.0)
        assert abs(np.ptp(columns) - CELL * zoom) < 0.75 * CELL * zoom, "its size follows the zoom"
        view.set_heatmap(None)
        assert not (colours(view) > 60).any()


def test_the_heatmap_goes_with_the_overlays_and_with_the_case(view):
    view.set_heatmap(heatmap())
    QTest.keyPress(view, Qt.Key.Key_H)
    assert not view.heat.isVisible()
    QTest.keyRelease(view, Qt.Key.Key_H)
    assert view.heat.isVisible() and view.heat.state is not None
    view.set_image(image(case_id=2))
    assert view.heat.state is None, "it belongs to the case before"


# frames


def test_the_frame_bar_counts_from_one_and_offers_another_frame_to_work_on(window, qtbot):
    bar, asked, used = window.frames, [], []
    bar.frame_requested.connect(asked.append)
    bar.use_requested.connect(lambda: used.append(True))
    assert not bar.isVisible(), "one frame needs no bar"
    film = replace(image(), frame=3, frame_count=12, working_frame=3)
    bar.set_image(film)
    assert bar.isVisible() and (bar.spin.value(), bar.spin.minimum(), bar.spin.maximum()) == (4, 1, 12)
    assert (bar.slider.value(), bar.slider.maximum()) == (3, 11) and not bar.use.isVisible()
    bar.step(1)
    bar.step(10)
    bar.step(-20)
    assert asked == [4, 11, 0], "steps stop at the ends"
    bar.set_image(replace(film, frame=5))
    assert bar.use.isVisible() and "landmarks on frame 4" in bar._marks.text()
    bar.use.click()
    assert used == [True]
    bar.spin.setFocus()
    bar.spin.lineEdit().setText("9")
    with qtbot.waitSignal(bar.left):
        QTest.keyClick(bar.spin, Qt.Key.Key_Return)
    assert asked[-1] == 8
    before = len(asked)
    bar.slider.clearFocus()
    mouse_wheel_on(bar.slider)
    assert len(asked) == before, "the wheel over it scrolls nothing"


def mouse_wheel_on(widget):
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    at = QPointF(widget.rect().center())
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(at, at, QPoint(), QPoint(0, 120), *none, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)


# histogram and presets


def test_the_histogram_shows_and_changes_window_and_level_both_ways(view, qtbot):
    popup = HistogramPopup(view, view)
    qtbot.addWidget(popup)
    view.set_window(1000.0, 3000.0)
    assert popup.handles.getRegion() == (1000.0, 3000.0)
    assert (popup.width_box.value(), popup.level_box.value()) == (2000.0, 2000.0)
    popup.handles.setRegion((500.0, 1500.0))
    assert view.window_range == (500.0, 1500.0)
    popup.level_box.setValue(2000.0)
    assert view.window_range == (1500.0, 2500.0)
    popup.width_box.setValue(100.0)
    assert view.window_range == (1950.0, 2050.0)
    popup._file.click()
    assert view.window_range == view.image.window
    popup._auto.click()
    low, high = view.window_range
    assert low < high and (low, high) != view.image.window


def test_presets_name_the_file_the_full_range_and_what_the_modality_knows():
    plain = replace(image(), window=(100.0, 900.0), modality="DX")
    found = {name: (low, high) for name, low, high in presets(plain, {2: (5.0, 50.0)})}
    assert list(found) == ["As the file says", "Full range", "Bone", "Soft tissue", "Own 2"]
    assert found["As the file says"] == (100.0, 900.0) and found["Full range"] == (0.0, 4095.0)
    assert found["Bone"][0] > found["Soft tissue"][0] and found["Own 2"] == (5.0, 50.0)
    negative = {name: (low, high) for name, low, high in presets(replace(plain, inverted=True))}
    assert negative["Bone"][1] < found["Bone"][1], "bone is dark in the numbers of MONOCHROME1"
    tomogram = {name: (low, high) for name, low, high in presets(replace(plain, modality="CT"))}
    assert tomogram["Bone"] == (-500.0, 1500.0)
    from_file = replace(plain, presets=(("BONE", 1.0, 2.0),))
    assert [name for name, _, _ in presets(from_file)].count("Bone") == 0, "the file's own goes before ours"


def test_own_presets_are_asked_to_be_kept_with_what_is_on_screen(window):
    stored = []
    window.presets.store_requested.connect(lambda *what: stored.append(what))
    window.image_view.set_window(10.0, 20.0)
    dict(window.presets.menu_entries())["Keep this window as own 2"]()
    assert stored == [(2, window.image_view.image.modality, 10.0, 20.0)]


# floating loupe


def test_the_floating_loupe_follows_the_pointer_and_never_covers_it(view):
    view.loupe.set_wanted(True)
    for at in ((400.0, 300.0), (20.0, 20.0), (790.0, 20.0), (20.0, 590.0), (790.0, 590.0)):
        mouse.move(view, at, Qt.MouseButton.NoButton)
        widget = view.loupe.widget
        assert widget.isVisible() and not widget.covers(QPointF(*at))
        assert view.rect().contains(widget.geometry())
        assert widget.lens.target == pytest.approx(view.clamp(view.view_to_image(QPointF(*at))))
    view.loupe.set_wanted(False)
    assert not view.loupe.widget.isVisible()


def test_the_loupe_is_60_px_away_and_turns_at_the_edges():
    left, top = place_beside((400.0, 300.0), (800.0, 600.0))
    assert np.hypot(400 - (left + SIDE), 300 - (top + SIDE)) == pytest.approx(AWAY)
    assert place_beside((10.0, 10.0), (800.0, 600.0))[0] > 10, "to the right where there is no room at the left"


def test_the_loupe_comes_by_itself_while_a_point_is_dragged_below_200_percent(view):
    view.zoom_by(1.0 / view.zoom)
    start = view.camera.to_view((200.0, 150.0))
    mouse.press(view, start)
    mouse.move(view, (start[0] + 8, start[1] + 3))
    widget = view.loupe.widget
    assert widget.isVisible() and widget.lens.target == pytest.approx(view.layer.moving_xy)
    mouse.release(view, (start[0] + 8, start[1] + 3))
    assert not widget.isVisible()
    view.zoom_by(4.0 / view.zoom)
    start = view.camera.to_view((200.0, 150.0))
    mouse.press(view, start)
    mouse.move(view, (start[0] + 8, start[1] + 3))
    assert not widget.isVisible(), "large enough as it is"
    mouse.release(view, (start[0] + 8, start[1] + 3))


# notices


def test_a_notice_is_spoken_once_with_what_can_be_done(qtbot, dark, monkeypatch):
    said = []
    monkeypatch.setattr(notice_strip, "announce", lambda _widget, text: said.append(text))
    strip = NoticeStrip()
    qtbot.addWidget(strip)
    strip.show_notice(Notice("n", "warning", "No pixel size.", (("Use ruler", "Use ruler"),)))
    assert said == ["Warning: No pixel size. Buttons: Use ruler."]
    strip.show_notice(Notice("n", "warning", "No pixel size.", (("Use ruler", "Use ruler"),)))
    assert len(said) == 1
    for number in range(3):
        strip.show_notice(Notice("import", "info", f"Importing images: {number} of 3"))
    assert said[1:] == ["Importing images: 0 of 3"], "not every step of a progress"
    assert spoken(Notice("e", "error", "Not saved.")) == "Error: Not saved."
    assert not QAccessible.isActive() or said


def test_the_window_can_be_as_small_as_1100_by_680(window, qtbot):
    window.resize(1100, 680)
    assert (window.width(), window.height()) == (1100, 680)
    assert window.image_view.width() >= 380 and window.image_view.height() >= 300
    panel, bar = window.landmark_panel, window.status
    below = panel.mapTo(window, panel.rect().bottomLeft()).y()
    assert below <= bar.mapTo(window, bar.rect().topLeft()).y(), "nothing covers the status bar"
    qtbot.waitUntil(lambda: panel.list.height() >= 98)


def test_a_notice_puts_its_buttons_below_where_there_is_little_room(qtbot, dark):
    strip = NoticeStrip()
    qtbot.addWidget(strip)
    offers = tuple((word, word) for word in ("Use ruler", "Enter pixel size", "Keep pixels"))
    strip.show_notice(Notice("n", "info", "No pixel size in this file. Lengths are shown in pixels.", offers))
    strip.show()
    for width, below in ((900, False), (460, True), (900, False)):
        strip.resize(width, strip.sizeHint().height())
        qtbot.waitUntil(lambda below=below: (strip._box.y() > strip._text.geometry().bottom()) is below)
        assert strip._text.width() >= 200


# sides of the patient


def test_letters_of_the_patients_sides_follow_every_turn_of_the_view(view):
    sides = PatientSides("L", "F")
    assert letters_at_edges(sides, UPRIGHT) == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    mirrored = UPRIGHT.flipped_left_right()
    assert letters_at_edges(sides, mirrored) == {"left": "L", "right": "R", "top": "H", "bottom": "F"}
    turned = letters_at_edges(sides, UPRIGHT.turned_right())
    assert turned == {"left": "F", "right": "H", "top": "R", "bottom": "L"}, "what was above lies to the right"

    without = view.grab().toImage()
    view.set_image(image(sides=sides))
    view.set_orientation(mirrored)
    mirrored_only = image()
    with_letters = view.grab().toImage()
    view.set_image(mirrored_only)
    view.set_orientation(mirrored)
    assert view.grab().toImage() != with_letters and without != with_letters
