"""The reader's side again: what was read in a package goes back as an `msj1` file of kind `read` (formats.md 8.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, WriteOptions
from medsapiens_core.exchange.canonical import template_sha256
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.exporting import readings_of

SUFFIX = ".readings.jsonl"
KIND = "read"
NO_PACKAGE = "This project was not made of a reader package, so there is nobody to hand readings back to."


@dataclass(frozen=True)
class Standing:
    """How far the reader is: names of the cases that are reviewed, and of those that are not."""

    reader: str
    done: tuple[str, ...]
    waiting: tuple[str, ...]


def standing(project: Project) -> Standing:
    """Which cases can be handed back. Raises UserError in a project that was made of no package."""
    origin = _origin(project)
    slot = origin["reader"] if origin["blind"] else ""
    done: list[str] = []
    waiting: list[str] = []
    for one in origin["cases"]:
        name = project.cases.get(one["case_id"]).name
        reviewed = project.annotations.load(one["case_id"], reader=slot).reviewed
        (done if reviewed else waiting).append(name)
    return Standing(origin["reader"], tuple(done), tuple(waiting))


def hand_back(project: Project, target: Path) -> int:
    """Write what is reviewed, with its history, sealed case by case; how many cases. Nothing here changes.

    It may be done again, with more cases. Raises UserError when nothing is reviewed, or another template is in use.
    """
    origin = _origin(project)
    said = origin["template"]
    if (project.template.version, template_sha256(project.template)) != (said["version"], said["sha256"]):
        raise UserError(
            "The template of this project was changed after the package was opened, so its sender could not take the "
            "readings. Ask for a new package, or open this one again."
        )
    slot = origin["reader"] if origin["blind"] else ""
    sent = {one["case_id"]: one for one in origin["cases"]}
    readings: list[Reading] = []
    for case_id, one in sent.items():
        row = project.cases.get(case_id)
        found = readings_of(project, with_history=True, cases=[row], slots=[slot]).readings
        readings += [_as_sent(reading, one, origin) for reading in found if reading.reviewed]
    if not readings:
        raise UserError("No case is marked reviewed yet, so there is nothing to hand back.")
    write = find_format("json").write
    assert write is not None
    write(Batch(tuple(readings), project.template.ids), target, WriteOptions(project.template))
    return len(readings)


def _origin(project: Project) -> dict[str, Any]:
    origin = project.hand_outs.origin()
    if origin is None:
        raise UserError(NO_PACKAGE)
    return origin


def _as_sent(reading: Reading, sent: Mapping[str, Any], origin: Mapping[str, Any]) -> Reading:
    """The reading of the picture as its sender knows it: no path, no subject, no size of a pixel of ours."""
    image = ImageRef(
        reading.image.path.name if reading.image.path is not None else "",
        sent["width"],
        sent["height"],
        sent["frame"],
        sent["axis"],
        sent["sha256"],
        image_id=sent["image_id"],
    )
    claim = {"id": origin["package"], "token": origin["token"], "manifest_sha256": origin["manifest_sha256"]}
    kept = dict(reading.extra.get("json", {}))
    extra = {"json": {**kept, "case": {"kind": KIND, "package": claim}}}
    return replace(reading, image=image, reader=origin["reader"], extra=extra)
