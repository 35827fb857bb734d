"""A reader package as a file (`.mssz`): pictures and template for one reader on another computer (formats.md 8.3).

A ZIP without compression with a `manifest.json` that lists every other member with its size and SHA-256. It holds no
marks and names nobody but the reader it is for, by initials. Source: docs/adr/0014.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.image import Spacing
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.readers import Reader
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import TemplateError, template_from_json, template_to_json
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.canonical import canonical, template_sha256
from medsapiens_core.exchange.safe_json import parse_json
from medsapiens_core.zip_files import ZipLimits, checked_entries, write_stored

SUFFIX = ".mssz"
FORMAT, FAMILY, VERSION, KIND = "mss-package/1", "mss-package/", 1, "reader-package"
MANIFEST, TEMPLATE, PICTURES = "manifest.json", "template.json", "pictures/"
MAX_CASES = 5_000
LIMITS = ZipLimits(MAX_CASES + 2, 50_000_000_000)
MAX_MANIFEST = 64_000_000  # with predictions a case takes about 10 kB
PIECE = 1 << 20
GoOn = Callable[[int, int], bool]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Identity = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class PackageError(UserError):
    """A package that is not opened; the message names the file, the reason and what to do. Nothing was changed."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FileRecord(_Strict):
    """Size and hash of a member."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class TemplateRecord(_Strict):
    """Which template it is; the hash is that of `template.json` as a value."""

    id: str
    version: Annotated[int, Field(ge=1)]
    sha256: Sha256


class PackagedCase(_Strict):
    """One case: `image_id` is what the sender knows it by, `file` a member, `frame` and `axis` as in `CaseRow`.

    `spacing` is the pixel size in use, as `Spacing.to_json`; `prediction` as `Prediction.to_json`, where it goes along.
    """

    image_id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    file: Annotated[str, Field(pattern=r"^pictures/[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    frame: Annotated[int, Field(ge=0)] = 0
    axis: Annotated[int, Field(ge=0, le=2)] | None = None
    width: Annotated[int, Field(ge=1, le=1_000_000)]
    height: Annotated[int, Field(ge=1, le=1_000_000)]
    spacing: dict[str, Any] | None = None
    prediction: dict[str, Any] | None = None


class Manifest(_Strict):
    """What the package says of itself. `token` proves to the sender for whom, and with which template, it was made.

    `deidentified` says what was done about text in the pixels, "" where the pictures are as they were.
    """

    format: Literal["mss-package/1"]
    kind: Literal["reader-package"]
    id: Identity
    reader: str
    token: Sha256
    app: Annotated[str, Field(max_length=80)]
    created_utc: Annotated[str, Field(max_length=40)]
    deidentified: Literal["", "ruled out", "looked-at", "leave-out"]
    template: TemplateRecord
    cases: Annotated[list[PackagedCase], Field(min_length=1, max_length=MAX_CASES)]
    files: dict[str, FileRecord]

    @property
    def is_blind(self) -> bool:
        """True when no prediction goes along."""
        return all(case.prediction is None for case in self.cases)


@dataclass(frozen=True, eq=False)
class ReaderPackage:
    """A package whose every byte was checked. `sha256` is that of the manifest, and with it of all that it lists."""

    path: Path
    manifest: Manifest
    sha256: str
    template: Template

    def spacing(self, case: PackagedCase) -> Spacing | None:
        """The pixel size of a case."""
        return None if case.spacing is None else Spacing.from_json(case.spacing)

    def prediction(self, case: PackagedCase) -> Prediction | None:
        """What goes along with a case from the sender's model."""
        return None if case.prediction is None else Prediction.from_json(case.prediction)


def make_token(secret: bytes, package_id: str, reader: str, template: TemplateRecord) -> str:
    """What only the sending project can make, for this reader, package and template; hex."""
    said = "\0".join(("reader package", package_id, reader, template.id, str(template.version), template.sha256))
    return hmac.new(secret, said.encode(), hashlib.sha256).hexdigest()


def write_package(target: Path, manifest: Mapping[str, Any], template: Template, pictures: Mapping[str, Path]) -> str:
    """Write a package whole or not at all; `manifest` lacks `files`, which is made here. The manifest's SHA-256."""
    members: dict[str, Path | bytes] = {TEMPLATE: canonical(template_to_json(template)).encode(), **pictures}
    files = {name: _record(content) for name, content in sorted(members.items())}
    value = Manifest.model_validate_json(canonical({**manifest, "format": FORMAT, "kind": KIND, "files": files}))
    data = canonical(value.model_dump(mode="json", exclude_defaults=True)).encode()
    write_stored(target, {**members, MANIFEST: data})
    return hashlib.sha256(data).hexdigest()


def read_package(path: Path, go_on: GoOn = lambda _done, _total: True) -> ReaderPackage:
    """Check everything that can be checked without decoding a picture. Raises PackageError.

    Answering False to `go_on(done, total)` stops the work, which raises PackageError too.
    """
    with opened(path) as archive:
        entries = checked_entries(archive, LIMITS, stored_only=True)
        data = _small(archive, entries, MANIFEST, MAX_MANIFEST)
        manifest = _manifest(data)
        _check_members(archive, entries, manifest, go_on)
        template = _template(_small(archive, entries, TEMPLATE, MAX_MANIFEST), manifest.template)
        _check_cases(manifest, template)
    return ReaderPackage(path, manifest, hashlib.sha256(data).hexdigest(), template)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it inside the block becomes a PackageError about this file."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except PackageError:
        raise
    except UserError as error:
        raise PackageError(f"{path.name} was not opened: {error}") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise PackageError(
            f"{path.name} was not opened: it is no reader package, or damaged on its way. Get it again from its sender."
        ) from error
    except OSError as error:
        raise PackageError(f"{path.name} cannot be read: {error.strerror or 'it is not a file'}.") from error


def copy_checked(archive: zipfile.ZipFile, name: str, record: FileRecord, target: Path) -> None:
    """Copy a member to a new file. Raises UserError when its bytes are not those of the manifest."""
    digest = hashlib.sha256()
    with archive.open(name) as stream, target.open("xb") as copy:
        while piece := stream.read(PIECE):
            digest.update(piece)
            copy.write(piece)
    if digest.hexdigest() != record.sha256:
        raise UserError(_altered(name))


def _record(content: Path | bytes) -> dict[str, Any]:
    if isinstance(content, bytes):
        return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    with content.open("rb") as stream:
        return {"bytes": content.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _small(archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], name: str, limit: int) -> bytes:
    entry = entries.get(name)
    if entry is None:
        raise UserError(f"it has no {name}, so it is no package of this program.")
    if entry.file_size > limit:
        raise UserError(f"its {name} is larger than {limit // 1_000_000} MB.")
    return archive.read(entry)


def _manifest(data: bytes) -> Manifest:
    value = parse_json(data, MANIFEST)
    said = value.get("format") if isinstance(value, dict) else None
    found = re.fullmatch(re.escape(FAMILY) + r"([0-9]{1,6})", said) if isinstance(said, str) else None
    if found is not None and int(found.group(1)) > VERSION:
        raise UserError(
            f"it was made by a newer version (package format {found.group(1)}; this version reads {VERSION}). "
            "Update the program to open it."
        )
    kind = value.get("kind") if isinstance(value, dict) else None
    if found is not None and isinstance(kind, str) and kind != KIND:
        raise UserError(f"it is a package of another kind ({kind[:40]}), not one for a reader.")
    try:
        manifest = Manifest.model_validate_json(data)
        Reader(manifest.reader)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the manifest"
        raise UserError(f"its manifest is not as it should be: {where}: {first['msg']}.") from error
    return manifest


def _check_members(
    archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], manifest: Manifest, go_on: GoOn
) -> None:
    """Exactly the files of the manifest, with their sizes, then their bytes."""
    listed, present = {*manifest.files, MANIFEST}, set(entries)
    if present - listed:
        raise UserError(f"it holds {min(present - listed)!r}, which its manifest does not list.")
    if listed - present:
        raise UserError(f"{min(listed - present)!r} is missing from it. Get it again from its sender.")
    wanted = {case.file for case in manifest.cases} | {TEMPLATE}
    if wanted != set(manifest.files):
        odd = min(wanted ^ set(manifest.files))
        raise UserError(f"its cases and its files do not fit together ({odd!r}).")
    for name, record in manifest.files.items():
        if entries[name].file_size != record.bytes:
            raise UserError(_altered(name))
    for done, (name, record) in enumerate(manifest.files.items()):
        if not go_on(done, len(manifest.files)):
            raise PackageError("Stopped. Nothing was changed.")
        digest = hashlib.sha256()
        with archive.open(entries[name]) as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
        if digest.hexdigest() != record.sha256:
            raise UserError(_altered(name))


def _altered(name: str) -> str:
    return f"the checksum of {name!r} is wrong, so it was changed or damaged on its way. Get it again from its sender."


def _template(data: bytes, record: TemplateRecord) -> Template:
    try:
        template = template_from_json(parse_json(data, TEMPLATE))
    except TemplateError as error:
        raise UserError(f"its template cannot be used: {error}") from error
    if (template.id, template.version, template_sha256(template)) != (record.id, record.version, record.sha256):
        raise UserError("its template is not the one that its manifest names.")
    return template


def _check_cases(manifest: Manifest, template: Template) -> None:
    if len({case.image_id for case in manifest.cases}) < len(manifest.cases):
        raise UserError("it holds a case twice.")
    for case in manifest.cases:
        try:
            if case.spacing is not None:
                Spacing.from_json(case.spacing)
            if case.prediction is not None:
                _check_prediction(Prediction.from_json(case.prediction), manifest.files[case.file].sha256, template)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"what it says of {case.file!r} is not as it should be.") from error


def _check_prediction(prediction: Prediction, sha256: str, template: Template) -> None:
    said = (prediction.image_sha256, prediction.template_id, prediction.template_version)
    many = len(template)
    shapes = [(prediction.xy_image, (many, 2)), (prediction.scores, (many,)), (prediction.covariance, (many, 2, 2))]
    shapes.append((prediction.radial_error, (many,)))
    if said != (sha256, template.id, template.version) or not isinstance(prediction.model_id, str):
        raise ValueError("a prediction of another picture or template")
    if any(array is not None and array.shape != shape for array, shape in shapes):
        raise ValueError("a prediction of another size")
    if np.isinf(prediction.xy_image).any() or np.abs(np.nan_to_num(prediction.xy_image)).max(initial=0.0) > 1e6:
        raise ValueError("a point far outside of every picture")
    if prediction.origins is not None and len(prediction.origins) != many:
        raise ValueError("origins of other landmarks")
