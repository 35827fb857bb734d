"""Annotation files on disk: read within a limit, written whole or not at all, and what a path inside a file is worth.

A path that a file names is a hint (formats.md 0.7): compare it, never open it as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.whole_files import write_atomic

MAX_BYTES = 512_000_000
MAX_NAME = 200  # characters of a file name that we make
_DEVICE = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9]|CONIN\$|CONOUT\$)(\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")
_UNWRITABLE = re.compile(r'[<>:"|?*]')


def read_bytes(path: Path, *, limit: int = MAX_BYTES) -> bytes:
    """The bytes of an annotation file. Raises UserError when it cannot be read or is larger than `limit` bytes."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror or 'it is not a file'}.") from error
    if len(data) > limit:
        raise UserError(f"{path.name} is larger than {limit // 1_000_000} MB. Split it into several files.")
    return data


def write_text(path: Path, text: str, *, newline: str = "") -> None:
    r"""Write UTF-8 without a mark, whole or not at all; `newline` replaces each "\n" unless it is empty."""
    write_bytes(path, (text.replace("\n", newline) if newline else text).encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write whole or not at all, safe against a power cut; missing folders are made.

    Raises EnvironmentProblemError when the disk is full or may not be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
    except OSError as error:
        raise EnvironmentProblemError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error


def base_name(hint: str) -> str:
    """The last part of a path of any system, for comparing; "unnamed" where nothing is left.

    Drive letters, streams (`name:stream`), control characters, and dots and blanks at the end are dropped; a Windows
    device name gets a `_` in front.
    """
    last = re.split(r"[/\\]", _DRIVE.sub("", hint))[-1]
    clean = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cs"))
    name = clean.split(":", 1)[0].rstrip(". ")[-MAX_NAME:]
    return f"_{name}" if _DEVICE.fullmatch(name) else name or "unnamed"


def is_plain_relative(hint: str) -> bool:
    """True for a relative path with `/` whose parts all equal their `base_name`: no `..`, drive, device or stream."""
    return bool(hint) and all(part == base_name(part) for part in hint.split("/"))


def unique_stems(hints: Iterable[str]) -> list[str]:
    """For each image name the name of a file beside it, without suffix: its folders stay when the path is plain.

    No two are equal, also where letter case does not count; characters that some system forbids become `_`.
    """
    taken: set[str] = set()
    stems = []
    for hint in hints:
        stem = first = _stem(hint)
        number = 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{first}-{number}"
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def _stem(hint: str) -> str:
    parts = hint.split("/") if is_plain_relative(hint) else [base_name(hint)]
    parts[-1] = re.sub(r"(?<=.)\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,8}$", "", parts[-1])
    return _UNWRITABLE.sub("_", "/".join(parts))
