"""The real application without a screen, driven by a script; it says on standard output what the window has confirmed.

`python -m tests.e2e.driver HOME EMBEDDED PROJECT edits|train` prints one JSON line for each act that counts as done.
"""

import json
import random
import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from app.application import Application
from app.qt_application import make_qt_application
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.training.config import TrainingOptions

MANY_STEPS = TrainingOptions(epochs=100_000, minutes=60, device="cpu", batch_size=2)


def say(**what):
    print(json.dumps(what), flush=True)


class Script:
    """A reader who never rests, or one who starts a training."""

    def __init__(self, application, act):
        self.application, self.act = application, act
        self.random = random.Random(7)
        self.timer = QTimer(interval=0)
        self.timer.timeout.connect(self.edit)
        application.project_opened.connect(self.begin)

    def begin(self, workspace):
        self.workspace = workspace
        workspace.saves.saved.connect(self.saved)
        workspace.session.edit_committed.connect(lambda edit: say(made=edit.id))
        if self.act == "edits":
            workspace.ready.connect(self.timer.start)
        else:
            workspace.training.jobs_changed.connect(self.jobs)
            workspace.training.interrupted.connect(lambda number, text: say(interrupted=number))
            workspace.models.models_changed.connect(self.train)

    def saved(self, edit, case_id, at):
        say(saved=edit.id, case=case_id)

    def edit(self):
        session, chance = self.workspace.session, self.random
        if not session.is_open or self.workspace.loader.is_busy or self.workspace.saves.waiting > 3:
            return
        landmark = chance.choice(session.template.ids)
        act = chance.choice(["move", "move", "nudge", "confirm", "absent", "clear", "undo", "redo", "review", "next"])
        if act == "move":
            session.move(landmark, chance.uniform(0, 100), chance.uniform(0, 100))
        elif act == "nudge":
            session.nudge(1, 0)
        elif act == "next":
            self.workspace.run("case.next")
        elif act == "review":
            session.mark_reviewed()
        elif act in ("undo", "redo"):
            getattr(session, act)()
        else:
            getattr(session, {"absent": "toggle_absent"}.get(act, act))(landmark)

    def train(self):
        if self.workspace.models.current is not None and not self.workspace.training.jobs:
            self.workspace.training.start(self.workspace.models.current, MANY_STEPS)

    def jobs(self, jobs):
        for job in jobs:
            run = self.workspace.training.child_pid
            say(job=job.id, state=job.state, steps=len(job.losses), child=run)


def main():
    home, embedded, project, act = sys.argv[1:]
    qt = make_qt_application()
    application = Application(Path(home), library=ModelLibrary(Path(home), embedded=Path(embedded)))
    script = Script(application, act)
    application.window.show()
    application.open_project(Path(project))
    assert script.application is application
    return qt.exec()


if __name__ == "__main__":
    sys.exit(main())
