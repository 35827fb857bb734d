import pytest

from app.application import Application
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project

from ..building import BLOBS, add_case

LONG = 30_000


class Answers:
    """Answers the window's questions as a test says, and keeps what was asked."""

    def __init__(self, dialogs):
        self.asked, self.told = [], []
        self.choice, self.typed, self.file, self.folder = "", None, None, None
        dialogs.ask = self._ask
        dialogs.tell = self._tell
        dialogs.text = lambda _title, label, _initial="": self.asked.append((label, [])) or self.typed
        dialogs.open_file = lambda _title, _kinds: self.file
        dialogs.open_folder = lambda _title, _start="": self.folder

    def _ask(self, title, text, buttons, default, details=""):
        self.asked.append((text, [words for _, words in buttons]))
        choice, self.choice = self.choice, ""
        return next((id_ for id_, words in buttons if words == choice), "")

    def _tell(self, title, text, details="", kind="info", close=""):
        self.told.append((text, details, close))


@pytest.fixture
def start(qtbot, tmp_path):
    """Starts the real window, as often as a test likes, always on the same home."""

    def start():
        home = tmp_path / "home"
        application = Application(home, library=ModelLibrary(home, embedded=tmp_path / "none"))
        qtbot.addWidget(application.window, before_close_func=lambda window: setattr(window, "close_guard", None))
        application.answers = Answers(application.window.dialogs)
        return application

    return start


@pytest.fixture
def folder(tmp_path):
    with Project.create(tmp_path / "Ceph clinic.mss", name="Ceph clinic", template=BLOBS) as project:
        for number in range(3):
            add_case(project, number)
    return tmp_path / "Ceph clinic.mss"


@pytest.fixture
def opened(start, folder, qtbot):
    """The window with the project open and its first case on screen."""
    application = start()
    application.open_project(folder)
    qtbot.waitUntil(lambda: application.workspace is not None and application.workspace.session.is_open, timeout=LONG)
    return application


def notice(application, notice_id):
    """The text and the buttons of a line in the strip, also of one that another one covers."""
    shown = application.window.notices._notices.get(notice_id)
    return (shown.text, [words for _, words in shown.actions]) if shown is not None else ("", [])


def press(application, notice_id, words):
    """Press a button of the strip."""
    application.window.notices.action_triggered.emit(notice_id, words)
