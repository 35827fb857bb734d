"""What formats of other tools share: image names as hints, text of unknown encoding, images without a place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import checked_name
from medsapiens_core.exchange.files import base_name, is_plain_relative, read_bytes

IMAGE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".dcm", ".nii", ".nii.gz", ".mha", ".mhd", ".nrrd", ".nhdr", "",
)  # fmt: skip


def image_hint(text: str) -> str:
    """A path from a file as a relative hint with `/`; of an absolute path or one that climbs, only the last part."""
    relative = text.replace("\\", "/").removeprefix("./")
    return relative if is_plain_relative(relative) else base_name(text)


def find_by_stem(options: ReadOptions, stem: str) -> Path | None:
    """The image of an annotation file that is named like it but for the suffix."""
    found = (options.find_image(stem + suffix) for suffix in IMAGE_SUFFIXES)
    return next((path for path in found if path is not None), None)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file: UTF-8, or Latin-1 where it is not (old programs). Raises UserError as `read_bytes`."""
    data = read_bytes(path)
    if b"\0" in data:
        raise UserError(f"{path.name} is not a text file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def frameless(readings: Iterable[Reading], tool: str) -> tuple[list[Reading], list[tuple[str, str]]]:
    """The readings of single pictures, and (image, reason) for slices and frames, which `tool` cannot tell apart."""
    kept, skipped = [], []
    for reading in readings:
        if reading.image.frame or reading.image.axis is not None:
            reason = f"{tool} has no frame numbers; save the frame as a picture of its own"
            skipped.append((reading.image.file_name, reason))
        else:
            kept.append(reading)
    return kept, skipped


def one_line(image: ImageRef) -> bool:
    """True when the image's name fits into one line of text."""
    return image.file_name.isprintable() or not set(image.file_name) & set("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\0")


def check_names(names: Sequence[str]) -> None:
    """Raise UserError for a landmark name that no reader would take back."""
    for name in names:
        checked_name(name)
