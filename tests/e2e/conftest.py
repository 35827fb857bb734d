import pytest

from app.application import Application
from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.training.config import TrainingOptions

from ..app.building import write_model

TEMPLATE_ID = "chest-6"
FEW_STEPS = TrainingOptions(epochs=2, device="cpu", batch_size=2)


@pytest.fixture(scope="session")
def embedded_models(tmp_path_factory):
    """A folder of embedded models with one tiny network, so that a whole loop takes seconds."""
    folder = tmp_path_factory.mktemp("embedded")
    write_model(folder / "default", (find_template(TEMPLATE_ID),))
    return folder


def ask_nothing(window):
    """A failed test must not end in a question that nobody answers."""
    window.close_guard = None


@pytest.fixture(autouse=True)
def one_thread_for_children(monkeypatch):
    """Threads of tiny networks that wait for one another on a busy machine take many times as long as one."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def start_application(qtbot, tmp_path, embedded_models):
    """Starts the real application, as often as a test likes, always on the same home."""

    def start(folder=None):
        home = tmp_path / "home"
        library = ModelLibrary(home, embedded=embedded_models)
        application = Application(home, library=library, training_options=FEW_STEPS)
        qtbot.addWidget(application.window, before_close_func=ask_nothing)
        application.refusals = []
        application.opening_failed.connect(application.refusals.append)
        application.window.show()
        if folder is not None:
            application.open_project(folder)
            qtbot.waitUntil(lambda: application.workspace is not None, timeout=20_000)
        return application

    return start
