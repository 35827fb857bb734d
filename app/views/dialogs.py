"""Everything the window asks in a dialog. Controllers get this object; each call blocks and returns the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QPushButton, QWidget

from app.session.match_state import MatchState
from app.session.view_state import SliceChoice, TemplateChoice
from app.translate import tr
from app.views.match_dialog import MatchDialog
from app.views.new_project_dialog import NewProjectDialog
from app.views.pin_dialogs import AskPinDialog, ChangePinDialog
from app.views.reason_dialog import ReasonDialog
from app.views.slice_dialog import SliceDialog
from app.views.who_dialog import WhoDialog
from medsapiens_core.data.readers import Reader

IMAGES = "Images (*.dcm *.dicom *.ima *.png *.jpg *.jpeg *.tif *.tiff *.bmp *.mha *.mhd *.nii *.nii.gz);;All files (*)"
MODELS = "Models (*.msmodel *.safetensors);;All files (*)"
ICONS = {
    "info": QMessageBox.Icon.Information,
    "warning": QMessageBox.Icon.Warning,
    "error": QMessageBox.Icon.Critical,
}


class Dialogs:
    """`None` or "" is always "changed my mind". `on_told(kind, text, details)` hears what had to be read."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent
        self.on_told: Callable[[str, str, str], None] = lambda _kind, _text, _details: None

    def new_project(
        self, templates: Sequence[TemplateChoice], folder: str, chosen: str = ""
    ) -> tuple[str, str, str] | None:
        """Name, folder and template id of a new project; `folder` is where projects are usually kept.

        The template id is `NEW_TEMPLATE` when a new template is wanted first. `chosen` is ticked at the start.
        """
        dialog = NewProjectDialog(templates, folder, self._parent)
        if chosen:
            dialog.choose_template(chosen)
        accepted = dialog.exec() == NewProjectDialog.DialogCode.Accepted
        answer = dialog.answer()
        dialog.deleteLater()
        return answer if accepted else None

    def open_folder(self, title: str, start: str = "") -> str | None:
        """A folder that exists."""
        return QFileDialog.getExistingDirectory(self._parent, title, start) or None

    def image_files(self) -> list[str]:
        """Image files to import; DICOM files without an ending are found with "All files"."""
        return QFileDialog.getOpenFileNames(self._parent, tr("Import images"), "", tr(IMAGES))[0]

    def image_folder(self) -> str | None:
        """A folder of images."""
        return self.open_folder(tr("Import every image of a folder"))

    def model_file(self) -> str | None:
        """A model file to add to the library."""
        return QFileDialog.getOpenFileName(self._parent, tr("Import model"), "", tr(MODELS))[0] or None

    def open_file(self, title: str, kinds: str) -> str | None:
        """A file that exists."""
        return QFileDialog.getOpenFileName(self._parent, title, "", kinds)[0] or None

    def open_files(self, title: str, kinds: str) -> list[str]:
        """Files that exist; none when the user thinks better of it."""
        return QFileDialog.getOpenFileNames(self._parent, title, "", kinds)[0]

    def save_file(self, title: str, name: str, kinds: str) -> str | None:
        """A file to write; Qt asks before an existing one is replaced."""
        return QFileDialog.getSaveFileName(self._parent, title, name, kinds)[0] or None

    def new_path(self, title: str, name: str) -> str | None:
        """A file or folder to write; what is done about an existing one is asked by whoever writes."""
        option = QFileDialog.Option.DontConfirmOverwrite
        return QFileDialog.getSaveFileName(self._parent, title, name, options=option)[0] or None

    def slices(self, choices: Sequence[SliceChoice]) -> dict[str, tuple[int | None, int]] | None:
        """For each volume the axis and slice to use (axis None: a frame of a cine file); skipped ones are left out."""
        dialog = SliceDialog(choices, self._parent)
        accepted = dialog.exec() == SliceDialog.DialogCode.Accepted
        answer = dialog.answer()
        dialog.deleteLater()
        return answer if accepted else None

    def match(self, state: MatchState) -> dict[str, str] | None:
        """Which landmark stands for which."""
        dialog = MatchDialog(state, self._parent)
        accepted = dialog.exec() == MatchDialog.DialogCode.Accepted
        answer = dialog.answer()
        dialog.deleteLater()
        return answer if accepted else None

    def ask(self, title: str, text: str, buttons: Sequence[tuple[str, str]], default: str, details: str = "") -> str:
        """The id of the button that was chosen, "" when the dialog was closed with Esc."""
        box = self._box(QMessageBox.Icon.Question, title, text, details)
        made: dict[str, QPushButton] = {}
        for button_id, words in buttons:
            made[button_id] = box.addButton(words, QMessageBox.ButtonRole.ActionRole)
        box.setDefaultButton(made[default])
        box.addButton(QMessageBox.StandardButton.Cancel).hide()  # gives Esc its meaning
        box.exec()
        chosen = box.clickedButton()
        box.deleteLater()
        return next((button_id for button_id, made_button in made.items() if made_button is chosen), "")

    def tell(self, title: str, text: str, details: str = "", kind: str = "info", close: str = "") -> None:
        """Say something that must be read; `close` is the word on the button where OK would say too much."""
        self.on_told(kind, text, details)
        box = self._box(ICONS[kind], title, text, details)
        ok = box.addButton(QMessageBox.StandardButton.Ok)
        ok.setText(close or ok.text())
        box.exec()
        box.deleteLater()

    def reason(self, title: str, text: str, choices: Sequence[str]) -> str | None:
        """One of the choices, or words of one's own."""
        answer, accepted = QInputDialog.getItem(self._parent, title, text, list(choices), 0, True)
        return answer.strip() if accepted and answer.strip() else None

    def choose(self, title: str, text: str, choices: Sequence[str]) -> str | None:
        """One of the choices."""
        answer, accepted = QInputDialog.getItem(self._parent, title, text, list(choices), 0, False)
        return answer if accepted else None

    def who(self, readers: Sequence[Reader], proposal: Reader, text: str) -> Reader | None:
        """One of the readers, or somebody new; `proposal` is chosen or filled in at the start."""
        dialog = WhoDialog(readers, proposal, text, self._parent)
        accepted = dialog.exec() == WhoDialog.DialogCode.Accepted
        answer = dialog.answer()
        dialog.deleteLater()
        return answer if accepted else None

    def pin(self, name: str, problem: str = "") -> str | None:
        """The PIN of a reader, as it was typed; `problem` says why it is asked again."""
        dialog = AskPinDialog(name, problem, self._parent)
        accepted = dialog.exec() == AskPinDialog.DialogCode.Accepted
        answer = dialog.pin
        dialog.deleteLater()
        return answer if accepted else None

    def new_pin(self, name: str, *, has_pin: bool) -> tuple[str, str] | None:
        """The PIN until now ("" without one), and the new one ("" for none)."""
        dialog = ChangePinDialog(name, has_pin=has_pin, parent=self._parent)
        accepted = dialog.exec() == ChangePinDialog.DialogCode.Accepted
        answer = dialog.answer()
        dialog.deleteLater()
        return answer if accepted else None

    def why(self, title: str, text: str, do: str) -> str | None:
        """A reason in words of one's own, which are kept; `do` is the word on the button."""
        dialog = ReasonDialog(title, text, do, self._parent)
        accepted = dialog.exec() == ReasonDialog.DialogCode.Accepted
        answer = dialog.answer
        dialog.deleteLater()
        return answer if accepted else None

    def text(self, title: str, label: str, initial: str = "") -> str | None:
        """One line of text."""
        answer, accepted = QInputDialog.getText(self._parent, title, label, text=initial)
        return answer.strip() if accepted and answer.strip() else None

    def _box(self, icon: QMessageBox.Icon, title: str, text: str, details: str) -> QMessageBox:
        box = QMessageBox(self._parent)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setIcon(icon)
        box.setWindowTitle(title)
        box.setText(text)
        if details:
            box.setDetailedText(details)
        return box
