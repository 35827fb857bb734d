import pytest

from app.controllers.reader_desk import ReaderDesk
from app.preferences import FULL_NAME, INITIALS, Preferences
from app.session.review_session import ReviewSession
from app.tasks.task_runner import TaskRunner
from medsapiens_core.data.readers import ALL_ROLES, Reader
from medsapiens_core.store.project import Project

from ..building import BLOBS, add_case


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=BLOBS) as made:
        add_case(made, 1)
        yield made


@pytest.fixture
def runner():
    made = TaskRunner()
    yield made
    made.shut_down()


@pytest.fixture
def make(project, runner):
    """Makes a desk at which a person gives `answer` when asked; `asked` lists what was asked."""

    def desk(answer=None, preferences=None):
        made = ReaderDesk(
            runner,
            project,
            ReviewSession(BLOBS, lambda _edit, _before: None),
            preferences or Preferences(),
            ask=lambda readers, proposal, text: asked.append((len(readers), proposal.code)) or answer,
        )
        asked = made.asked = []
        return made

    return desk


def preferences(initials="", name=""):
    made = Preferences()
    made.set(INITIALS, initials)
    made.set(FULL_NAME, name)
    return made


@pytest.mark.parametrize(
    ("initials", "name", "code"),
    [("ab", "", "ab"), ("", "Anna Berg", "AB"), ("no way!", "", "NW"), ("XY", "Anna", "XY")],
)
def test_who_is_here_comes_from_the_settings(make, initials, name, code):
    assert make(preferences=preferences(initials, name)).me.code == code


def test_without_settings_it_is_the_account_and_nobody_is_asked(make, monkeypatch):
    monkeypatch.setattr("app.controllers.reader_desk.user_name", lambda: "berg")
    desk = make()
    desk.start()
    assert desk.me == Reader("berg", "", ALL_ROLES)
    assert desk.refusal_to_write() == "" and desk.refusal("models") == "" and desk.asked == []


def test_whoever_changes_something_first_becomes_the_owner(make, project):
    desk = make(preferences=preferences("AB", "Anna Berg"))
    desk.register()
    desk.register()
    assert project.readers.known == (Reader("AB", "Anna Berg", ALL_ROLES),)


def test_a_project_of_several_asks_at_the_start_and_remembers(make, project, qtbot):
    for code in ("AB", "CD"):
        project.readers.add(Reader(code))
    kept = preferences("XY")
    desk = make(project.readers.find("CD"), kept)
    assert desk.me is None and desk.refusal("models").startswith("Say first who you are")
    desk.start()
    assert (desk.me.code, desk._session.who, project.person) == ("CD", "CD", "CD")
    assert desk.asked == [(2, "XY")]
    again = make(preferences=kept)
    again.start()
    assert again.me.code == "CD" and again.asked == []


def test_a_stranger_in_a_project_of_one_is_asked_at_the_first_change(make, project, qtbot):
    project.readers.add(Reader("AB"))
    desk = make(None, preferences("XY"))
    desk.start()
    assert desk.asked == []
    assert desk.refusal_to_write().startswith("Nothing was changed: choose first who you are")
    assert desk.asked == [(1, "XY")]


def test_somebody_new_is_registered_and_the_project_opened_again(make, project, qtbot):
    desk = make(Reader("CD", "Carl Dahl"), preferences("AB"))
    with qtbot.waitSignal(desk.reopen_wanted):
        desk.choose()
    assert [(r.code, r.roles) for r in project.readers.known] == [("AB", ALL_ROLES), ("CD", ("reader",))]
