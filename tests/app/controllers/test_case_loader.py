import pytest

from app.controllers.case_loader import CaseLoader, read_case_image

from ..building import add_case, write_png


@pytest.fixture
def loader(runner, project):
    loader = CaseLoader(runner, project)
    loader.shown, loader.refusals = [], []
    loader.loaded.connect(lambda detail, image: loader.shown.append((detail, image)))
    loader.refused.connect(lambda _case, error: loader.refusals.append(str(error)))
    return loader


def test_a_case_comes_with_picture_and_landmarks(loader, project, qtbot):
    case = add_case(project, 1)
    loader.open(case.id)
    qtbot.waitUntil(lambda: bool(loader.shown))
    detail, image = loader.shown[0]
    assert detail.row == case and image.size == (case.width, case.height)
    assert detail.annotation.case_id == case.id and detail.newest is None and detail.history == []


def test_only_the_last_wanted_case_is_shown(loader, project, qtbot):
    cases = [add_case(project, number) for number in range(6)]
    settled = []
    loader.settled.connect(settled.append)
    for case in cases:
        loader.open(case.id)
    qtbot.waitUntil(lambda: len(settled) == len(cases))
    assert [detail.row.id for detail, _ in loader.shown] == [cases[-1].id]


def test_a_prefetched_picture_is_not_read_again(loader, project, qtbot, runner):
    case = add_case(project, 1)
    loader.prefetch(case)
    qtbot.waitUntil(lambda: runner.pending == 0)
    case.path.unlink()
    loader.open(case.id)
    qtbot.waitUntil(lambda: bool(loader.shown))


def test_missing_changed_and_damaged_pictures_are_refused_with_a_reason(loader, project, qtbot):
    missing, changed, damaged = (add_case(project, number) for number in range(3))
    missing.path.unlink()
    write_png(changed.path, seed=99)
    damaged.path.write_bytes(damaged.path.read_bytes()[:200])
    for case in (missing, changed, damaged, type(missing)):
        loader.open(getattr(case, "id", 12345) if not isinstance(case, type) else 12345)
        count = len(loader.refusals) + 1
        qtbot.waitUntil(lambda count=count: len(loader.refusals) == count)
    texts = loader.refusals
    assert "not at its old place" in texts[0] and "has changed" in texts[1] and "film 002.png" in texts[2]
    assert "not in this project" in texts[3]
    assert loader.shown == []


def test_a_picture_that_was_read_ahead_does_not_open_the_case_twice(loader, runner, project, qtbot):
    row = add_case(project, 1)
    loader.open(row.id)
    loader._keep(row.id, read_case_image(row))  # arrives while the store still looks the case up
    qtbot.waitUntil(lambda: runner.pending == 0)
    assert [detail.row.id for detail, _ in loader.shown] == [row.id]
