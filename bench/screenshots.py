"""Make the pictures of docs/images: the real program on its own sample projects, never on other data.

`QT_QPA_PLATFORM=offscreen python -m bench.screenshots docs/images`

`--all FOLDER` takes every screen of `bench.screens` instead, in dark and light, at 100 % and 150 %: for people who look
for what is cut off or crowded.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.application import Application
from app.check_only import LIMIT_MS, open_and_wait, placed_count, wait_until
from app.qt_application import make_qt_application
from app.sample_project import SAMPLE_PROJECTS, ensure_sample, sample_folder
from app.workspace import Workspace
from bench import package_screens, reader_screens, transfer_screens  # noqa: F401  they put their screens on the list
from bench.screens import SCREENS, Stage, add_pages, add_settings, decide_some, prepare

SETTLE_MS, QUICKLY_MS = 1500, 300
QUICK, SMALL = (1600, 1000), (1440, 900)
THEMES, SCALES = ("dark", "light"), ("1.0", "1.5")


class Photographer:
    """Drives the window and saves what it shows."""

    def __init__(self, application: Application, folder: Path) -> None:
        self.application, self.folder = application, folder
        self.window = application.window

    def shoot(self, name: str, widget: QWidget | None = None, settle: int = SETTLE_MS) -> None:
        """Let everything settle, then save a picture."""
        wait_until(lambda: False, settle)
        path = self.folder / f"{name}.png"
        (widget or self.window).grab().save(str(path))
        print(path, flush=True)

    def open(self, kind: str) -> Workspace:
        """Open a sample project and wait until all of it is predicted and its first case is on screen."""
        sample = next(sample for sample in SAMPLE_PROJECTS if sample.kind == kind)
        ensure_sample(self.application.home, sample)
        workspace = open_and_wait(self.application, sample_folder(self.application.home, sample))
        if workspace is None:
            raise SystemExit(f"{sample.name} could not be opened.")
        wait_until(lambda: placed_count(workspace) == workspace.project.cases.count(), LIMIT_MS)
        wait_until(lambda: workspace.session.prediction is not None, LIMIT_MS)
        return workspace

    def all(self) -> None:
        """Every picture."""
        self.application.window.show_welcome([(sample.name, str(Path.home() / "…")) for sample in SAMPLE_PROJECTS])
        self.shoot("welcome")
        workspace = self.open("chest")
        decide_some(workspace)
        self.shoot("review-chest")
        self.window.set_theme("light")
        self.shoot("review-chest-light")
        self.window.set_theme("dark")
        self.window.image_view.toggle_zoom()
        self.shoot("zoom-to-landmark")
        self.window.image_view.fit()
        for kind in ("skull", "spine", "hand"):
            self.open(kind)
            self.shoot(f"review-{kind}")
        self.fine_tune(self.open("skull"))

    def fine_tune(self, workspace: Workspace) -> None:
        """Review the synthetic skulls, fine-tune for a moment, and show the models dock while it runs."""
        session = workspace.session
        for row in workspace.project.cases.page(limit=100)[:-1]:
            workspace.open_case(row.id)
            wait_until(lambda row=row: session.case is not None and session.case.id == row.id, LIMIT_MS)
            state = session.annotation[session.current]
            session.move(session.current, (state.x or 50.0) + 3, (state.y or 50.0) + 3)
            for landmark in session.template.ids:
                session.confirm(landmark)
                if not session.annotation[landmark].is_decided:
                    session.toggle_absent(landmark)
            session.mark_reviewed()
        wait_until(lambda: workspace.saves.waiting == 0, LIMIT_MS)
        wait_until(self.window.models_panel.finetune.isEnabled, LIMIT_MS)
        self.window.models_panel.finetune.click()
        jobs = workspace.training
        wait_until(lambda: bool(jobs.jobs) and len(jobs.jobs[0].losses) > 8, LIMIT_MS)
        self.shoot("fine-tuning")
        jobs.stop(jobs.jobs[0].id)
        if wait_until(lambda: jobs.jobs[0].state == "done", LIMIT_MS):
            self.window.models_panel.compare_job_requested.emit(jobs.jobs[0].id)
            wait_until(lambda: self.window.compare_dialog() is not None, LIMIT_MS)
            self.shoot("compare", self.window.compare_dialog())

    def every_screen(self, only: str, scale: str) -> None:
        """All that `bench.screens` lists, in both themes; a screen that fails is told, and the next one is taken."""
        stage = Stage(self.application, self.open("skull"))
        prepare(stage.workspace)
        add_pages(stage)
        add_settings(stage)
        for name in sorted(SCREENS):
            if any(part in name for part in only.split(",")):
                self._take_screen(stage, name, scale)

    def _take_screen(self, stage: Stage, name: str, scale: str) -> None:
        widget = SCREENS[name](stage)
        for theme in THEMES:
            self.window.set_theme(theme)
            self.shoot(f"{name}-{theme}-{scale}", widget, settle=QUICKLY_MS)
        if widget is not None:
            widget.close()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.window.set_theme(THEMES[0])


def take_all(folder: Path, only: str) -> int:
    """Every screen at every scale; a scale is fixed for a process, so that each has its own."""
    codes = []
    for scale in SCALES:
        command = [sys.executable, "-m", "bench.screenshots", "--scale", scale, "--only", only, str(folder)]
        codes.append(subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": scale}, check=False).returncode)
    return max(codes)


def main() -> int:
    """Entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--all", action="store_true", help="every screen, in dark and light, at 1.0 and 1.5")
    parser.add_argument("--only", default="", help="screens with this, or one of these with commas, in their name")
    parser.add_argument("--scale", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    if given.all:
        return take_all(given.folder, given.only)
    make_qt_application()
    with tempfile.TemporaryDirectory() as home:
        application = Application(Path(home))
        application.window.resize(*(SMALL if given.scale else QUICK))
        application.window.show()
        photographer = Photographer(application, given.folder)
        photographer.every_screen(given.only, given.scale) if given.scale else photographer.all()
        application.window.close_guard = None
        application.window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
