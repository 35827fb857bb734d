"""Model packages as files: reading, checking, copying, packing (formats.md 8.4). No weights are loaded here.

A package is a flat folder whose `manifest.json` lists every other file with its size and SHA-256. It is never changed
after it is written.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from medsapiens_core.store.errors import LibraryError
from medsapiens_core.store.files import sha256_file
from medsapiens_core.whole_files import sync_file, sync_folder
from medsapiens_core.zip_files import UnsafeZipError, ZipLimits, checked_entries, copy_entry, write_stored

MANIFEST = "manifest.json"
CONFIG = "config.json"
MAX_TEXT_BYTES = 16_000_000
MAX_PACKAGE_BYTES = 20_000_000_000
MAX_FILES = 64


class _FileRecord(BaseModel):
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Manifest(BaseModel):
    files: dict[str, _FileRecord] = Field(min_length=1, max_length=MAX_FILES)


class _Config(BaseModel):
    templates: dict[str, object] = Field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True)
class PackageFacts:
    """What the small files of a package tell; `fingerprint` is the first 12 hex digits of the manifest's SHA-256."""

    fingerprint: str
    templates: tuple[str, ...]
    parent: str | None


def read_facts(folder: Path) -> PackageFacts:
    """Read manifest and config. Raises LibraryError when this is no package."""
    try:
        manifest = _small_file(folder / MANIFEST)
        _Manifest.model_validate_json(manifest)
        config = _Config.model_validate_json(_small_file(folder / CONFIG))
    except (OSError, ValidationError) as error:
        raise LibraryError(
            f"{folder.name} is not a model package: manifest.json or config.json is missing or damaged. "
            "Choose a folder or .msmodel file that this program has written."
        ) from error
    return PackageFacts(hashlib.sha256(manifest).hexdigest()[:12], tuple(config.templates), config.parent)


def verify(folder: Path) -> None:
    """Check that the files are exactly those of the manifest. Raises LibraryError naming the first that differs."""
    read_facts(folder)
    files = _Manifest.model_validate_json(_small_file(folder / MANIFEST)).files
    present = {path.name for path in folder.iterdir()}
    odd = sorted(present ^ {*files, MANIFEST})
    if odd:
        raise _altered(folder, f"{odd[0]} is {'not listed' if odd[0] in present else 'missing'}")
    for name, record in files.items():
        path = folder / name
        if not stat.S_ISREG(path.lstat().st_mode):
            raise _altered(folder, f"{name} is not a plain file")
        if path.stat().st_size != record.bytes or sha256_file(path) != record.sha256:
            raise LibraryError(
                f'The checksum of "{name_of(folder, name)}" does not match its model card. '
                "It may be damaged or altered and is not loaded."
            )


def copy_into(source: Path, target: Path) -> None:
    """Copy a checked package to `target`, which appears whole or not at all."""
    verify(source)
    with _building(target) as building:
        building.mkdir()
        for path in sorted(source.iterdir()):
            shutil.copyfile(path, building / path.name)


def pack(folder: Path, file: Path) -> None:
    """Write a checked package as one `.msmodel` file: ZIP, stored, sorted names, no times."""
    verify(folder)
    write_stored(file, {path.name: path for path in folder.iterdir()})


def unpack(file: Path, target: Path) -> None:
    """Unpack a `.msmodel` file to `target`, which appears only if every check passes. Raises LibraryError."""
    try:
        with zipfile.ZipFile(file) as archive, _building(target) as building:
            building.mkdir()
            for entry in _checked_entries(archive):
                with (building / entry.filename).open("xb") as copy:
                    copy_entry(archive, entry, copy)
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise LibraryError(
            f"{file.name} is not a readable model file: {type(error).__name__}. Get it again from where it came from."
        ) from error


def _checked_entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Entries of a flat folder. Raises LibraryError for whatever a model package never has."""
    try:
        found = checked_entries(archive, ZipLimits(MAX_FILES, MAX_PACKAGE_BYTES))
    except UnsafeZipError as error:
        raise LibraryError(f"This model file was not unpacked: {error}") from error
    if any("/" in name or name.startswith(".") for name in found):
        raise LibraryError("This model file holds entries that a model package never has, so it was not unpacked.")
    return list(found.values())


@contextmanager
def _building(target: Path) -> Iterator[Path]:
    """A temporary folder that is checked, synced and renamed to `target` when the block ends well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.with_name(f".tmp-{uuid.uuid4().hex[:8]}")
    try:
        yield building
        verify(building)
        for path in building.iterdir():
            sync_file(path)
        sync_folder(building)
        building.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _small_file(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(MAX_TEXT_BYTES)


def _altered(folder: Path, what: str) -> LibraryError:
    return LibraryError(
        f"The model {name_of(folder)} does not match its manifest ({what}). It may be damaged or altered and is not "
        "loaded. Import it again."
    )


def name_of(folder: Path, file: str = "") -> str:
    """A package, or a file of it, by the model's name; a folder on its way into the library has none yet."""
    if folder.name.startswith("."):
        return file or "in this file"
    return f"{folder.name}/{file}" if file else folder.name
