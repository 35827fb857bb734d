import pytest

from app.tasks.task_runner import TaskRunner
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from ..building import BLOBS, write_model


@pytest.fixture
def runner(qtbot):
    runner = TaskRunner()
    yield runner
    qtbot.waitUntil(lambda: runner.pending == 0)
    runner.shut_down()


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "blobs.mss", name="Blobs", template=BLOBS) as project:
        yield project


@pytest.fixture(scope="session")
def embedded_models(tmp_path_factory):
    """A folder of embedded models with one tiny network that knows the template."""
    folder = tmp_path_factory.mktemp("embedded")
    write_model(folder / "default")
    return folder


@pytest.fixture
def library(tmp_path, embedded_models):
    return ModelLibrary(tmp_path / "home", embedded=embedded_models)
