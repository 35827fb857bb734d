"""The files of a model package: what it may hold, its manifest, and reading it without torch (formats.md 8.4)."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import shipped_templates, template_from_json, template_to_json
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.models.config import ModelConfig, TemplateChannels

MANIFEST = "manifest.json"
WEIGHTS = "model.safetensors"
CALIBRATION = "calibration.json"
REQUIRED = frozenset({"config.json", WEIGHTS, "template.json", "metrics.json", "provenance.json", "MODEL_CARD.md"})
OPTIONAL = frozenset({CALIBRATION, "LICENSE.txt"})
MAX_TEXT_BYTES = 16_000_000


class PackageError(UserError):
    """A model package that is refused; the message names it and the reason."""


class _FileEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["msmodel/1"] = "msmodel/1"
    files: dict[str, _FileEntry]
    min_app: str = "0.1"


class _CalibrationFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["mscalibration/1"] = "mscalibration/1"
    templates: dict[str, Calibration]


def write_manifest(folder: Path) -> None:
    """Write `manifest.json` over all other files of a package."""
    entries = {
        path.name: _FileEntry(bytes=path.stat().st_size, sha256=file_sha256(path)) for path in sorted(folder.iterdir())
    }
    write_text(folder / MANIFEST, _Manifest(files=entries).model_dump_json(indent=2) + "\n")


def verify_files(folder: Path) -> None:
    """Check that a package is what its manifest says: exactly its files, no links, sizes, then hashes.

    Raises PackageError.
    """
    manifest = _read_manifest(folder)
    found = _regular_files(folder) - {MANIFEST}
    listed = frozenset(manifest.files)
    for problem, names in (
        ("is not a complete model package; missing", REQUIRED - listed),
        ("lists files that a model package does not have", listed - REQUIRED - OPTIONAL),
        ("has lost files", listed - found),
        ("holds files that its manifest does not list", found - listed),
    ):
        if names:
            raise PackageError(
                f"The model {folder.name} {problem}: {', '.join(sorted(names))}. Get it again from where it came from."
            )
    for name in sorted(listed):
        if _differs(folder / name, manifest.files[name]):
            raise PackageError(
                f'The checksum of "{_told(folder, name)}" does not match its model card. '
                "It may be damaged or altered and is not loaded."
            )


def _told(folder: Path, name: str) -> str:
    """A file of a package by the model's name; a folder on its way into the library has none yet."""
    return name if folder.name.startswith(".") else f"{folder.name}/{name}"


def read_config(folder: Path) -> ModelConfig:
    """Read a package's `config.json`. Raises PackageError; does not verify the manifest."""
    try:
        return ModelConfig.from_json(_read_text(folder / "config.json"))
    except ValueError as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise PackageError(f"The configuration of the model {folder.name} cannot be used: {detail}.") from error


def read_templates(folder: Path) -> dict[str, Template]:
    """Template id -> template of a package, in the order of its output channels. Raises UserError."""
    try:
        values = json.loads(_read_text(folder / "template.json"))
    except ValueError as error:
        raise PackageError(f"The templates of the model {folder.name} cannot be read: {error}.") from error
    if not isinstance(values, list):
        raise PackageError(f"The templates of the model {folder.name} are not a list.")
    templates = [template_from_json(value) for value in values]
    return {template.id: template for template in templates}


def write_calibration(folder: Path, calibrations: Mapping[str, Calibration]) -> None:
    """Write `calibration.json` (template id -> calibration) into a package that is being made."""
    content = _CalibrationFile(templates=dict(calibrations))
    write_text(folder / CALIBRATION, content.model_dump_json(indent=1) + "\n")


def read_calibrations(folder: Path) -> dict[str, Calibration]:
    """Template id -> calibration of a package; empty when it has none. Raises PackageError for a damaged file."""
    if not (folder / CALIBRATION).exists():
        return {}
    try:
        return _CalibrationFile.model_validate_json(_read_text(folder / CALIBRATION)).templates
    except ValidationError as error:
        raise PackageError(
            f"The calibration of the model {folder.name} cannot be read: {error.errors()[0]['msg']}. "
            "Get the model again from where it came from."
        ) from error


def check_templates(folder: Path, config: ModelConfig) -> None:
    """Check that a package's templates list the landmarks of its output channels. Raises UserError."""
    described = [(t.id, t.version, t.ids) for t in read_templates(folder).values()]
    if described != [(key, entry.version, entry.landmarks) for key, entry in config.templates.items()]:
        raise PackageError(f"The templates of the model {folder.name} are not those that its outputs stand for.")


def templates_json(config: ModelConfig, given: Iterable[Template]) -> list[dict[str, Any]]:
    """The content of `template.json`: for each of the config's templates the one given, or shipped, or bare ids."""
    known = {**shipped_templates(), **{template.id: template for template in given}}
    result = []
    for template_id, entry in config.templates.items():
        template = known.get(template_id)
        fits = template is not None and (template.version, template.ids) == (entry.version, entry.landmarks)
        result.append(template_to_json(template if template and fits else _bare(template_id, entry)))
    return result


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Write JSON; numbers that are not finite become null."""
    write_text(path, json.dumps(_finite(value), indent=2, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text and wait until it is on disk."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _bare(template_id: str, entry: TemplateChannels) -> Template:
    marks = tuple(Landmark(mark, mark, mark[:24], "No definition was given.") for mark in entry.landmarks)
    return Template(template_id, entry.version, template_id, marks)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def _regular_files(folder: Path) -> frozenset[str]:
    with os.scandir(folder) as entries:
        names = {entry.name: entry.is_file(follow_symlinks=False) for entry in entries}
    odd = sorted(name for name, regular in names.items() if not regular)
    if odd:
        raise PackageError(f"The model {folder.name} holds links or folders, which are not followed: {', '.join(odd)}.")
    return frozenset(names)


def _read_manifest(folder: Path) -> _Manifest:
    try:
        return _Manifest.model_validate_json(_read_text(folder / MANIFEST))
    except ValidationError as error:
        raise PackageError(f"{folder.name} is not a model package: its manifest cannot be read.") from error


def _read_text(path: Path) -> bytes:
    try:
        if path.is_symlink() or path.stat().st_size > MAX_TEXT_BYTES:
            raise PackageError(f"{path.name} of the model {path.parent.name} is a link or too large to be genuine.")
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackageError(f"{path.parent.name} is not a model package: {path.name}: {reason}.") from error


def _differs(path: Path, entry: _FileEntry) -> bool:
    return path.stat().st_size != entry.bytes or file_sha256(path) != entry.sha256
