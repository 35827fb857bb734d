"""The screens of reader packages, PIN and lock: a real package of the sample project goes round."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.check_only import LIMIT_MS, wait_until
from app.package_opening import _facts
from app.views.pin_dialogs import AskPinDialog, ChangePinDialog
from app.views.transfer.hand_out_window import HandOutWindow
from app.views.transfer.open_package_dialog import OpenPackageDialog
from bench.reader_screens import read_twice
from bench.screens import Stage, screen
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.handing_back import hand_back
from medsapiens_core.transfer.handing_out import Request, hand_out
from medsapiens_core.transfer.package_project import make_project
from medsapiens_core.transfer.reader_package import read_package


def _pack(project: Project, folder: Path) -> Path:
    """A package of some cases for EF."""
    read_twice(project)
    if project.readers.find("EF") is None:
        project.readers.add(Reader("EF", "Eva Falk"))
    target = folder / "ceph-19-EF.mssz"
    hand_out(project, Request("EF", tuple(project.cases.page(limit=5)), "AB", pixels="looked-at"), target)
    return target


def _hand_out(stage: Stage) -> HandOutWindow:
    packages = stage.workspace.transfer.packages
    read_twice(stage.workspace.project)
    packages.hand_out()
    wait_until(lambda: packages.hand_out_window is not None and packages.hand_out_window.isVisible(), LIMIT_MS)
    assert packages.hand_out_window is not None
    return packages.hand_out_window


@screen("36-hand-out")
def _hand_out_form(stage: Stage) -> QWidget:
    return _hand_out(stage)


@screen("36-hand-out-look")
def _hand_out_look(stage: Stage) -> QWidget:
    window = _hand_out(stage)
    window.form.scopes["listed"].setChecked(True)
    window.form.target.setText(str(Path(tempfile.mkdtemp()) / "for-EF.mssz"))
    window.export.click()
    wait_until(lambda: window.is_asking, LIMIT_MS)
    window.start_looking.click()
    wait_until(lambda: window.is_looking, LIMIT_MS)
    return window


@screen("37-open-package")
def _open_package(stage: Stage) -> QWidget:
    package = read_package(_pack(stage.workspace.project, Path(tempfile.mkdtemp())))
    dialog = OpenPackageDialog(_facts(package, Path.home() / "Projects" / "ceph-19-EF.mss"), stage.window)
    dialog.show()
    return dialog


def _read(project: Project, row: CaseRow) -> None:
    """Every landmark somewhere, and the case reviewed."""
    before = project.annotations.load(row.id, reader="EF")
    marks = enumerate(project.template.ids)
    states = {mark: placed(row.width / 3 + 9 * k, row.height / 3 + 7 * k, None) for k, mark in marks}
    commit = project.annotations.commit
    edit = replace(before.change("place", states), reader="EF")
    after = commit(edit, row.id, expected_revision=before.revision, reader="EF")
    edit = replace(after.mark_reviewed(), reader="EF")
    commit(edit, row.id, expected_revision=after.revision, reader="EF")


@screen("38-take-in")
def _take_in(stage: Stage) -> QWidget:
    folder = Path(tempfile.mkdtemp())
    with make_project(read_package(_pack(stage.workspace.project, folder)), folder / "ef.mss") as project:
        for row in project.cases.page(limit=4):
            _read(project, row)
        hand_back(project, folder / "ceph-19-EF.readings.jsonl")
    packages = stage.workspace.transfer.packages
    packages.take_in(str(folder / "ceph-19-EF.readings.jsonl"))
    wait_until(lambda: packages.take_in_window is not None and packages.take_in_window.isVisible(), LIMIT_MS)
    assert packages.take_in_window is not None
    return packages.take_in_window


@screen("39-pin")
def _pin(stage: Stage) -> QWidget:
    dialog = ChangePinDialog("AB, Anna Berg", has_pin=True, parent=stage.window)
    dialog.before.setText("1234")
    dialog.new.setText("25")
    dialog.show()
    return dialog


@screen("39-ask-pin")
def _ask_pin(stage: Stage) -> QWidget:
    dialog = AskPinDialog("CD, Carl Dahl", "That is not the PIN of CD, Carl Dahl.", stage.window)
    dialog.show()
    return dialog


@screen("99-locked")
def _locked(stage: Stage) -> None:
    """Last of all: the covers stay until the picture is taken."""
    lock = stage.application.window.lock
    lock.cover("AB, Anna Berg", needs_pin=True)
    lock.tell("That is not the PIN.")
