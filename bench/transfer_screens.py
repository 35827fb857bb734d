"""The windows in which landmarks come and go, for `bench.screens`: real files of the sample project."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QWidget

from app.check_only import LIMIT_MS, wait_until
from app.views.transfer.export_window import ExportWindow
from app.views.transfer.import_window import ImportWindow
from app.workspace import Workspace
from bench.screens import Stage, screen


def _written(workspace: Workspace, *, names: bool = False, sizes: bool = False) -> Path:
    """A COCO file about the cases of the project, its points beside the ones here; with other names or sizes."""
    project = workspace.project
    images, annotations = [], []
    for number, row in enumerate(project.cases.page(limit=12)):
        wrong, larger = sizes and number % 4 == 1, 1 + (sizes and number % 4 == 3)
        file_name = f"export/{row.name}" if not (sizes and number % 4 == 2) else f"case {number}.png"
        width, height = row.width * (2 if wrong else larger), row.height * larger
        images.append({"id": number, "file_name": file_name, "width": width, "height": height})
        states = project.annotations.load(row.id).states
        points = [(s.x or row.width / 2, s.y or row.height / 2) for s in states]
        spread = [v for k, (x, y) in enumerate(points) for v in (x + k % 3 * 4, y - k % 5, 2)]
        annotations.append({"id": number, "image_id": number, "category_id": 1, "keypoints": spread})
    ids = list(project.template.ids)
    shown = [m.name.upper() if k % 3 else f"P{k}" for k, m in enumerate(project.template.landmarks)] if names else ids
    category = {"id": 1, "name": "skull", "keypoints": shown}
    path = Path(tempfile.mkdtemp()) / "tracings of reader B.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": [category]}))
    return path


def _at(stage: Stage, path: Path, page: str) -> QWidget:
    workspace = stage.workspace
    workspace.transfer.import_landmarks([str(path)])
    window = workspace.transfer.import_window
    assert window is not None
    wait_until(lambda: window.files.format.currentData() != "", LIMIT_MS)
    window.files.as_reading.click()
    if page == "files":
        return window
    window.next.click()
    wait_until(lambda: window.page in ("names", "pictures", "preview") and not window.row.stop.isVisible(), LIMIT_MS)
    if page == "preview":
        _look(window)
    return window


def _look(window: ImportWindow) -> None:
    wait_until(lambda: window.preview.picture.has_film, LIMIT_MS)


@screen("30-import-file")
def _import_file(stage: Stage) -> QWidget:
    return _at(stage, _written(stage.workspace), "files")


@screen("31-import-names")
def _import_names(stage: Stage) -> QWidget:
    return _at(stage, _written(stage.workspace, names=True), "names")


@screen("32-import-pictures")
def _import_pictures(stage: Stage) -> QWidget:
    return _at(stage, _written(stage.workspace, sizes=True), "pictures")


@screen("33-import-preview")
def _import_preview(stage: Stage) -> QWidget:
    return _at(stage, _written(stage.workspace), "preview")


@screen("34-export")
def _export(stage: Stage) -> QWidget:
    workspace = stage.workspace
    workspace.transfer.export_landmarks()
    wait_until(lambda: workspace.transfer.export_window is not None, LIMIT_MS)
    window = workspace.transfer.export_window
    assert window is not None
    wait_until(window.isVisible, LIMIT_MS)
    window.form.format.setCurrentIndex(window.form.format.findData("csv-wide"))
    return window


@screen("35-export-look")
def _export_look(stage: Stage) -> QWidget:
    window = _export(stage)
    assert isinstance(window, ExportWindow)
    window.form.target.setText(str(Path(tempfile.mkdtemp()) / "shared.csv"))
    window.export.click()
    wait_until(lambda: window.is_asking, LIMIT_MS)
    window.start_looking.click()
    wait_until(lambda: window.is_looking, LIMIT_MS)
    return window
