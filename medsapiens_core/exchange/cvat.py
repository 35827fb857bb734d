"""CVAT XML 1.1 for images: one skeleton for each image, one points element for each landmark (formats.md 2.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from medsapiens_core.data.annotation import Place, PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.convention import Convention, from_image
from medsapiens_core.exchange.cvat_labels import label_definition
from medsapiens_core.exchange.cvat_read import read
from medsapiens_core.exchange.extension import KEY, extension
from medsapiens_core.exchange.files import write_text
from medsapiens_core.exchange.grouping import by_image, only_first, sized
from medsapiens_core.exchange.hints import check_names, frameless
from medsapiens_core.exchange.safe_json import dump_json
from medsapiens_core.exchange.states import counts, state_of, to_write

DECIMALS = 4
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write the annotation file, and beside it `<name>.labels.json` for the raw label editor of CVAT's task page.

    Positions have four decimals. Our `msl` records in the meta block keep what CVAT has no place for; CVAT drops them.
    """
    batch, losses = to_write(batch, options)
    _check_xml(options.template.ids)
    readings, skipped = _writable(batch.readings)
    write_text(target, _document(readings, options))
    labels = target.with_name(f"{target.stem}.labels.json")
    write_text(labels, dump_json(label_definition(options.template)))
    losses += (
        "CVAT rounds positions to 2 decimals when it saves them, and drops our records of who decided and why a "
        "point is absent.",
    )
    placed = counts(readings, options.template)
    return WriteReport((target, labels), placed, losses, tuple(skipped), rounding_px=10**-DECIMALS / 2)


def _writable(readings: Sequence[Reading]) -> tuple[list[Reading], list[tuple[str, str]]]:
    single, frames = frameless(readings, "CVAT for images")
    known, unknown = sized(single)
    first, others = only_first(by_image(known), "CVAT")
    kept = [reading for reading in first if not _NOT_XML.search(reading.image.file_name)]
    odd = [(r.image.file_name, "its name holds characters that XML forbids") for r in first if r not in kept]
    return kept, frames + unknown + others + odd


def _check_xml(names: Sequence[str]) -> None:
    check_names(names)
    if any(_NOT_XML.search(name) for name in names):
        raise UserError("A landmark name holds characters that XML forbids. Rename it before you export to CVAT.")


def _document(readings: Sequence[Reading], options: WriteOptions) -> str:
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    meta = SubElement(root, "meta")
    for index, reading in enumerate(readings):
        record = extension(reading, options.template, options.product)
        SubElement(meta, KEY, {"image": str(index)}).text = json.dumps(record, allow_nan=False)
        root.append(_image(index, reading, options))
    indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _image(index: int, reading: Reading, options: WriteOptions) -> Element:
    ref = reading.image
    image = Element(
        "image", {"id": str(index), "name": ref.file_name, "width": str(ref.width), "height": str(ref.height)}
    )
    skeleton = Element("skeleton", {"label": options.template.id, "source": _source(reading), "z_order": "0"})
    for landmark in options.template.ids:
        state = state_of(reading, landmark)
        if state.place is not Place.NOT_PLACED:
            skeleton.append(_points(landmark, state, _source(reading)))
    if len(skeleton):
        image.append(skeleton)
    return image


def _points(landmark: str, state: PointState, source: str) -> Element:
    gone = state.x is None or state.y is None
    u, v = (0.0, 0.0) if gone else from_image(state.x or 0.0, state.y or 0.0, (1, 1), Convention.CORNER)
    return Element(
        "points",
        {
            "label": landmark,
            "source": source,
            "outside": str(int(gone)),
            "occluded": str(int(state.place is Place.ESTIMATED)),
            "points": f"{u:.{DECIMALS}f},{v:.{DECIMALS}f}",
        },
    )


def _source(reading: Reading) -> str:
    return "auto" if reading.source == "model" else "manual"


FORMAT = Format("cvat", "CVAT XML 1.1", (".xml",), is_folder=False, read=read, write=write)
