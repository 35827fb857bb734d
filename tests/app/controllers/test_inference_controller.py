"""A real child process with a tiny real network."""

import os
import signal

import pytest

from app.controllers.inference_controller import InferenceController
from app.tasks.task_runner import STORE
from medsapiens_core.data.prediction import TRY_OUT

from ..building import add_case, decide_all, write_model


class Screen:
    open_case = loading = None
    unsaved = frozenset()


@pytest.fixture
def screen():
    return Screen()


@pytest.fixture
def inference(runner, project, library, screen, qtbot):
    controller = InferenceController(
        runner,
        project,
        library.home / "base",
        on_screen=lambda: screen.open_case,
        loading=lambda: screen.loading,
        has_unsaved=lambda case_id: case_id in screen.unsaved,
    )
    controller.shown, controller.stored, controller.failures = [], [], []
    controller.library = library
    controller.arrived.connect(controller.shown.append)
    controller.predicted.connect(controller.stored.append)
    controller.failed.connect(controller.failures.append)
    yield controller
    controller.close()


def wait(qtbot, condition):
    qtbot.waitUntil(condition, timeout=60_000)


def test_every_open_case_is_predicted_the_open_one_first(inference, project, library, screen, qtbot):
    cases = [add_case(project, number) for number in range(5)]
    decide_all(project, cases[0].id)
    screen.open_case = cases[3].id
    inference.set_model(library.current("blobs"))
    with qtbot.waitSignal(inference.all_done, timeout=60_000):
        pass
    wait(qtbot, lambda: len(inference.stored) == 4)
    assert inference.stored[0] == cases[3].id
    assert sorted(inference.stored) == [case.id for case in cases[1:]]
    assert len(inference.shown) == 1, "only the open case goes through the session"
    row = project.cases.get(cases[1].id)
    assert (row.state, row.prediction_model) == ("predicted", library.current("blobs").id)
    assert project.annotations.load(cases[0].id).prediction_id is None, "a reviewed case is left alone"


def test_with_nothing_to_do_the_store_is_left_in_peace(inference, library, runner, qtbot):
    emptied, answered = [], []
    inference.all_done.connect(lambda: emptied.append(1))
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: bool(emptied))
    runner.submit(STORE, lambda: 1, on_done=answered.append)  # comes after anything that was asked meanwhile
    wait(qtbot, lambda: answered == [1])
    assert emptied == [1] and runner.pending == 0


def test_another_open_case_does_not_go_through_all_cases_when_all_are_predicted(
    inference, project, screen, qtbot, monkeypatch
):
    cases = [add_case(project, number) for number in (1, 2)]
    inference.set_model(inference.library.current("blobs"))
    with qtbot.waitSignal(inference.all_done, timeout=60_000):
        pass
    wait(qtbot, lambda: len(inference.stored) == 2)
    asked, pending = [], project.predictions.pending
    monkeypatch.setattr(project.predictions, "pending", lambda *what: asked.append(what) or pending(*what))
    screen.open_case = cases[1].id
    inference.reorder()
    wait(qtbot, lambda: inference._runner.pending == 0)
    assert asked == []
    new = add_case(project, 3)
    screen.open_case = new.id
    inference.reorder()
    wait(qtbot, lambda: len(inference.stored) == 3)
    assert inference.stored[-1] == new.id, "the case on screen is asked about by itself"


def test_decided_points_stay_when_another_model_predicts(inference, project, library, tmp_path, qtbot):
    case = add_case(project, 2)
    decide_all(project, case.id, reviewed=False)
    annotation = project.annotations.load(case.id)
    edit = annotation.change("clear", {"ring": type(annotation["ring"])()})
    kept = project.annotations.commit(edit, case.id, expected_revision=annotation.revision)
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: len(inference.stored) == 1)
    first = project.annotations.load(case.id)
    library.add(write_model(tmp_path / "other", seed=5), "other")
    library.promote("other", ["blobs"], by="test")
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: len(inference.stored) == 2)
    second = project.annotations.load(case.id)
    assert first["big"] == second["big"] == kept["big"]
    assert first["ring"].label == second["ring"].label == "predicted" and first["ring"] != second["ring"]
    models = [project.predictions.get(a.prediction_id).model_id for a in (first, second)]
    assert models[0].startswith("default@") and models[1].startswith("other@")
    library.rollback("blobs")
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: len(inference.stored) == 3)
    assert project.annotations.load(case.id)["ring"] == first["ring"], "shown again, not computed again"
    assert project.predictions.count() == 2


def test_a_try_out_predicts_one_case_and_its_points_say_so(inference, project, library, tmp_path, qtbot):
    cases = [add_case(project, number) for number in (1, 2)]
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: len(inference.stored) == 2)
    library.add(write_model(tmp_path / "t1", seed=5), "t1")
    inference.try_out(cases[0], library.get("t1"))
    wait(qtbot, lambda: len(inference.stored) == 3)
    prediction = project.predictions.latest(cases[0].id)
    assert prediction.model_id.startswith("t1@") and set(prediction.origins) == {TRY_OUT}
    assert inference.model.name == "default" and project.predictions.pending(inference.model.id) == []
    assert project.predictions.latest(cases[1].id).model_id.startswith("default@")


def test_an_unreadable_picture_is_told_once_and_does_not_stop_the_rest(inference, project, library, qtbot):
    bad, good = add_case(project, 1), add_case(project, 2)
    bad.path.write_bytes(bad.path.read_bytes()[:150])
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: inference.stored == [good.id])
    inference.refill()
    wait(qtbot, lambda: len(inference.failures) == 1)
    assert "film 001.png could not be predicted" in inference.failures[0]


@pytest.mark.expects_error_log
def test_the_child_is_started_again_when_it_dies(inference, project, library, qtbot):
    add_case(project, 1)
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: len(inference.stored) == 1)
    os.kill(inference.worker_pid, signal.SIGKILL)
    wait(qtbot, lambda: inference.worker_pid == 0)
    case = add_case(project, 2)
    inference.refill()
    wait(qtbot, lambda: inference.stored[-1] == case.id)


@pytest.mark.expects_error_log
def test_a_picture_that_ends_the_child_twice_is_left_out(inference, project, library, qtbot):
    case, other = add_case(project, 1), add_case(project, 2)
    deaths = []

    def kill_while_at_work(case_id):
        if case_id == case.id and inference.worker_pid and len(deaths) < 2:
            deaths.append(inference.worker_pid)
            os.kill(inference.worker_pid, signal.SIGKILL)

    inference.busy_changed.connect(kill_while_at_work)
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: inference.stored == [other.id])
    assert len(deaths) == 2 and "ended the prediction process twice" in inference.failures[0]
    inference.busy_changed.disconnect(kill_while_at_work)
    inference.predict(project.cases.get(case.id))
    wait(qtbot, lambda: inference.stored == [other.id, case.id])


def test_a_case_that_is_being_opened_gets_its_prediction_afterwards(inference, project, library, screen, qtbot):
    case = add_case(project, 1)
    screen.loading = case.id
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: project.predictions.count() == 1)
    with qtbot.waitSignal(inference.all_done, timeout=60_000):
        inference.refill()
    assert inference.stored == [] and project.annotations.load(case.id).revision == 0
    screen.loading, screen.open_case = None, case.id
    inference.settle(case.id)
    assert len(inference.shown) == 1 and inference.stored == [case.id]


def test_a_locked_case_gets_its_prediction_stored_but_not_shown(inference, project, library, qtbot):
    case = add_case(project, 1)
    assert case.part == "locked"
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: inference.stored == [case.id])
    assert project.predictions.latest(case.id) is not None
    assert project.annotations.load(case.id).revision == 0, "it is read blind"


def test_a_case_with_unsaved_edits_is_not_touched_behind_them(inference, project, library, screen, qtbot):
    case = add_case(project, 1)
    screen.unsaved = frozenset([case.id])
    inference.set_model(library.current("blobs"))
    wait(qtbot, lambda: project.predictions.count() == 1)
    with qtbot.waitSignal(inference.all_done, timeout=60_000):
        inference.refill()
    assert project.annotations.load(case.id).revision == 0


def test_answers_of_an_earlier_model_are_dropped(inference, project, library, qtbot):
    add_case(project, 1)
    inference.set_model(library.current("blobs"))
    inference.set_model(None)
    inference.refill()
    assert inference.model is None and project.predictions.count() == 0
