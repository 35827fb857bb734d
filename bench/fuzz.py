"""Mutated real files through the readers: the program must go on, whatever is in them (reliability.md 12).

    python -m bench.fuzz images [--count 10000] [--seed 0]     pictures, in the child process that the window uses
    python -m bench.fuzz labels [--count 10000] [--seed 0]     label files of every exchange format, in the same child

Seeds are the DICOM files of pydicom-data and pydicom, pictures and volumes made here, and for labels every format's own
export of made-up landmarks. A picture, readings or a refusal are right, and so is a child that died or hung (it is
counted, the file costs nothing else). Anything else, and an undocumented exception in a reader, is a failure: it is
kept under --keep with its number, and the exit code is 1. `--count` is shared out among the label formats.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import SimpleITK
import tifffile

from bench.mutants import mutant
from medsapiens_core.commands.output import note, result, table
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template_file import find_template, template_to_json
from medsapiens_core.decoding.pool import DecoderPool
from medsapiens_core.decoding.wire import Request
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, WriteOptions
from medsapiens_core.exchange.registry import MODULES, find_format
from medsapiens_core.io import read_image
from medsapiens_core.io.samples import chest_film_path
from medsapiens_core.transfer.converting import convert_file
from medsapiens_core.transfer.pictures import PictureFolder, described

MOST_BYTES = 400_000  # of a seed: larger files only make the run slower
LIMIT, LABELS_LIMIT = 20.0, 10.0  # seconds for one picture, for one small label file
TELL_EVERY = 500
SUFFIXES = {"coco": ".json", "labelstudio": ".json", "json": ".jsonl", "csv-wide": ".csv"}
Try = Callable[[Path], str]


class ReaderFaultError(Exception):
    """A reader raised what it does not document."""


def picture_seeds() -> list[bytes]:
    """Small real pictures of every kind that is read."""
    import pydicom.data

    folders = [chest_film_path().parent, Path(pydicom.data.__file__).parent / "test_files"]
    dicom = [path for folder in folders for path in sorted(folder.glob("*.dcm"))]
    seeds = [path.read_bytes() for path in dicom if path.stat().st_size <= MOST_BYTES]
    return seeds + _made_pictures()


def _made_pictures() -> list[bytes]:
    noise = np.random.default_rng(0).integers(0, 255, (48, 60), dtype=np.uint8)
    made: list[bytes] = []
    for kind in ("png", "jpeg", "bmp", "tiff"):
        buffer = io.BytesIO()
        PIL.Image.fromarray(noise).save(buffer, kind)
        made.append(buffer.getvalue())
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, noise.astype(np.uint16) * 257, tile=(16, 16), compression="zlib")
    made.append(buffer.getvalue())
    volume = SimpleITK.GetImageFromArray(np.stack([noise] * 3).astype(np.int16))
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".mha", ".nii", ".nii.gz", ".nrrd"):
            path = Path(folder) / f"v{suffix}"
            SimpleITK.WriteImage(volume, str(path))
            made.append(path.read_bytes())
    return made


def label_seeds(folder: Path) -> dict[str, list[bytes]]:
    """Each format's own export of made-up landmarks; a report is about the DICOM film that comes with pydicom-data."""
    template = find_template("ceph-19")
    source = _made_labels(folder, template.id, template.ids)
    seeds: dict[str, list[bytes]] = {"dicom-sr": _made_reports(folder / "reports")}
    for name in MODULES:
        if name.startswith("dicom"):
            continue
        form = find_format(name)
        target = folder / ("out-" + name + ("" if form.is_folder else SUFFIXES.get(name, form.suffixes[0])))
        try:
            convert_file(source, target, find_format("coco"), form, template=template, images=folder)
        except UserError as refusal:
            note(f"{name}: left out ({refusal})")
            continue
        written = [*folder.glob(f"{target.name}*"), *target.rglob("*")]  # one file, one for each film, or a folder
        files = [path for path in sorted(written) if path.name.endswith(form.suffixes) and "report" not in path.name]
        seeds[name] = [path.read_bytes() for path in files if form.read is not None]
    return {name: files for name, files in seeds.items() if files}


def _made_reports(target: Path) -> list[bytes]:
    template, film = find_template("chest-6"), chest_film_path()
    image = read_image(film)
    points = {mark: placed(50.5 + 99 * k, 60 + 7 * k, None) for k, mark in enumerate(template.ids)}
    known = described(ImageRef(film.name), image)
    form = find_format("dicom-sr")
    assert form.write is not None
    written = form.write(Batch((Reading(known, points, "AB"),), template.ids), target, WriteOptions(template))
    return [path.read_bytes() for path in written.files]


def _made_labels(folder: Path, name: str, ids: Sequence[str]) -> Path:
    """A COCO file of three films, and the films."""
    rng = np.random.default_rng(0)
    images = [{"id": k, "file_name": f"film{k}.png", "width": 968, "height": 1200} for k in range(3)]
    marks = [
        {
            "id": k,
            "image_id": k,
            "category_id": 1,
            "num_keypoints": len(ids),
            "bbox": [0, 0, 968, 1200],
            "area": 968 * 1200,
            "iscrowd": 0,
            "keypoints": [value for x, y in rng.uniform(50, 900, (len(ids), 2)).tolist() for value in (x, y, 2)],
        }
        for k in range(3)
    ]
    for image in images:
        PIL.Image.new("L", (968, 1200)).save(folder / str(image["file_name"]))
    category = {"id": 1, "name": name, "keypoints": list(ids), "skeleton": []}
    path = folder / "source.json"
    path.write_text(json.dumps({"images": images, "annotations": marks, "categories": [category]}), encoding="utf-8")
    return path


def try_pictures(pool: DecoderPool) -> Try:
    """Read a picture in the child."""

    def attempt(path: Path) -> str:
        deaths = pool.deaths
        try:
            pool.ask(Request(op="read", path=path))
        except UserError:
            pool.quarantined.clear()  # every mutant is a new file under the same name
            return "refused" if pool.deaths == deaths else "ended its decoder"
        return "read"

    return attempt


def try_labels(pool: DecoderPool, name: str, pictures: Path) -> Try:
    """Read a label file of one format in the child."""
    find_image = PictureFolder(pictures).find
    template = template_to_json(find_template("ceph-19"))

    def attempt(path: Path) -> str:
        deaths, defects = pool.deaths, len(pool.defects)
        try:
            pool.ask(Request(op="labels", path=path, form=name, template=template), find_image)
        except UserError as refusal:
            pool.quarantined.clear()
            if len(pool.defects) > defects:
                raise ReaderFaultError(pool.defects[-1]) from refusal
            return "refused" if pool.deaths == deaths else "ended its decoder"
        return "read"

    return attempt


def run(what: str, seeds: Sequence[bytes], attempt: Try, suffix: str, given: argparse.Namespace) -> Counter[str]:
    """`given.count` mutants; counts by outcome, failures kept."""
    rng = np.random.default_rng(given.seed)
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(given.count):
            path = Path(folder) / f"mutant{suffix}"
            path.write_bytes(mutant(seeds, rng))
            try:
                counts[attempt(path)] += 1
            except Exception:  # any other exception is what this run looks for
                counts["FAILED"] += 1
                given.keep.mkdir(parents=True, exist_ok=True)
                path.replace(given.keep / f"{what}-{given.seed}-{number}{suffix}")
                note(f"{what} {number}: {traceback.format_exc()}")
            if (number + 1) % TELL_EVERY == 0:
                note(f"{what}: {number + 1} of {given.count}, {dict(counts)}")
    return counts


def fuzz_pictures(given: argparse.Namespace) -> dict[str, Counter[str]]:
    """All pictures."""
    pool = DecoderPool(limit=LIMIT)
    try:
        seeds = picture_seeds()
        return {"pictures": Counter({"seeds": len(seeds)}) + run("picture", seeds, try_pictures(pool), "", given)}
    finally:
        pool.close()


def fuzz_labels(given: argparse.Namespace) -> dict[str, Counter[str]]:
    """Every format's label files."""
    found = {}
    pool = DecoderPool(limit=LABELS_LIMIT)
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(pool):
        seeds = label_seeds(Path(folder))
        given.count = -(-given.count // len(seeds))
        for name, files in seeds.items():
            suffix = SUFFIXES.get(name, find_format(name).suffixes[0])
            attempt = try_labels(pool, name, Path(folder))
            found[name] = Counter({"seeds": len(files)}) + run(name, files, attempt, suffix, given)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the counts; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("images", "labels"))
    parser.add_argument("--count", type=int, default=10_000, help="mutants in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="folder for the failures")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    found = fuzz_pictures(given) if given.what == "images" else fuzz_labels(given)
    seconds = time.monotonic() - began
    outcomes = ("seeds", "read", "refused", "ended its decoder", "FAILED")
    rows = [("what", *outcomes), *((name, *(str(counts[o]) for o in outcomes)) for name, counts in found.items())]
    result({"seconds": seconds, "counts": found}, table(rows) + f"\n{seconds:.0f} s", as_json=given.json)
    return int(any(counts["FAILED"] for counts in found.values()))


if __name__ == "__main__":
    sys.exit(main())
