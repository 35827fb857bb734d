"""`medsapiens doctor`: what this computer offers and what is in the way."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer

from medsapiens_core.commands.output import EXIT_USER, JSON_OPTION, note, result, table
from medsapiens_core.settings import home
from medsapiens_core.store.library import ModelLibrary

PACKAGES = ("medsapiens-studio", "torch", "numpy", "pydicom", "SQLAlchemy", "PySide6-Essentials", "pyqtgraph")
LEAST_FREE_GB = 2.0
PROBE_SECONDS = 120
TORCH_PROBE = """
import json, torch
names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(), "gpus": names}))
"""
QT_PROBE = """
import json
from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget
application = QGuiApplication([])
print(json.dumps({"version": qVersion(), "platform": application.platformName()}))
"""


def doctor(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Show versions, GPU, Qt, free disk space and write access; exit code 2 when something is in the way."""
    problems: list[str] = []
    folder = home()
    value: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
        "torch": _probe("PyTorch", TORCH_PROBE, {}, problems),
        "qt": _probe("Qt", QT_PROBE, _display(), problems),
        "home": str(folder),
        "writable": _is_writable(folder, problems),
        "free_gb": _free_gb(folder, problems),
        "models": [entry.name for entry in ModelLibrary().list()],
    }
    value["gpu"] = (value["torch"] or {}).get("gpus", [])
    value |= {"ok": not problems, "problems": problems}
    for problem in problems:
        note(problem)
    result(value, table([(key, str(item)) for key, item in value.items()]), as_json=as_json)
    if problems:
        raise typer.Exit(EXIT_USER)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _display() -> dict[str, str]:
    """Qt is tried without a screen where there is none, as on a server."""
    has_screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return {} if has_screen or "QT_QPA_PLATFORM" in os.environ else {"QT_QPA_PLATFORM": "offscreen"}


def _probe(what: str, code: str, environment: dict[str, str], problems: list[str]) -> dict[str, Any] | None:
    """What a small program finds out, in a process of its own because a broken library may end it."""
    try:
        child = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        found: dict[str, Any] = json.loads(child.stdout.strip().splitlines()[-1])
        return found
    except (OSError, subprocess.TimeoutExpired) as error:
        problems.append(f"{what} could not be tried: {error}.")
    except (ValueError, IndexError):
        reason = (child.stderr.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
        problems.append(f"{what} does not work: {reason}. Run ./start again to repair the installation.")
    return None


def _is_writable(folder: Path, problems: list[str]) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".write-test-{uuid.uuid4().hex[:8]}"
        probe.write_bytes(b"x")
        probe.unlink()
        return True
    except OSError as error:
        problems.append(f"{folder} cannot be written to: {error.strerror}. Set MEDSAPIENS_HOME to another folder.")
        return False


def _free_gb(folder: Path, problems: list[str]) -> float | None:
    existing = next((part for part in (folder, *folder.parents) if part.exists()), None)
    if existing is None:
        return None
    free = shutil.disk_usage(existing).free / 1e9
    if free < LEAST_FREE_GB:
        problems.append(f"Only {free:.1f} GB are free at {existing}; fine-tuning needs at least {LEAST_FREE_GB:g} GB.")
    return round(free, 1)
