"""Files and folders that are dragged onto the window."""

from __future__ import annotations

from PySide6.QtCore import QMimeData


def dropped_paths(data: QMimeData) -> list[str]:
    """Paths of what is on this computer; anything else is left out."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
