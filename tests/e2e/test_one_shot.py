"""A template that no model knows: the strip says what to do, and one reviewed case gives proposals for the others."""

import pytest

from app.session.case_list_model import ROW_ROLE
from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.project import Project

from ..app.building import add_case, decide_all


@pytest.fixture
def folder(tmp_path):
    """Four pictures of a template that the embedded model has never seen."""
    path = tmp_path / "hands.mss"
    with Project.create(path, name="Hands", template=find_template("hand-21")) as project:
        for number in range(4):
            add_case(project, number)
    return path


def rows(window):
    model = window.worklist.list.model()
    return [model.index(k, 0).data(ROW_ROLE) for k in range(model.rowCount())]


@pytest.mark.slow
def test_the_first_reviewed_case_gives_proposals_for_the_others(start_application, folder, qtbot):
    application = start_application(folder)
    window, workspace = application.window, application.workspace
    project = workspace.project
    qtbot.waitUntil(lambda: window.notices.shown is not None, timeout=20_000)
    qtbot.waitUntil(lambda: workspace.session.is_open, timeout=20_000)
    assert window.notices.shown.text.startswith("No model for this template yet. Place the landmarks by hand")
    assert [text for _, text in window.notices.shown.actions] == ["Place next"]
    window.notices.action_triggered.emit(window.notices.shown.id, "Place next")
    assert window.image_view.is_placing

    trained = [row.id for row in project.cases.page("all") if row.part != "locked"]
    first, others = trained[0], [row.id for row in project.cases.page("all") if row.id != trained[0]]
    decide_all(project, first)
    workspace.few_shot.reviews_changed()
    qtbot.waitUntil(lambda: all(project.predictions.latest(case) for case in others), timeout=300_000)
    prediction = project.predictions.latest(others[0])
    assert prediction.model_id.startswith("one-shot@") and set(prediction.origins) == {"one-shot"}
    assert project.predictions.latest(first) is None  # nothing is proposed for a decided case
    workspace.worklist.refresh()
    qtbot.waitUntil(lambda: sum(bool(row and row.badge == "1-shot") for row in rows(window)) == 3, timeout=20_000)
    assert window.notices.shown is None or not window.notices.shown.text.startswith("No model")
    assert project.snapshots.new_corrections() == 1  # the cases are as free for a fine-tune as before
    assert not list(project.check(files=False))
    folder = next((project.folder / "cache" / "one-shot").iterdir())
    application.close_project()

    again = start_application(project.folder)  # nothing is learned a second time
    qtbot.waitUntil(lambda: again.workspace.inference.model is not None, timeout=20_000)
    assert again.workspace.inference.model.folder.parent == folder
    assert not again.workspace.few_shot.one_shot.is_learning
