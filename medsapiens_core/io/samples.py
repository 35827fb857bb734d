"""Sample images that may be shipped: the chest film of the package `pydicom-data`, and our own synthetic films."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from medsapiens_core.errors import EnvironmentProblemError

CHEST_FILM = "RG1_UNCR.dcm"


def chest_film_path() -> Path:
    """The PA chest film (CR, MONOCHROME1, 1841 x 1955) of the installed `pydicom-data`, without network.

    Raises EnvironmentProblemError when the package is not installed.
    """
    package = importlib.util.find_spec("data_store")
    for folder in package.submodule_search_locations or [] if package else []:
        path = Path(folder) / "data" / CHEST_FILM
        if path.is_file():
            return path
    raise EnvironmentProblemError(
        "The sample chest film is missing because the package pydicom-data is not installed. "
        "Run ./start again, or: pip install pydicom-data"
    )
