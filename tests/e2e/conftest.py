import pytest

from app.application import Application
from app.tasks.worker_process import WorkerProcess
from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.training.config import TrainingOptions

from ..app.building import write_model
from .packs import make_pack_a, make_pack_b, make_pack_c

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
def children_that_get_on(monkeypatch):
    """Threads of tiny networks that wait for one another on a busy machine take many times as long as one; and a
    child that gives way to everybody never ends there.
    """
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(WorkerProcess, "_lower_priority", lambda _self: None)


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


@pytest.fixture(scope="session")
def made_packs(tmp_path_factory):
    """Makes a pack once per session; `pack_a`, `pack_b`, `pack_c` hand out copies."""
    made = {}

    def pack(name, make):
        if name not in made:
            made[name] = make(tmp_path_factory.mktemp(name))
        return made[name]

    return pack


@pytest.fixture
def pack_a(made_packs, tmp_path):
    """A copy of pack A with the candidates s2 and s3 (see packs.py)."""
    return made_packs("pack_a", lambda folder: make_pack_a(folder, with_candidates=True)).copy_to(tmp_path)


@pytest.fixture
def trainable_pack(made_packs, tmp_path):
    """A copy of pack A whose model can be trained."""
    return made_packs("trainable", lambda folder: make_pack_a(folder, trainable=True)).copy_to(tmp_path)


@pytest.fixture
def pack_b(made_packs, tmp_path):
    """A copy of pack B."""
    return made_packs("pack_b", make_pack_b).copy_to(tmp_path)


@pytest.fixture
def pack_c(made_packs, tmp_path):
    """A copy of pack C."""
    return made_packs("pack_c", make_pack_c).copy_to(tmp_path)


@pytest.fixture
def open_pack(qtbot):
    """Starts the real application on a pack and waits until a case is on screen: `open_pack(pack, "A02")`.

    Without a name it is the first case to do. The window is 1920 x 1080. May be called again for a restart.
    """

    def start(pack, case=None, options=FEW_STEPS):
        application = Application(pack.home, library=pack.library, training_options=options)
        qtbot.addWidget(application.window, before_close_func=ask_nothing)
        application.window.resize(1920, 1080)
        application.window.show()
        application.open_project(pack.folder)
        qtbot.waitUntil(
            lambda: application.workspace is not None and application.workspace.session.is_open, timeout=20_000
        )
        workspace = application.workspace
        if case is not None:
            workspace.open_case(pack.ids[case])
            qtbot.waitUntil(lambda: workspace.session.case.id == pack.ids[case], timeout=20_000)
        qtbot.waitUntil(lambda: workspace.models.current is not None, timeout=20_000)
        application.window.image_view.setFocus()
        return application

    return start
