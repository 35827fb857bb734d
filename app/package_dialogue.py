"""Reader packages of the open project: handed out, taken in; handed back where it was made of one (ux.md 10.2)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from app.controllers.hand_out_controller import HandOutController
from app.controllers.take_in_controller import TakeInController
from app.session.import_state import ImportOutcome
from app.tasks.task_runner import IO, STORE
from app.translate import tr, trn
from app.views.transfer.hand_out_window import HandOutWindow
from app.views.transfer.take_in_window import TakeInWindow
from medsapiens_core.transfer.handing_back import SUFFIX, Standing, hand_back, standing
from medsapiens_core.transfer.handing_out import Made

if TYPE_CHECKING:
    from app.transfer_dialogue import TransferDialogue
    from app.workspace import Workspace

CONDITION = "package"
OUT, IN, BACK = "package-out", "package-in", "package-back"
READINGS = "Readings of a package (*.jsonl);;All files (*)"
LISTED = 20  # names in a message


class PackageDialogue(QObject):
    """Parts are made when first needed: `hand_out_window` and `take_in_window`."""

    def __init__(self, workspace: Workspace, transfer: TransferDialogue) -> None:
        super().__init__(transfer)
        self._workspace, self._transfer = workspace, transfer
        self.hand_out_window: HandOutWindow | None = None
        self._handing: HandOutController | None = None
        self.take_in_window: TakeInWindow | None = None
        self._taking: TakeInController | None = None
        workspace.window.registry.set_condition(CONDITION, workspace.project.hand_outs.origin() is not None)

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions of the menu do."""
        return {
            "package.hand_out": self.hand_out,
            "package.take_in": self.ask_for_readings,
            "package.hand_back": self.hand_back,
        }

    def close(self) -> None:
        """The project is closed."""
        if self._handing is not None:
            self._handing.close()
        for window in (self.hand_out_window, self.take_in_window):
            if window is not None:
                window.end()
                window.deleteLater()
        self.hand_out_window = self.take_in_window = None
        self._workspace.window.registry.set_condition(CONDITION, False)

    # --- handing out

    def hand_out(self) -> None:
        """Ask for whom and what, if the person may."""
        workspace = self._workspace
        refusal = workspace.reading.desk.refusal("assign")
        if refusal:
            workspace.window.dialogs.tell(tr("Hand out a reader package"), refusal, kind="warning")
            return
        if self.hand_out_window is None or self._handing is None:
            self.hand_out_window = HandOutWindow(workspace.window)
            self._handing = HandOutController(
                workspace.runner,
                workspace.project,
                self.hand_out_window,
                query=lambda: workspace.worklist.query,
                open_case=self._transfer.open_case,
                parent=self,
            )
            self._handing.finished.connect(self._handed_out)
        if self.hand_out_window.isVisible():
            self.hand_out_window.raise_()
            return
        self._handing.open(self._transfer.export_folder())

    def _handed_out(self, made: Made) -> None:
        self._transfer.remember_folder(made.path)
        workspace = self._workspace
        text = trn(
            "%n case is packed for {reader} in {name}. Send the file; what comes back goes in by Project > Take in "
            "readings.",
            "%n cases are packed for {reader} in {name}. Send the file; what comes back goes in by Project > Take in "
            "readings.",
            made.cases,
            reader=made.reader,
            name=made.path.name,
        )
        buttons = self._folder_button(made.path)
        if made.left_out:
            text += " " + trn("%n picture was left out.", "%n pictures were left out.", len(made.left_out))
            details = "\n".join(f"{name}: {why}" for name, why in made.left_out)
            buttons[tr("Show list")] = lambda: workspace.window.dialogs.tell(
                tr("What was left out"), text, details, "warning"
            )
        workspace.notices.show(OUT, "info", text, buttons)
        workspace.worklist.refresh()

    # --- taking in

    def ask_for_readings(self) -> None:
        """Choose the file that came back."""
        path = self._workspace.window.dialogs.open_file(tr("Take in readings of a package"), READINGS)
        if path:
            self.take_in(path)

    def take_in(self, path: str) -> None:
        """Show what a file would bring, if the person may take it in."""
        workspace = self._workspace
        refusal = workspace.reading.desk.refusal("assign")
        if refusal:
            self._refuse(refusal)
            return
        if self.take_in_window is None or self._taking is None:
            self.take_in_window = TakeInWindow(workspace.window)
            self._taking = TakeInController(
                workspace.runner, workspace.project, self.take_in_window, pause=self._transfer.pause, parent=self
            )
            self._taking.finished.connect(self._taken_in)
            self._taking.refused.connect(self._refuse)
        self._taking.open(path)

    def _refuse(self, text: str) -> None:
        self._workspace.window.dialogs.tell(tr("Take in readings"), text, kind="warning")

    def _taken_in(self, outcome: ImportOutcome) -> None:
        workspace = self._workspace
        self._transfer.changed_on_disk(outcome.case_ids)
        workspace.reading.agreement.refresh()
        buttons: dict[str, Callable[[], object]] = {}
        if outcome.batch and outcome.cases:
            text = trn(
                "%n reading was taken in, beside those that are here.",
                "%n readings were taken in, beside those that are here.",
                outcome.cases,
            )
            buttons[tr("Agreement…")] = workspace.reading.agreement.show
            buttons[tr("Undo import")] = lambda: self._undo(outcome.batch)
        else:
            text = tr("Not everything was taken in.") if outcome.is_stopped else tr("Nothing was taken in.")
        if outcome.refused:
            text += " " + trn("%n was left out.", "%n were left out.", len(outcome.refused))
            details = "\n".join(f"{name}: {why}" for name, why in outcome.refused)
            buttons[tr("Show list")] = lambda: workspace.window.dialogs.tell(
                tr("What was left out"), text, details, "warning"
            )
        workspace.notices.show(IN, "warning" if outcome.refused else "info", text, buttons)

    def _undo(self, batch: str) -> None:
        self._workspace.notices.dismiss(IN)
        self._transfer.take_back(batch)

    # --- handing back

    def hand_back(self) -> None:
        """Write what is reviewed for whoever made the package."""
        workspace = self._workspace
        problem = workspace.save_all()  # what is on screen is what is handed back
        if problem:
            why = tr("Not saved yet, so nothing is handed back: {why}", why=problem)
            workspace.notices.show(BACK, "warning", why)
            return
        workspace.runner.submit(STORE, standing, workspace.project, on_done=self._ask_where, on_error=self._not_back)

    def _ask_where(self, found: Standing) -> None:
        dialogs, title = self._workspace.window.dialogs, tr("Hand back readings")
        if not found.done:
            dialogs.tell(title, tr("No case is marked reviewed yet: Return ends a case."))
            return
        if found.waiting:
            text = trn(
                "%n case is not reviewed yet and stays out. What is reviewed can be handed back now, and again with "
                "the rest.",
                "%n cases are not reviewed yet and stay out. What is reviewed can be handed back now, and again with "
                "the rest.",
                len(found.waiting),
            )
            buttons = [("back", tr("Hand back what is reviewed")), ("stay", tr("Go on reading"))]
            if dialogs.ask(title, text, buttons, "stay", "\n".join(found.waiting[:LISTED])) != "back":
                return
        folder = self._transfer.export_folder()
        name = f"{self._workspace.project.template.id}-{found.reader}{SUFFIX}"
        path = dialogs.save_file(title, str(folder / name), READINGS)
        if path:
            target = Path(path if path.endswith(".jsonl") else path + SUFFIX)
            self._workspace.runner.submit(
                IO,
                hand_back,
                self._workspace.project,
                target,
                on_done=lambda count: self._handed_back(count, target),
                on_error=self._not_back,
            )

    def _handed_back(self, count: int, target: Path) -> None:
        self._transfer.remember_folder(target)
        text = trn(
            "%n reading was written to {name}. Send this file to whoever gave you the package.",
            "%n readings were written to {name}. Send this file to whoever gave you the package.",
            count,
            name=target.name,
        )
        self._workspace.notices.show(BACK, "info", text, self._folder_button(target))

    def _not_back(self, error: Exception) -> None:
        self._workspace.window.dialogs.tell(tr("Hand back readings"), str(error), kind="warning")

    # --- inside

    def _folder_button(self, path: Path) -> dict[str, Callable[[], object]]:
        folder = QUrl.fromLocalFile(str(path.parent))
        return {tr("Open folder"): lambda: QDesktopServices.openUrl(folder)}
