"""What the figures of the library's models are worth, read from their packages."""

from __future__ import annotations

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.models.package_files import read_calibrations
from medsapiens_core.store.library import ModelLibrary


def calibrations_of(library: ModelLibrary, template: Template) -> dict[str, Calibration]:
    """Model id -> what its figures are worth for a template. A damaged model does not hide what the others know."""
    found = {}
    for entry in library.list():
        if template.id in entry.templates:
            try:
                calibration = read_calibrations(entry.folder).get(template.id)
            except (UserError, OSError):
                continue  # the models panel tells of damaged models
            if calibration is not None:
                found[entry.id] = calibration
    return found
