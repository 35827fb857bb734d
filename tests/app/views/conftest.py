import pytest

from app import theme
from app.action_registry import ActionRegistry
from app.actions import CONDITIONS
from app.views.image_view import ImageView
from app.views.main_window import MainWindow
from tests.app.views.states import image, marker


@pytest.fixture
def dark(qapp):
    theme.apply(qapp, "dark")


@pytest.fixture
def registry(qapp, dark):
    registry = ActionRegistry()
    for name in CONDITIONS:
        registry.set_condition(name, True)
    return registry


@pytest.fixture
def view(qtbot, dark):
    """An image view of 800 x 600 with a picture at 200 % and three landmarks."""
    view = ImageView()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    view.set_image(image())
    view.zoom_by(2.0 / view.zoom)
    view.set_markers(
        [marker(1, 200.0, 150.0, current=True), marker(2, 300.0, 150.0, "confirmed"), marker(3, 250.0, 100.0)]
    )
    view.setFocus()
    return view


@pytest.fixture
def window(qtbot, dark):
    """A window with every condition met, on the review page, with a picture and landmarks."""
    window = MainWindow()
    qtbot.addWidget(window)
    for name in CONDITIONS:
        window.registry.set_condition(name, True)
    window.resize(1280, 800)
    window.show()
    window.show_review()
    window.image_view.set_image(image(row_mm=0.2, col_mm=0.1, presets=(("Bone", 100.0, 900.0),)))
    window.image_view.set_markers([marker(1, 200.0, 150.0, current=True), marker(2, 300.0, 150.0, "confirmed")])
    qtbot.waitUntil(window.image_view.hasFocus)
    return window
