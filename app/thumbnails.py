"""Small pictures of films: made once, kept in a folder of this computer, addressed by the bytes of the film."""

from __future__ import annotations

import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image
from medsapiens_core.store.cases import CaseRow

THUMBNAIL_FOLDER = "thumbnails"  # in the home of the program
SIDE = 96  # pixels: 40 logical pixels at twice the resolution and a little more
QUALITY = 82
Grey = NDArray[np.uint8]


def thumbnail_path(folder: Path, row: CaseRow) -> Path:
    """Where the small picture of a case is kept; the same film in two projects has one."""
    axis = "" if row.axis is None else f"-{row.axis}"
    return folder / row.image_sha256[:2] / f"{row.image_sha256}-{row.frame}{axis}.jpg"


def read_thumbnail(path: Path) -> Grey | None:
    """A small picture (H, W) uint8 that is kept, or None."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError:
        return None
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None  # None too for a damaged file


def keep_thumbnail(path: Path, grey: Grey) -> None:
    """Keep a small picture; one that cannot be written is made again the next time."""
    done, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as part:
            part.write(data.tobytes())
        Path(part.name).replace(path)
    except OSError:
        return


def make_thumbnail(image: Image, side: int = SIDE) -> Grey:
    """The film as (H, W) uint8, at most `side` pixels long, with its grey window and its pixel shape."""
    pixels = image.pixels
    rows, columns = pixels.shape[:2]
    aspect = image.spacing.row_mm / image.spacing.col_mm if image.spacing else 1.0
    scale = side / max(rows * aspect, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * aspect * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    if small.ndim == 3:
        small = small @ np.array([0.299, 0.587, 0.114], np.float32)
    low, high = image.window
    grey = np.clip((small - low) / max(high - low, 1e-6), 0, 1)
    return (255 * (1 - grey if image.inverted else grey)).round().astype(np.uint8)


def folder_bytes(folder: Path) -> int:
    """How much is kept."""
    return sum(file.stat().st_size for file in folder.glob("*/*.jpg"))


def forget_all(folder: Path) -> None:
    """Delete every small picture that is kept."""
    for file in folder.glob("*/*"):
        file.unlink(missing_ok=True)
