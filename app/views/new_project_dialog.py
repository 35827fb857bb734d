"""A new project: its name, where it lies, and which landmarks its cases get."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialogButtonBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.session.view_state import TemplateChoice
from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, UNIT, button, label

NEW_TEMPLATE = "*new*"  # no template id may hold a star
FORBIDDEN = '<>:"/\\|?*'


class NewProjectDialog(FittingDialog):
    """`answer()` is name, project folder, template id; Create is on once all three are usable."""

    def __init__(self, templates: Sequence[TemplateChoice], folder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("New project"))
        self.setMinimumWidth(560)
        self.resize(720, 700)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name"))
        self.name.setPlaceholderText(tr("Name of the project"))
        self.folder = QLineEdit(folder)
        self.folder.setAccessibleName(tr("Folder"))
        self._problem = label("", "caption", wrap=True)
        self._group = QButtonGroup(self)
        self._templates = list(templates)
        self._wants_template = False
        buttons = QDialogButtonBox()
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.create_button = button("Create project", primary=True)
        self.create_button.setDefault(True)
        buttons.addButton(self.create_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._lay_out(buttons)
        self.name.textChanged.connect(self._check)
        self.folder.textChanged.connect(self._check)
        self._check()

    def answer(self) -> tuple[str, str, str]:
        """Name, folder of the project itself, template id."""
        name = self.name.text().strip()
        if self._wants_template:
            return name, "", NEW_TEMPLATE
        template = self._templates[max(self._group.checkedId(), 0)].id if self._templates else ""
        return name, str(Path(self.folder.text().strip()) / name), template

    def choose_template(self, template_id: str) -> None:
        """Tick a template."""
        place = [template.id for template in self._templates].index(template_id)
        self._group.button(place).setChecked(True)

    def _lay_out(self, buttons: QDialogButtonBox) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(label("Name", "caption"))
        layout.addWidget(self.name)
        layout.addSpacing(UNIT)
        layout.addWidget(label("Folder in which the project folder is made", "caption"))
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        browse = button("Browse…")
        browse.clicked.connect(self._browse)
        row.addWidget(browse)
        layout.addLayout(row)
        layout.addSpacing(UNIT)
        head = QHBoxLayout()
        head.addWidget(label("Landmark template: what every case of the project gets", "caption"), 1)
        new_template = button("New template…")
        new_template.setToolTip(tr("Make a list of landmarks of your own first"))
        new_template.clicked.connect(self._make_template)
        head.addWidget(new_template)
        layout.addLayout(head)
        layout.addWidget(self._template_list(), 1)
        layout.addWidget(self._problem)
        layout.addWidget(buttons)

    def _template_list(self) -> QScrollArea:
        """The cards scroll, so that a long list of templates squeezes none of them."""
        cards = QWidget()
        column = QVBoxLayout(cards)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for place, template in enumerate(self._templates):
            column.addWidget(self._template_card(place, template))
        column.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(cards)
        return area

    def _template_card(self, place: int, template: TemplateChoice) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        inner = QVBoxLayout(card)
        inner.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        inner.setSpacing(2)
        radio = QRadioButton(template.name)
        radio.setChecked(place == 0)
        self._group.addButton(radio, place)
        inner.addWidget(radio)
        about = _first_sentence(template.description) or trn("%n landmark", "%n landmarks", template.landmark_count)
        model = "" if template.has_model else " " + tr("No model yet: landmarks are placed by hand.")
        caption = label(f"{about}.{model}", "caption", wrap=True)
        caption.setToolTip(template.description)
        caption.setContentsMargins(24, 0, 0, 0)
        inner.addWidget(caption)
        card.setToolTip(template.description)
        return card

    def _make_template(self) -> None:
        self._wants_template = True
        self.accept()

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Folder for projects"), self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _check(self) -> None:
        problem = self._what_is_missing()
        self._problem.setText(problem)
        self.create_button.setEnabled(not problem)
        self.create_button.setToolTip(problem)

    def _what_is_missing(self) -> str:
        name, parent = self.name.text().strip(), self.folder.text().strip()
        if not name:
            return tr("Give the project a name.")
        if any(sign in FORBIDDEN for sign in name) or name.endswith(".") or name.startswith("."):
            signs = " ".join(FORBIDDEN)
            return tr("A name becomes a folder: it cannot contain {signs} nor begin or end with a dot.", signs=signs)
        if not parent or not Path(parent).is_absolute():
            return tr("Choose the folder in which the project is made.")
        folder = Path(parent) / name
        if folder.exists() and any(folder.iterdir() if folder.is_dir() else [folder]):
            return tr("“{folder}” is there already. Choose another name or folder.", folder=folder)
        return "" if self._templates else tr("No landmark template is installed.")


def _first_sentence(text: str) -> str:
    """Without its full stop; "et al. 2016" ends none."""
    return re.split(r"\.\s+(?=[A-Z])", text)[0].rstrip(".")
