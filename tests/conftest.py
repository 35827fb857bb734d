"""What holds for every test: no network, no screen, no file of the user, and nothing left behind."""

import gc
import importlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

GUARD = str(Path(__file__).parent / "network_guard")
if getattr(sys.modules.get("sitecustomize"), "NetworkUseError", None) is None:  # else Python has imported it at start
    sys.path.insert(0, GUARD)
    sys.modules.pop("sitecustomize", None)
network_guard = importlib.import_module("sitecustomize")

# No time limit for one example: how long it takes says more of what else the computer does than of the code.
settings.register_profile("medsapiens", deadline=None, print_blob=True)
settings.load_profile("medsapiens")

HOME = Path(tempfile.mkdtemp(prefix="medsapiens-tests-"))


def pytest_configure():
    """Set what child processes must inherit, before Qt or torch is loaded."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [GUARD, os.environ.get("PYTHONPATH")]))
    os.environ[network_guard.LOG] = str(HOME / "network")
    os.environ["MEDSAPIENS_HOME"] = str(HOME / "home")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[name] = str(HOME / name.lower())


def pytest_unconfigure():
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_network():
    """Fail a test that tried, itself or in a child process, even when the refusal was swallowed."""
    yield
    attempts = [*network_guard.attempts, *network_guard.attempts_of_children()]
    network_guard.attempts.clear()
    assert not attempts, f"this test used the network: {attempts}"


class _ErrorRecords(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages = []

    def emit(self, record):
        self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def no_error_logs(request):
    """Fail a test in which our code logs an error, unless it is marked `expects_error_log`."""
    handler = _ErrorRecords()
    loggers = [logging.getLogger(name) for name in ("app", "medsapiens_core")]
    for logger in loggers:
        logger.addHandler(handler)
    yield
    for logger in loggers:
        logger.removeHandler(handler)
    if request.node.get_closest_marker("expects_error_log") is None:
        assert not handler.messages, f"errors were logged: {handler.messages}"


@pytest.fixture(autouse=True)
def no_leaked_windows():
    """Fail a test that leaves a top-level widget alive: the next test would share its events."""
    before = set(_top_level_widgets())
    yield
    if set(_top_level_widgets()) - before:
        gc.collect()
        after = _top_level_widgets()
        leaked = [after[address] for address in set(after) - before]
        assert not leaked, f"windows left behind (use qtbot.addWidget): {leaked}"


def _top_level_widgets():
    """C++ address -> description of each top-level widget, once pending deletions are done."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    core = sys.modules.get("PySide6.QtCore")
    if widgets is None or core is None or not isinstance(core.QCoreApplication.instance(), widgets.QApplication):
        return {}
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
    address = importlib.import_module("shiboken6").getCppPointer
    return {address(widget)[0]: repr(widget) for widget in widgets.QApplication.topLevelWidgets()}
