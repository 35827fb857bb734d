"""Every landmark of the shared COCO files out to each format and back: how many have changed.

    python -m bench.round_trips [--data ../shared/data]

A landmark has changed when it is gone or lies further off than the format's own precision (formats.md 0.4). Formats
that place points in the pictures' own space or in DICOM are left out: tests/core/exchange/test_all_formats.py has them.
Exit code 1 when anything has changed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from medsapiens_core.commands.output import note, result, table
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.batch import Batch, Format, ReadOptions, WriteOptions
from medsapiens_core.exchange.matching import KnownImages
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.transfer.pictures import PictureFolder

SETS = {
    "ceph/train_senior.json": "ceph-19", "ceph/train_junior.json": "ceph-19", "ceph/test1_senior.json": "ceph-19",
    "ceph/test1_junior.json": "ceph-19", "spine/train.json": "spine-68", "chest/train.json": "chest-6",
    "hand_dha/train.json": "hand-37", "hand_rsna/train.json": "hand-21",
}  # fmt: skip
PRECISION_PX = {"cvat": 0.0051, "tps": 1e-5, "isbi": 0.5}
EXACT_PX = 1e-9
LEFT_OUT = {"slicer", "dicom-sr", "dicom-gsps", "spreadsheet"}


def changed(batch: Batch, form: Format, template: Template, images: Path) -> tuple[int, int]:
    """Landmarks that went out, and how many of them did not come back where they were."""
    assert form.write is not None and form.read is not None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / ("out" if form.is_folder else "out" + form.suffixes[0])
        form.write(batch, target, WriteOptions(template))
        back = form.read(target, ReadOptions(template, PictureFolder(images).find))
    known = KnownImages([reading.image for reading in back.readings])
    limit, total, wrong = PRECISION_PX.get(form.name, EXACT_PX), 0, 0
    for reading in batch.readings:
        position = known.match(reading.image, trust_names=True).position
        points = {} if position is None else back.readings[position].points
        for mark, state in reading.points.items():
            if state.x is None or state.y is None:
                continue
            found = points.get(mark)
            total += 1
            wrong += found is None or found.x is None or max(abs(found.x - state.x), abs(found.y - state.y)) > limit
    return total, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts; 1 when anything has changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    out, wrong = Counter[str](), Counter[str]()
    coco = find_format("coco")
    assert coco.read is not None
    for name, template_id in SETS.items():
        template = find_template(template_id)
        batch = coco.read(given.data / name, ReadOptions(template))
        for form in map(find_format, sorted(set(MODULES) - LEFT_OUT)):
            if form.name == "isbi" and len(template) != 19:
                continue
            total, lost = changed(batch, form, template, (given.data / name).parent / "images")
            out[form.name] += total
            wrong[form.name] += lost
        note(f"{name}: {len(batch.readings)} films")
    rows = [("format", "landmarks", "changed"), *((name, str(out[name]), str(wrong[name])) for name in sorted(out))]
    result({"landmarks": out, "changed": wrong}, table(rows), as_json=given.json)
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
