"""The backbone: the real window over real files, from an empty project to a promoted model and back after a restart."""

import numpy as np
import pytest
import sqlalchemy as sa
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medsapiens_core.data.annotation import placed
from medsapiens_core.store import audit, tables
from medsapiens_core.store.readings import ReadingRule

from ..app.building import write_png
from .conftest import TEMPLATE_ID
from .files import GOOD, write_mixed_folder

LONG = 240_000
LOCKED, MORE = 10, 13
PROMOTED = "sent-round"
ALL = GOOD + MORE


class Reader:
    """A person at the window: only mouse, keys, buttons; reads what the window shows."""

    def __init__(self, application, qtbot):
        self.application, self.qtbot, self.window = application, qtbot, application.window
        self.view = self.window.image_view

    @property
    def session(self):
        return self.application.workspace.session

    def wait(self, condition, timeout=LONG):
        self.qtbot.waitUntil(condition, timeout=timeout)

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        self.view.setFocus()
        QTest.keyClick(self.view, key, modifier)

    def drag(self, landmark, dx, dy):
        marker = self.view.layer.marker(landmark)
        start = self.view.image_to_view((marker.x, marker.y)).toPoint()
        viewport, left = self.view.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(viewport, left, pos=start)
        for step in (0.25, 0.5, 1.0):
            QTest.mouseMove(viewport, start + QPoint(round(dx * step), round(dy * step)))
        QTest.mouseRelease(viewport, left, pos=start + QPoint(dx, dy))

    def label(self, landmark):
        return self.view.layer.marker(landmark).label

    def saved(self):
        workspace = self.application.workspace
        self.wait(lambda: workspace.saves.waiting == 0 and self.window.status._saved.text().startswith("Saved"))

    def review_case(self):
        """Confirm everything that has a point, call the rest absent, Return."""
        case_id = self.session.case.id
        for _ in range(2 * len(self.session.template)):
            if self.session.annotation.is_complete:
                break
            self.key(Qt.Key.Key_Space)
            if self.label(self.session.current) == "not placed":
                self.key(Qt.Key.Key_X)
        self.key(Qt.Key.Key_Return)
        self.wait(lambda: self.session.case.id != case_id)
        return case_id


@pytest.fixture
def reader(start_application, tmp_path, qtbot):
    application = start_application()
    application.create_project(tmp_path / "films.mss", "Films", TEMPLATE_ID)
    qtbot.waitUntil(lambda: application.workspace is not None, timeout=20_000)
    application.workspace.project.readings.set_rule(ReadingRule(locked_blind=False))  # every case with its prediction
    return Reader(application, qtbot)


def further(project, but):
    """The films that are there to be locked and to be trained on."""
    return [row for row in project.cases.page(limit=100) if row.id != but and row.name.startswith("film 2")][:MORE]


def read_elsewhere(project, but):
    """Every point is where the model has put it, so that the model in use cannot be beaten."""
    for row in further(project, but):
        annotation = project.annotations.load(row.id)
        points = zip(annotation.landmark_ids, annotation.xy_image.tolist(), strict=True)
        edit = annotation.change("place", {mark: placed(x, y, None) for mark, (x, y) in points})
        annotation = project.annotations.commit(edit, row.id, expected_revision=annotation.revision)
        project.annotations.commit(annotation.mark_reviewed(), row.id, expected_revision=annotation.revision)


def lock(project, but):
    """Put ten films, with their patients, in the locked part before anything is frozen."""
    groups = [row.patient_group for row in further(project, but)[:LOCKED]]
    assert len(groups) == LOCKED
    with project.database.write() as connection:
        change = sa.update(tables.patient_group).where(tables.patient_group.c.id.in_(groups))
        connection.execute(change.values(part="locked"))
        connection.execute(sa.update(tables.cases).where(tables.cases.c.group_id.in_(groups)).values(part="locked"))
        audit.append(connection, "split.top_up", {"part": "locked", "groups": groups})


def counts(reader):
    return reader.application.workspace.project.cases.counts()


@pytest.mark.slow
def test_the_whole_loop(reader, start_application, tmp_path, qtbot, monkeypatch):
    window = reader.window
    folder = write_mixed_folder(tmp_path / "incoming")
    for number in range(20, 20 + MORE):
        write_png(folder / "more" / f"film {number}.png", number)

    # open a folder of mixed formats; what cannot be read says why and does not stop the rest
    window.files_dropped.emit([str(folder)])
    reader.wait(lambda: counts(reader)["all"] == ALL and window.notices.shown is not None)
    reader.wait(lambda: window.notices.shown.id == "imported")
    assert "It and 1 other were skipped" in window.notices.shown.text
    assert {line.split(":")[0] for line in window.notices.shown.details.splitlines()} == {"broken.dcm", "text.png"}

    # predictions arrive in the background
    reader.wait(lambda: counts(reader)["predicted"] == ALL)
    reader.wait(lambda: reader.session.is_open and reader.session.prediction is not None)
    first_model = reader.session.prediction.model_id

    # correct one landmark by mouse, undo, redo: each is on disk
    session, project = reader.session, reader.application.workspace.project
    case_id, landmark = session.case.id, session.current
    before = session.annotation[landmark]
    reader.drag(landmark, 12, 9)
    assert reader.label(landmark) == "corrected"
    corrected = session.annotation[landmark]
    reader.saved()
    assert project.annotations.load(case_id)[landmark] == corrected
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.annotation[landmark] == before
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert session.annotation[landmark] == corrected
    reader.saved()
    assert project.annotations.load(case_id)[landmark] == corrected

    # ten films are kept out of training, as if by the draw; somebody else has read them and one more
    read_elsewhere(project, case_id)
    lock(project, case_id)

    # nudge, mark one absent, review every case but the last
    reader.key(Qt.Key.Key_Right)
    reviewed = [row.id for row in project.cases.page("reviewed", limit=100)] + [reader.review_case()]
    while counts(reader)["all"] - len(reviewed) > 1:
        reader.drag(reader.session.current, 5, 5)
        reviewed.append(reader.review_case())
    reader.saved()
    reader.wait(lambda: counts(reader)["reviewed"] == ALL - 1)
    open_case = reader.session.case.id
    assert open_case not in reviewed
    kept = {case: project.annotations.load(case).states for case in reviewed}

    # fine-tune in the real child
    reader.wait(window.models_panel.finetune.isEnabled)
    assert window.models_panel.finetune.text().startswith("Fine-tune with ")
    window.models_panel.finetune.click()
    start = reader.application.workspace.learning.tuning.dialog
    reader.wait(start.isVisible)
    start.start_button.click()
    training = reader.application.workspace.training
    reader.wait(lambda: any(job.losses for job in training.jobs))
    reader.wait(lambda: training.jobs[0].state == "done")
    candidate = training.jobs[0].candidate
    assert candidate == f"{TEMPLATE_ID}-v1"

    # the comparison comes up by itself; confirmed predictions speak for the model that made them, so it is refused
    reader.wait(lambda: window.compare_dialog() is not None and window.compare_dialog().isVisible())
    dialog = window.compare_dialog()
    assert dialog.comparison.n_cases >= LOCKED and not dialog.promote_button.isEnabled()
    assert "is not better than default on the locked set" in window.notices.shown.text
    dialog.close_button.click()

    # sent round as a file it is a model that was not compared here, and may be used for a reason
    archive = tmp_path / f"{PROMOTED}.msmodel"
    monkeypatch.setattr(window.dialogs, "save_file", lambda *_: str(archive))
    monkeypatch.setattr(window.dialogs, "model_file", lambda: str(archive))
    monkeypatch.setattr(window.dialogs, "why", lambda title, text, do: "an end-to-end test")
    window.models_panel.export_requested.emit(candidate)
    reader.wait(lambda: "was written to" in window.toasts.text)
    window.action("model.import").trigger()
    reader.wait(lambda: PROMOTED in [row.name for row in reader.application.workspace.models.rows])
    window.models_panel.promote_requested.emit(PROMOTED)
    reader.wait(lambda: window.status._model.text() == PROMOTED)

    # the undecided case is predicted again, decided ones are untouched, old predictions keep their model
    reader.wait(lambda: reader.session.prediction.model_id.startswith(PROMOTED))
    reader.saved()
    assert {case: project.annotations.load(case).states for case in reviewed} == kept
    assert project.predictions.latest(reviewed[0]).model_id == first_model
    assert project.predictions.latest(open_case, first_model) is not None
    new_points = session.annotation.xy_image

    # restart: everything is there
    window.close()
    again = Reader(start_application(project.folder), qtbot)
    again.wait(lambda: again.session.is_open)
    assert again.session.case.id == open_case
    np.testing.assert_array_equal(again.session.annotation.xy_image, new_points)
    again.wait(lambda: again.window.status._model.text() == PROMOTED)
    restored = again.application.workspace
    assert {case: restored.project.annotations.load(case).states for case in reviewed} == kept
    again.wait(lambda: bool(restored.training.jobs))
    assert (restored.training.jobs[0].state, restored.training.jobs[0].candidate) == ("done", candidate)
    assert restored.project.check() == []

    # and roll back is one click and a reason
    monkeypatch.setattr(again.window.dialogs, "why", lambda title, text, do: "enough for a test")
    again.wait(lambda: any(row.can_rollback for row in restored.models.rows))
    again.window.models_panel.rollback_requested.emit("default")
    again.wait(lambda: again.window.status._model.text() == "default")
    again.wait(lambda: again.session.prediction.model_id == first_model)
