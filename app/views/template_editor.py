"""The template editor: a window of its own beside the main window (ux.md 2.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from app.session.template_session import TemplateSession
from app.translate import tr, trn
from app.views.fitting import FittingDialog
from app.views.paste_list_dialog import PasteListDialog
from app.views.template_details import TemplateDetails
from app.views.template_example import TemplateExample
from app.views.template_table import TemplateTable
from app.views.widgets import GAP, MARGIN, button, label
from medsapiens_core.data.template_draft import counts, hints, open_offers, problems

ROWS = (
    ("add", "Add", "Add a landmark below the chosen one (Insert)"),
    ("paste", "Paste list…", "Add landmarks from a list, one to a line"),
    ("duplicate", "Duplicate", "Copy the chosen landmark"),
    ("delete", "Delete", "Take the chosen landmark out (Delete)"),
    ("up", "Up", "One place up (Alt+Up)"),
    ("down", "Down", "One place down (Alt+Down)"),
)
NEEDS_ROW = ("duplicate", "delete", "up", "down")


class TemplateEditor(FittingDialog):
    """Works on a `TemplateSession`. `save_requested()`, `publish_requested()`, `import_requested()`,
    `export_requested()`, `picture_requested()`, `closed()`. `close_guard` is asked while something is not saved.
    """

    save_requested = Signal()
    publish_requested = Signal()
    import_requested = Signal()
    export_requested = Signal()
    picture_requested = Signal()
    closed = Signal()

    def __init__(self, session: TemplateSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setMinimumSize(QSize(980, 640))
        self.resize(1220, 820)
        self.session = session
        self.close_guard: Callable[[], bool] | None = None
        self.read_only_reason = ""
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of the template"))
        self.name.setPlaceholderText(tr("Name of the template"))
        self.table = TemplateTable()
        self.example = TemplateExample(session)
        self.details = TemplateDetails(session)
        self._revision = label("", "caption")
        self._offer = label("", "caption", wrap=True)
        self.set_pairs = button("Set pairs")
        self._checks = label("", "caption", wrap=True)
        self._checks.setAccessibleName(tr("Checks"))
        self._buttons: dict[str, QPushButton] = {}
        self.save_button = button("Save draft")
        self.publish_button = button("Publish", primary=True)
        self._lay_out()
        self._connect()
        self._show()

    def set_read_only(self, reason: str) -> None:
        """Why nothing can be stored, "" when it can."""
        self.read_only_reason = reason
        self._show()

    def paste_list(self) -> None:
        """Ask for a list and add what is in it."""
        dialog = PasteListDialog(self.session.draft, self)
        if dialog.exec() == PasteListDialog.DialogCode.Accepted:
            self.session.paste(dialog.answer())
        dialog.deleteLater()

    def reject(self) -> None:
        """Esc and Cancel close only if nothing is lost."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before something is lost."""
        if not self.session.is_saved and self.close_guard is not None and not self.close_guard():
            event.ignore()
            return
        event.accept()
        self.closed.emit()

    # --- how it is put together

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.table, 3)
        offer = QHBoxLayout()
        offer.addWidget(self._offer, 1)
        offer.addWidget(self.set_pairs)
        column.addLayout(offer)
        column.addWidget(self.details, 2)
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.setChildrenCollapsible(False)
        parts.addWidget(left)
        parts.addWidget(self.example)
        parts.setSizes([700, 480])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(self._head())
        layout.addLayout(self._row_buttons())
        layout.addWidget(parts, 1)
        layout.addWidget(self._checks)
        layout.addLayout(self._foot())

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(label("Template", "section"))
        row.addWidget(self.name, 1)
        row.addWidget(self._revision)
        return row

    def _row_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for name, text, tip in ROWS:
            self._buttons[name] = button(text)
            self._buttons[name].setToolTip(tr(tip))
            act = self.paste_list if name == "paste" else lambda name=name: self.session.act(name)
            self._buttons[name].clicked.connect(lambda _=False, act=act: act())
            row.addWidget(self._buttons[name])
        row.addStretch(1)
        for text, tip, signal in (
            ("Import…", tr("Take landmarks, lines and definitions from a template file"), self.import_requested),
            ("Export…", tr("Write this template as a file"), self.export_requested),
        ):
            made = button(text)
            made.setToolTip(tr(tip))
            made.clicked.connect(signal)
            row.addWidget(made)
        return row

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addStretch(1)
        cancel = button("Cancel")
        cancel.clicked.connect(self.close)
        for part in (cancel, self.save_button, self.publish_button):
            row.addWidget(part)
        return row

    def _connect(self) -> None:
        session, table = self.session, self.table
        session.changed.connect(self._show)
        table.acted.connect(session.act)
        table.row_changed.connect(lambda row: session.choose(row) if row >= 0 else None)
        table.model_.field_edited.connect(session.change)
        table.model_.pair_edited.connect(session.pair)
        self.name.textEdited.connect(self._write_name)
        self.set_pairs.clicked.connect(lambda: session.set_offered(open_offers(session.draft)))
        self.save_button.clicked.connect(self.save_requested)
        self.publish_button.clicked.connect(self.publish_requested)
        self.example.picture_requested.connect(self.picture_requested)
        for keys, act in (
            ("Ctrl+Return", self._save_by_key),
            ("Ctrl+Z", session.undo),
            ("Ctrl+Shift+Z", session.redo),
            ("Ctrl+Y", session.redo),
        ):
            QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WindowShortcut).activated.connect(act)

    def _save_by_key(self) -> None:
        if self.save_button.isEnabled():
            self.save_requested.emit()

    def _write_name(self, text: str) -> None:
        self.session.set(replace(self.session.draft, name=text), writing=("name",))

    # --- what it shows

    def _show(self) -> None:
        session, draft = self.session, self.session.draft
        if self.name.text() != draft.name:
            self.name.setText(draft.name)
        self.table.model_.set_draft(draft)
        if session.current >= 0 and self.table.current_row() != session.current:
            self.table.choose(session.current)
        self.example.show_draft()
        self.details.show_draft()
        base = tr("published as r{n}", n=draft.base.version) if draft.base else tr("new")
        parts = [tr("draft of r{n}", n=draft.revision), base, *([] if session.is_saved else [tr("not saved")])]
        self._revision.setText(" · ".join(parts))
        title = tr("Template: {name} · draft of r{n}", name=draft.name or tr("new"), n=draft.revision)
        self.setWindowTitle(title)
        self._show_offers()
        self._show_checks()
        for name in NEEDS_ROW:
            self._buttons[name].setEnabled(bool(session.current_id))

    def _show_offers(self) -> None:
        draft = self.session.draft
        names = {mark.id: mark.name for mark in draft.marks}
        offers = [f"{names[a]} – {names[b]}" for a, b in open_offers(draft)]
        shown = "; ".join([*offers[:2], *([tr("and {n} more", n=len(offers) - 2)] if len(offers) > 2 else [])])
        text = trn("%n pair by name: {pairs}.", "%n pairs by name: {pairs}.", len(offers), pairs=shown)
        self._offer.setText(text if offers else "")
        self._offer.setVisible(bool(offers))
        self.set_pairs.setVisible(bool(offers))

    def _show_checks(self) -> None:
        draft = self.session.draft
        found = problems(draft)
        text = " ".join([counts(draft), *(found or [tr("Names and abbreviations are unique.")]), *hints(draft)])
        self._checks.setText(tr("Checks: {text}", text=text))
        same = draft.base is not None and draft == type(draft).of(draft.base, draft.base)
        reason = self.read_only_reason or (found[0] if found else "")
        self.publish_button.setText(tr("Publish as r{n}", n=draft.revision))
        self.publish_button.setEnabled(not reason and not same)
        nothing = tr("Nothing differs from r{n}", n=draft.base.version) if draft.base is not None and same else ""
        self.publish_button.setToolTip(reason or nothing)
        self.save_button.setEnabled(not self.read_only_reason and not self.session.is_saved)
        self.save_button.setToolTip(self.read_only_reason or tr("Keep the draft; cases do not see it (Ctrl+Return)"))
