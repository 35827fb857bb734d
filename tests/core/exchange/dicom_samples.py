"""Real DICOM images of pydicom and readings of them."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file

from medsapiens_core.data.annotation import AbsentReason, Decision, Place, PointState, absent, predicted
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, WriteOptions

SELLA, NASION, PORION, ORBITALE = "S", "N", "Po", "Or"
TEMPLATE = Template(
    "ceph4",
    3,
    "Four points",
    tuple(Landmark(mark, f"{mark} landmark", mark.upper(), "") for mark in (SELLA, NASION, PORION, ORBITALE)),
)


def sample(name="CT_small.dcm"):
    found = get_testdata_file(name)
    assert found is not None
    return Path(str(found))


def changed(folder, name="CT_small.dcm", remove=(), **values):
    """A copy of a sample with other header values."""
    dataset = pydicom.dcmread(sample(name))
    for keyword in remove:
        delattr(dataset, keyword)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    path = folder / f"changed-{name}"
    dataset.save_as(path)
    return path


def confirmed(x, y):
    return PointState(Place.VISIBLE, Decision.CONFIRMED, x, y)


def corrected(x, y):
    return PointState(Place.VISIBLE, Decision.CORRECTED, x, y)


def estimated(x, y):
    return PointState(Place.ESTIMATED, Decision.CORRECTED, x, y)


EVERY_STATE = {
    SELLA: confirmed(-0.5, 12.25),
    NASION: corrected(127.5, 127.5),
    PORION: estimated(0.0, 0.0),
    ORBITALE: absent(AbsentReason.OUTSIDE_FIELD),
}


def reading(path=None, points=EVERY_STATE, *, frame=0, name="film.dcm", **more):
    return Reading(ImageRef(name, frame=frame, path=path or sample(), **more.pop("image", {})), points, **more)


def write(module, folder, *readings, template=TEMPLATE, **choices):
    batch = Batch(tuple(readings), template.ids)
    return module.write(batch, folder, WriteOptions(template, choices))


__all__ = [
    "EVERY_STATE", "NASION", "ORBITALE", "PORION", "SELLA", "TEMPLATE", "changed", "confirmed", "corrected",
    "estimated", "predicted", "reading", "sample", "write",
]  # fmt: skip
