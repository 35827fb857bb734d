"""The scripts behind `bench.clicks`: each does one task of ux.md 1 in the real window, and counts what was pressed.

They are the drivers of the acceptance scripts (`tests.e2e`), without a test runner around them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Timer

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.application import Application
from app.check_only import wait_until
from app.preferences import BULK
from app.sample_project import COMPLETE, SAMPLE_PROJECTS, sample_folder
from app.session.view_state import TemplateChoice
from app.tasks.worker_process import WorkerProcess
from app.views.new_project_dialog import NewProjectDialog
from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.training.config import TrainingOptions
from tests.app.building import add_case
from tests.app.test_template_editor import LIST
from tests.e2e.packs import Pack, make_pack_a, read_by_hand
from tests.e2e.reviewer import SHIFT, Reviewer

ROOT = Path(__file__).resolve().parents[1]
LONG = 240_000
FIRST = ("A01", "A02")
KILLED_AFTER = (7, 40)  # decisions, each time of a program that was started anew
PATIENCE = 120  # seconds until a program that says nothing is ended all the same
TRAINED = TrainingOptions(epochs=60, device="cpu", batch_size=2, mode="full", learning_rate=3e-3)


@dataclass(frozen=True)
class Counted:
    """Key presses and clicks of a run; a drag is one click. `lost` of `confirmed` decisions were gone after a kill."""

    keys: int = 0
    clicks: int = 0
    lost: int = 0
    confirmed: int = 0
    note: str = ""


class Bot:
    """What `Reviewer` needs of a test runner."""

    def waitUntil(self, condition: Callable[[], bool], timeout: int = LONG) -> None:
        """Let the window work until something is so, on a busy machine for longer than asked. Raises TimeoutError."""
        if not wait_until(condition, max(timeout, LONG)):
            raise TimeoutError("the window did not come to it")


@contextmanager
def window_on(pack: Pack, options: TrainingOptions | None = None) -> Iterator[Reviewer]:
    """The program on a computer with the pack's models."""
    with shown(Application(pack.home, library=pack.library, training_options=options)) as reader:
        yield reader


@contextmanager
def shown(application: Application) -> Iterator[Reviewer]:
    """A reader at the program's window, which is taken down at the end."""
    application.window.resize(1920, 1080)
    application.window.show()
    reader = Reviewer(application, Bot())
    reader.go_on()
    try:
        yield reader
    finally:
        application.templates.close()
        application.window.close_guard = None
        application.window.close()
        application.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def open_case(reader: Reviewer, pack: Pack, name: str) -> None:
    """Put a case on screen; nothing that is counted."""
    reader.application.open_project(pack.folder)
    reader.wait(lambda: reader.application.workspace is not None and reader.session.is_open)
    reader.workspace.open_case(pack.ids[name])
    reader.on_screen(name)
    reader.wait(lambda: reader.workspace.models.current is not None)
    reader.view.setFocus()


def counted(reader: Reviewer) -> Counted:
    """What was pressed."""
    return Counted(reader.keys, reader.clicks)


def confirm_in_bulk(folder: Path) -> Counted:
    """T1."""
    pack = make_pack_a(folder, FIRST)
    with window_on(pack) as reader:
        reader.window.preferences.set(BULK, True)
        open_case(reader, pack, "A01")
        _bulk(reader)
        return counted(reader)


def _bulk(reader: Reviewer) -> None:
    reader.has_looked()
    reader.wait(lambda: not reader.workspace.guidance.bulk_refusal())
    reader.key(Qt.Key.Key_Space, SHIFT, times=2)
    _one_by_one(reader)


def confirm_one_by_one(folder: Path) -> Counted:
    """T2."""
    pack = make_pack_a(folder, FIRST)
    with window_on(pack) as reader:
        open_case(reader, pack, "A01")
        _one_by_one(reader)
        return counted(reader)


def _one_by_one(reader: Reviewer) -> None:
    """Confirm what is left of A01, end it, and be at A02; no more often than there are landmarks."""
    session = reader.session
    for _ in session.template.ids:
        if not session.annotation.is_complete:
            reader.key(Qt.Key.Key_Space)
    assert session.annotation.is_complete, f"{session.annotation.decided_count} decided"
    reader.key(Qt.Key.Key_Return)
    reader.on_screen("A02")


def correct_one(folder: Path) -> Counted:
    """T3."""
    pack = make_pack_a(folder, FIRST)
    with window_on(pack) as reader:
        open_case(reader, pack, "A02")
        reader.drag_to("gonion", pack.truth["A02"]["gonion"])
        reader.saved()
        assert reader.label("gonion") == "corrected"
        return counted(reader)


def _install(pack: Pack) -> None:
    """The sample that the program opens at its first start is the pack; the others are left out."""
    shutil.move(pack.folder, sample_folder(pack.home, SAMPLE_PROJECTS[0]))
    for sample in SAMPLE_PROJECTS:
        target = sample_folder(pack.home, sample)
        target.mkdir(parents=True, exist_ok=True)
        (target / COMPLETE).touch()


def first_start(folder: Path) -> Counted:
    """T4."""
    pack = make_pack_a(folder, FIRST)
    _install(pack)
    with window_on(pack) as reader:
        reader.application.start()
        reader.wait(lambda: reader.application.workspace is not None)
        reader.on_screen("A01")
        _one_by_one(reader)
        return counted(reader)


def later_start(folder: Path) -> Counted:
    """T5."""
    pack = make_pack_a(folder, FIRST)
    _install(pack)
    with window_on(pack) as reader:
        reader.window.preferences.set(BULK, True)
        reader.application.start()
        reader.wait(lambda: reader.application.workspace is not None and reader.session.is_open)
    with window_on(pack) as reader:
        reader.application.start()
        reader.wait(lambda: reader.application.workspace is not None)
        reader.on_screen("A01")
        _bulk(reader)
        return counted(reader)


def fine_tune(folder: Path) -> Counted:
    """T6, from the tenth corrected case on; the ten cases and the locked ones were read before."""
    pack = make_pack_a(folder, trainable=True, more_locked=10)
    with Project.open(pack.folder) as project:
        for number in range(1, 11):
            read_by_hand(project, pack.ids[f"A{number:02d}"], pack.truth[f"A{number:02d}"])
    with at_full_priority(), window_on(pack, TRAINED) as reader:
        open_case(reader, pack, "A22")
        window, panel = reader.window, reader.window.models_panel
        window.show_models()
        reader.wait(panel.finetune.isEnabled)
        reader.keys = reader.clicks = 0
        reader.click(panel.finetune, panel.finetune.rect().center())
        start = reader.workspace.learning.tuning.dialog
        reader.qtbot.waitUntil(start.isVisible)
        reader.click(start.start_button, start.start_button.rect().center())
        reader.qtbot.waitUntil(lambda: window.compare_dialog() is not None and window.compare_dialog().isVisible())
        return _promote(reader)


@contextmanager
def at_full_priority() -> Iterator[None]:
    """A training that gives way to everybody may never end where something else is at work."""
    lowered = WorkerProcess._lower_priority
    WorkerProcess._lower_priority = lambda _self: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        WorkerProcess._lower_priority = lowered  # type: ignore[method-assign]


def _promote(reader: Reviewer) -> Counted:
    compare = reader.window.compare_dialog()
    for place, line in enumerate(compare.comparison.gate):
        if not line.ok and (line.landmark or line.case_ids):
            reader.clicks += 1
            compare.gate.show_requested.emit(place)
    if not compare.promote_button.isEnabled():
        return Counted(reader.keys, reader.clicks, note=f" (not promoted: {compare.promote_button.toolTip()})")
    if compare.comparison.reason_text:
        reader.write_reason("as the script says", "Promote")
    reader.click(compare.promote_button, compare.promote_button.rect().center())
    name = compare.comparison.candidate
    reader.wait(lambda: reader.window.status._model.text() == name)
    return counted(reader)


def by_hand(folder: Path) -> Counted:
    """T7."""
    template = find_template("ceph-19")
    Project.create(folder / "new.mss", name="New", template=template).close()
    with Project.open(folder / "new.mss") as project:
        for number in range(2):
            add_case(project, number)
    pack = Pack(folder / "new.mss", folder / "home", template)
    with window_on(pack) as reader:
        reader.application.open_project(pack.folder)
        reader.wait(lambda: reader.application.workspace is not None and reader.session.is_open)
        first = reader.session.case.id
        reader.wait(lambda: reader.window.notices.shown is not None)
        reader.press(reader.window.notices, "Place next")
        reader.view.setFocus()
        for number in range(len(template)):
            at = reader.view.image_to_view((20 + 4 * number, 20 + 5 * number)).toPoint()
            reader.click(reader.view.viewport(), at)
        assert reader.session.annotation.is_complete
        reader.key(Qt.Key.Key_Return)
        reader.wait(lambda: reader.session.case.id != first)
        return counted(reader)


def new_template(folder: Path) -> Counted:
    """T8; a name that is typed counts as one input, as in the test of the editor."""
    library = ModelLibrary(folder / "home", embedded=folder / "none")
    with shown(Application(folder / "home", library=library)) as reader:
        reader.window.dialogs.new_project = partial(_answer_new_project, reader, folder)
        QGuiApplication.clipboard().setText(LIST)
        reader.keys += 1
        QTest.keyClick(reader.window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        templates = reader.application.templates
        reader.wait(lambda: templates.editor is not None and templates.editor.isVisible())
        editor = templates.editor
        reader.keys += 1
        QTest.keyClicks(editor.name, "Legs")
        reader.answer(lambda dialog: reader.click(dialog.add_button, dialog.add_button.rect().center()))
        reader.press(editor, _starting(editor, "Paste list"))
        for press in (editor.set_pairs, editor.publish_button):
            reader.click(press, press.rect().center())
        reader.wait(lambda: reader.application.workspace is not None)
        return counted(reader)


def _answer_new_project(
    reader: Reviewer, folder: Path, choices: Sequence[TemplateChoice], _folder: str, chosen: str = ""
) -> tuple[str, str, str]:
    """In place of the dialog that blocks: the same dialog, worked by the script."""
    dialog = NewProjectDialog(choices, str(folder), reader.window)
    dialog.show()
    if not chosen:
        reader.press(dialog, _starting(dialog, "New template"))
    else:
        dialog.choose_template(chosen)
        reader.keys += 1
        QTest.keyClicks(dialog.name, "Knees")
        reader.click(dialog.create_button, dialog.create_button.rect().center())
    told = dialog.answer()
    dialog.deleteLater()
    return told


def _starting(parent: QWidget, text: str) -> str:
    words = (b.text().replace("&", "") for b in parent.findChildren(QPushButton))
    return next(word for word in words if word.startswith(text))


def killed(folder: Path) -> Counted:
    """T9: what the window had confirmed before it was killed, and what of it is on disk."""
    with Project.create(folder / "films.mss", name="Films", template=find_template("chest-6")) as project:
        for number in range(6):
            add_case(project, number)
    said = [edit for wanted in KILLED_AFTER for edit in _drive(folder, wanted)]
    with Project.open(folder / "films.mss") as project:
        stored = {edit.id for row in project.cases.page(limit=100) for edit in project.annotations.history(row.id)}
        sound = project.check() == []
    lost = len(set(said) - stored)
    return Counted(lost=lost, confirmed=len(said), note="" if sound else " (the project is not sound)")


def _drive(folder: Path, wanted: int) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "tests.e2e.driver",
        *(str(folder / part) for part in ("home", "embedded", "films.mss")),
    ]
    with (folder / "driver.log").open("w") as log:
        driver = subprocess.Popen([*command, "edits"], cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
    assert driver.stdout is not None
    saved: list[str] = []
    watchdog = Timer(PATIENCE, driver.kill)
    watchdog.start()
    for line in driver.stdout:  # what it had still said when it was killed counts, too
        saved += [json.loads(line)["saved"]] if line.endswith(b"}\n") and b'"saved"' in line else []
        if len(saved) == wanted:
            driver.kill()
    watchdog.cancel()
    driver.wait()
    driver.stdout.close()
    assert len(saved) >= wanted, (folder / "driver.log").read_text(errors="replace")[-400:]
    return saved


RUNS: dict[str, Callable[[Path], Counted]] = {
    "T1": confirm_in_bulk,
    "T2": confirm_one_by_one,
    "T3": correct_one,
    "T4": first_start,
    "T5": later_start,
    "T6": fine_tune,
    "T7": by_hand,
    "T8": new_template,
    "T9": killed,
}
