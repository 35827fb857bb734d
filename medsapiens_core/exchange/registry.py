"""The formats by the names that the command line uses. Modules are loaded when a format is first asked for."""

from __future__ import annotations

from importlib import import_module

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Format

MODULES = {
    "coco": "coco",
    "labelme": "labelme",
    "cvat": "cvat",
    "labelstudio": "labelstudio",
    "slicer": "slicer",
    "deeplabcut": "deeplabcut",
    "sleap": "sleap",
    "tps": "tps",
    "isbi": "isbi",
    "csv": "long_csv",
    "csv-wide": "wide_csv",
    "spreadsheet": "spreadsheet",
    "json": "history_json",
    "dicom-sr": "dicom_sr",
    "dicom-gsps": "dicom_gsps",
}


def find_format(name: str) -> Format:
    """The format of that name. Raises UserError that lists the names."""
    if name not in MODULES:
        raise UserError(f"There is no format {name!r}. Known formats: {', '.join(MODULES)}.")
    found: Format = import_module(f"medsapiens_core.exchange.{MODULES[name]}").FORMAT
    return found
