"""Where this computer keeps what belongs to the user and not to a project: models, settings, logs."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "MEDSAPIENS_HOME"


def home() -> Path:
    """The folder named by MEDSAPIENS_HOME, else the system's place for user data. It is not created here."""
    override = os.environ.get(VARIABLE)
    if override:
        return Path(override).expanduser().absolute()
    return Path(platformdirs.user_data_dir("MedSapiensStudio", appauthor=False))
