"""The report beside every export: what was written, what was lost, and where the numbers come from (formats.md 0.8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medsapiens_core import __version__, decoding
from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.spacing import Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import NOTHING, Batch, Format, WriteOptions, WriteReport
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.trust import trust_of

NO_SPACING = "none"


def write_with_report(
    batch: Batch,
    target: Path,
    form: Format,
    options: WriteOptions,
    messages: Sequence[str] = (),
    *,
    more: Mapping[str, Any] = NOTHING,
) -> tuple[WriteReport, dict[str, Any]]:
    """Write the batch and its report, to which `more` is added, and return both.

    Pictures are opened in a child process. Raises UserError when something is already there.
    """
    if form.write is None:
        raise UserError(f"{form.title} can only be read. Choose another format.")
    check_free(target)
    report = form.write(batch, target, replace(options, make_file=decoding.make_file))
    told = {**describe(batch, form, options.template, report, target), **more}
    told["messages"] = list(messages)
    path = report_path(target)
    write_text(path, dump_json(told))
    return report, {**told, "report": str(path)}


def report_path(target: Path) -> Path:
    """`<name>.report.json` beside the exported file or folder."""
    return target.with_name(f"{target.name}.report.json")


def check_free(target: Path) -> None:
    """Raise UserError where a file, or a folder with anything in it, is already there."""
    if (target.is_dir() and any(target.iterdir())) or target.is_file():
        raise UserError(f"{target} already exists and is not overwritten. Choose another name.")


def describe(batch: Batch, form: Format, template: Template, report: WriteReport, target: Path) -> dict[str, Any]:
    """The report as JSON: figures, names of model and reader, times, template version, sources of spacing."""
    readings = batch.readings
    times = sorted(reading.decided_utc for reading in readings if reading.decided_utc)
    sources = Counter(r.image.spacing.source.value if r.image.spacing else NO_SPACING for r in readings)
    return {
        "format": form.name,
        "product": f"MedSapiens Studio {__version__}",
        "written_utc": utc_now(),
        "template": {"id": template.id, "version": template.version},
        "readings": len(readings),
        "images": len({(r.image.file_name, r.image.frame, r.image.axis, r.image.image_id) for r in readings}),
        "readers": sorted({reading.reader for reading in readings if reading.reader}),
        "models": sorted({reading.model_id for reading in readings if reading.model_id}),
        "decided_utc": {"first": times[0], "last": times[-1]} if times else None,
        "spacing_sources": dict(sources),
        "spacing": _sizes(batch),
        "counts": {str(place): number for place, number in report.counts.items()},
        "rounding_px": report.rounding_px,
        "losses": list(report.losses),
        "skipped": [{"image": image, "reason": reason} for image, reason in report.skipped],
        "files": [_relative(path, target) for path in report.files],
    }


def _sizes(batch: Batch) -> list[dict[str, Any]]:
    """Every pixel size with its source and the images that it is of: not every format has a place for it."""
    names: dict[Spacing, dict[str, None]] = {}
    for image in (reading.image for reading in batch.readings):
        if image.spacing is not None:
            names.setdefault(image.spacing, {})[image.file_name] = None
    return [
        {**spacing.to_json(), "trust": trust_of(spacing.source).value, "images": list(images)}
        for spacing, images in names.items()
    ]


def _relative(path: Path, target: Path) -> str:
    folder = target if target.is_dir() else target.parent
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
