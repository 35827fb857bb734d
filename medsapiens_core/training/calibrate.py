"""Fit the calibration of a finished model package on the held-out images, and write it into a copy of the package.

    python -m medsapiens_core.training.calibrate resources/models/compact --data ../shared/data --out build/calibrated

The held-out images are those of `joint.SETS`; for a package that was trained with other parts, say so with `--every`:
an image that was trained on makes every region too small. A package is never changed, hence the copy.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import COVERAGES, Calibration
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.models.package import copy_with_calibration
from medsapiens_core.training.held_out import calibrate_on, predict_items
from medsapiens_core.training.joint import SETS, LandmarkSet, read_set


def calibrate_package(package: Path, out: Path, data: Path, sets: Sequence[LandmarkSet]) -> dict[str, Calibration]:
    """Fit every template of `package` that has held-out images in `sets` and write the copy `out`.

    Returns template id -> calibration. Raises UserError when `out` exists or no template can be calibrated.
    """
    if out.exists():
        raise UserError(f"{out} exists already. Choose another name with --out.")
    predictor = Predictor.load(package, "cpu")
    found: dict[str, Calibration] = {}
    for source in sets:
        if source.template_id not in predictor.config.templates:
            continue
        template = find_template(source.template_id)
        held_out = read_set(data, source, template)[1]
        calibration = calibrate_on(predict_items(predictor, held_out, template), held_out, template)
        if calibration is not None:
            found[template.id] = calibration
    if not found:
        raise UserError(f"No held-out image of {data} belongs to a template of {package.name}; nothing was written.")
    copy_with_calibration(package, out, found)
    return found


def describe(calibrations: Mapping[str, Calibration]) -> str:
    """One line per template: on how much it rests and what it gives."""
    lines = []
    for template_id, one in calibrations.items():
        radii = ", ".join(
            f"{coverage:.0%} {'no region' if radius is None else f'{radius:.2f} sd'}"
            for coverage, radius in zip(one.coverages, one.pooled, strict=True)
        )
        points = sum(mark.n for mark in one.landmarks.values())
        lines.append(f"{template_id}: {one.n_images} images, {points} points worth {one.effective_n:.0f}; {radii}")
    return "\n".join(lines)


def _sets(every: Sequence[str]) -> list[LandmarkSet]:
    """`joint.SETS` with the parts that `ID=N` names."""
    changed = {template_id: int(number) for template_id, _, number in (text.partition("=") for text in every)}
    return [replace(one, held_out=changed.get(one.template_id, one.held_out)) for one in SETS]


def main() -> None:
    """Read the command line, calibrate, tell what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with ceph/, spine/, chest/, hand_*/")
    parser.add_argument("--out", type=Path, help="the copy; default: beside the package, with -calibrated at the end")
    parser.add_argument(
        "--every", nargs="*", default=[], metavar="ID=N", help="every N-th image was held out of set ID"
    )
    given = parser.parse_args()
    out = given.out or given.package.with_name(f"{given.package.name}-calibrated")
    try:
        print(describe(calibrate_package(given.package, out, given.data, _sets(given.every))))
    except UserError as error:
        parser.exit(2, f"{error}\n")
    print(f"Regions of {' and '.join(f'{c:.0%}' for c in COVERAGES)} coverage written to {out}")


if __name__ == "__main__":
    main()
