"""Where the files that come with the program lie: templates, embedded models, icons.

Order: the folder named by MEDSAPIENS_RESOURCES, the `resources` folder beside the source tree, and the one unpacked
by a bundled build. Nothing here writes: the folder may be read-only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from medsapiens_core.errors import EnvironmentProblemError

VARIABLE = "MEDSAPIENS_RESOURCES"


def resource_path(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. `resource_path("templates", "ceph-19.json")`; it may not exist.

    Raises EnvironmentProblemError when no resource folder is found at all.
    """
    for folder in _folders():
        if folder.is_dir():
            return folder.joinpath(*parts)
    raise EnvironmentProblemError(
        f"The program's resource folder is missing (looked in {', '.join(map(str, _folders()))}). "
        f"Install the program again, or point {VARIABLE} at its resources folder."
    )


def _folders() -> list[Path]:
    override = os.environ.get(VARIABLE)
    if override:
        return [Path(override)]
    folders = [Path(__file__).resolve().parents[1] / "resources"]
    bundle = getattr(sys, "_MEIPASS", None)
    return [*folders, Path(bundle) / "resources"] if bundle else folders
