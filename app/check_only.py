"""What `./start --check-only` does: the real window, the real child process, every sample image."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer

from app.application import Application
from app.qt_application import make_qt_application
from app.sample_project import SAMPLE_PROJECTS, SampleProject, ensure_sample
from app.translate import tr
from app.workspace import Workspace
from medsapiens_core.data.template_file import find_template

LIMIT_MS = 240_000
STEP_MS = 50


@dataclass(frozen=True)
class CheckResult:
    """What came of one sample project; `problem` is "" when all is well."""

    text: str
    problem: str = ""


def run_check() -> int:
    """Open each sample project and wait for its predictions."""
    make_qt_application()
    application = Application()
    problems = []
    application.window.show()
    try:
        for sample in SAMPLE_PROJECTS:
            result = check_sample(application, sample)
            print(result.text, flush=True)
            if result.problem:
                problems.append(result.problem)
    finally:
        application.window.close()
    for problem in problems:
        print(tr("Problem: {problem}", problem=problem), file=sys.stderr)
    works = tr("Everything works: the window opened and the model placed its landmarks.")
    print(tr("Check failed.") if problems else works)
    return 1 if problems else 0


def check_sample(application: Application, sample: SampleProject) -> CheckResult:
    """Open one sample project in the window and wait until each of its images has a prediction."""
    folder = ensure_sample(application.home, sample)
    model = application.library.current(sample.template_id)
    if model is None:
        text = tr("{sample}: no model knows template {template}.", sample=sample.name, template=sample.template_id)
        return CheckResult(text, text)
    workspace = open_and_wait(application, folder)
    if workspace is None:
        problem = tr("{sample} could not be opened.", sample=sample.name)
        return CheckResult(tr("{sample}: not opened.", sample=sample.name), problem)
    total = workspace.project.cases.count()
    predicted = wait_until(lambda: placed_count(workspace) == total, LIMIT_MS)
    count, landmarks = placed_count(workspace), len(find_template(sample.template_id))
    facts: dict[str, object] = {"sample": sample.name, "count": count, "total": total}
    facts |= {"landmarks": landmarks, "model": model.id}
    done = tr("{sample}: {count} of {total} images have {landmarks} landmarks placed by {model}.", **facts)
    problem = tr("{sample}: only {count} of {total} images were predicted.", **facts)
    return CheckResult(done, "" if predicted else problem)


def open_and_wait(application: Application, folder: Path) -> Workspace | None:
    """Open a project and wait until its first case is on screen; None when it does not come."""
    before = application.workspace
    application.open_project(folder)
    opened = wait_until(
        lambda: (
            application.workspace is not before
            and application.workspace is not None
            and application.workspace.session.is_open
        ),
        LIMIT_MS,
    )
    return application.workspace if opened else None


def placed_count(workspace: Workspace) -> int:
    """How many cases have predicted landmarks."""
    counts = workspace.project.cases.counts()
    return counts["all"] - counts["new"]


def wait_until(is_so: Callable[[], bool], limit_ms: int) -> bool:
    """Run Qt's loop until something holds; False after the limit."""
    loop, clock, timer = QEventLoop(), QElapsedTimer(), QTimer(interval=STEP_MS)
    clock.start()
    timer.timeout.connect(lambda: loop.quit() if is_so() or clock.elapsed() > limit_ms else None)
    timer.start()
    loop.exec()
    timer.stop()
    return is_so()
