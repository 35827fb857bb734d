"""What a reader package holds, and where its project is to be made (ux.md 10.2)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.session.package_state import PackageFacts
from app.translate import tr
from app.views.fitting import FittingDialog
from app.views.widgets import GAP, MARGIN, UNIT, button, label, line

HOW = "Read the cases, mark each one reviewed, then choose Project > Hand back readings and send the file back."
BLIND = "Blind: without predictions, and without what others said"
ASSISTED = "With the predictions of the sender's model, without what others said"
PIXELS = {
    "": "As they are: they may name the patient",
    "ruled out": "Patient identity removed",
    "looked-at": "Patient identity removed",
    "leave-out": "Patient identity removed; pictures that nobody had looked at were left out",
}


class OpenPackageDialog(FittingDialog):
    """`folder()` is where the project is to be made."""

    def __init__(self, facts: PackageFacts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Open a reader package"))
        self.setMinimumWidth(560)
        self._facts = facts
        self.place = QLineEdit(facts.folder)
        self.place.setAccessibleName(tr("Folder"))
        self._browse = button("Choose…", icon="folder")
        self._problem = label("", "caution", wrap=True)
        self.go_on = button("Open", primary=True)
        self.go_on.setDefault(True)
        self._cancel = button("Cancel")
        self._lay_out()
        self._browse.clicked.connect(self._ask_where)
        self.place.textChanged.connect(self._check)
        self.go_on.clicked.connect(self.accept)
        self._cancel.clicked.connect(self.reject)
        self._check()

    def folder(self) -> str:
        """Where to."""
        return self.place.text().strip()

    def _rows(self) -> tuple[tuple[str, str], ...]:
        facts = self._facts
        return (
            (tr("For"), facts.reader),
            (tr("Cases"), str(facts.cases)),
            (tr("Template"), facts.template),
            (tr("Reading"), tr(BLIND if facts.is_blind else ASSISTED)),
            (tr("Pictures"), tr(PIXELS[facts.deidentified])),
            (tr("Made"), facts.made),
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * MARGIN, 2 * MARGIN, 2 * MARGIN, 2 * MARGIN)
        column.setSpacing(GAP)
        column.addWidget(label("Reader package", "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(UNIT)
        for row, (title, words) in enumerate(self._rows()):
            grid.addWidget(label(title, "caption"), row, 0)
            text = label(wrap=True)
            text.setText(words)
            grid.addWidget(text, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addWidget(label(HOW, "caption", wrap=True))
        column.addWidget(line())
        column.addWidget(label("Make its project in this folder", "section"))
        place = QHBoxLayout()
        place.setSpacing(GAP)
        place.addWidget(self.place, 1)
        place.addWidget(self._browse)
        column.addLayout(place)
        column.addWidget(self._problem)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self._cancel)
        foot.addWidget(self.go_on)
        column.addLayout(foot)

    def _ask_where(self) -> None:
        start = str(Path(self.folder()).parent)
        chosen = QFileDialog.getExistingDirectory(self, tr("A new or empty folder"), start)
        if chosen:
            self.place.setText(chosen)

    def _check(self) -> None:
        path = Path(self.folder())
        problem = ""
        if not self.folder() or not path.is_absolute():
            problem = tr("Choose a folder.")
        elif path.exists() and (not path.is_dir() or any(path.iterdir())):
            problem = tr("This folder is not empty. Choose a new one.")
        self._problem.setText(problem)
        self.go_on.setEnabled(not problem)
        self.go_on.setToolTip(problem)
