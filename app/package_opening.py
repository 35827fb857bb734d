"""Opening a reader package that came from another computer: checked, shown, then made a project (ux.md 10.2)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QDialog

from app.session.package_state import PackageFacts
from app.tasks.task_runner import IO, TaskRunner
from app.translate import tr
from app.views.main_window import MainWindow
from app.views.transfer.open_package_dialog import OpenPackageDialog
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.package_project import make_project
from medsapiens_core.transfer.reader_package import SUFFIX, ReaderPackage, read_package

KINDS = f"Reader packages (*{SUFFIX});;All files (*)"
KNOWN, MOST_KNOWN = "packages", 50


class PackageOpening(QObject):
    """`opened(project)` takes over the open project; `open_folder(path)` opens one that is there already."""

    def __init__(
        self,
        runner: TaskRunner,
        window: MainWindow,
        settings: QSettings,
        *,
        opened: Callable[[Project], object],
        open_folder: Callable[[Path], object],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._window, self._settings = runner, window, settings
        self._opened, self._open_folder = opened, open_folder

    def ask(self) -> None:
        """Choose a package."""
        path = self._window.dialogs.open_file(tr("Open a reader package"), KINDS)
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Check a package, then ask where its project is to be made; one that is known already is opened as it is."""
        self._say(tr("Checking {name} …", name=path.name))
        self._runner.submit(IO, read_package, path, on_done=self._checked, on_error=self._failed)

    def _checked(self, package: ReaderPackage) -> None:
        self._window.status.clearMessage()
        known = Path(self._known().get(package.manifest.id, ""))
        if known.name and (known / "project.db").is_file():
            self._window.toasts.show_message(tr("This package was opened before: this is its project."))
            self._open_folder(known)
            return
        dialog = OpenPackageDialog(_facts(package, _free_folder(package)), self._window)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        folder = Path(dialog.folder())
        dialog.deleteLater()
        if accepted:
            self._say(tr("Opening {name} …", name=package.path.name))
            self._runner.submit(
                IO,
                make_project,
                package,
                folder,
                on_done=lambda project: self._made(package, project),
                on_error=self._failed,
            )

    def _made(self, package: ReaderPackage, project: Project) -> None:
        self._window.status.clearMessage()
        others = {key: place for key, place in self._known().items() if key != package.manifest.id}
        kept = {package.manifest.id: str(project.folder), **others}
        self._settings.setValue(KNOWN, json.dumps(dict(list(kept.items())[:MOST_KNOWN])))
        self._window.preferences.keep(f"reader/{project.uid}", package.manifest.reader)
        self._opened(project)

    def _failed(self, error: Exception) -> None:
        self._window.status.clearMessage()
        self._window.dialogs.tell(tr("Reader package not opened"), str(error), kind="warning")

    def _known(self) -> dict[str, str]:
        """Package id -> the folder of its project, newest first."""
        try:
            stored = json.loads(str(self._settings.value(KNOWN, "{}")))
        except ValueError:
            return {}
        return {str(key): str(place) for key, place in stored.items()} if isinstance(stored, dict) else {}

    def _say(self, text: str) -> None:
        self._window.status.showMessage(text, 60_000)


def _facts(package: ReaderPackage, folder: Path) -> PackageFacts:
    manifest, template = package.manifest, package.template
    try:
        made = datetime.fromisoformat(manifest.created_utc).astimezone().strftime("%Y-%m-%d")
    except ValueError:
        made = ""
    name = tr("{name}, revision {number}", name=template.name, number=template.version)
    return PackageFacts(
        manifest.reader,
        name,
        len(manifest.cases),
        manifest.is_blind,
        manifest.deidentified,
        made,
        str(folder),
    )


def _free_folder(package: ReaderPackage) -> Path:
    """Beside the package, under its name."""
    stem = package.path.with_suffix("")
    folder, number = stem.with_name(f"{stem.name}.mss"), 1
    while folder.exists():
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}.mss")
    return folder
