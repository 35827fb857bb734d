"""The fixed sample packs of ux.md 2.7 as real projects on disk, for acceptance scripts. No torch, no model run.

What each pack holds, so that a script can state what to expect:

Pack A (`make_pack_a`), template ceph-19, cases A01 to A24 in this order, films 484 x 600 px at 0.4 mm unless said:
  A01 everything right, 14 of 19 landmarks with e95 below 2.0 mm   A02 Gonion predicted 14 mm off its true place
  A03 predictions of upper and lower incisor tip exchanged         A04 PNG, no pixel size
  A05 DICOM MONOCHROME1, 12 bit      A06 pixels 0.12 mm (rows) x 0.10 mm (columns), 1936 x 2000
  A07 16 bit DICOM     A08 colour photograph (.jpg), no pixel size     A09 name, date and number burned into the pixels
  A10 cut off: Menton lies below the edge and the model found no point for it
  A11-A20 in the locked part, already read by hand (reviewed, every point "corrected" at its true place, no prediction
  shown); predictions of s1, s2 and s3 for them are stored
  A21 for the blind read: its prediction is stored but not shown, so the case has nothing placed. Whatever marks a case
  blind has to be set by the script (`pack.ids["A21"]`)      A22-A24 to do
  Other cases than A02, A03 and A10 are predicted at their true places exactly.
  The project has limits of the usual shape (W1) as if learned from 60 skulls: about 2 mm for each landmark.
Pack B (`make_pack_b`), template spine-68, B01 to B06, 420 x 1024 px at 0.5 mm: in B03 the left and right corners of the
upper endplate of vertebra 8 (`SWAPPED_CORNERS`) are exchanged; all else is right.
Pack C (`make_pack_c`), template `LEG` (7 landmarks), C01 only: 3080 x 9036 px, 16 bit, 0.143 mm.

Every case but A11-A21 shows a prediction of the stand-in model s1. s1 is in use and calibrated: the 95 % region of a
landmark is a circle (in mm, or in px without a pixel size) of radius `Pack.e95[case][landmark]`, the same for every
case with a pixel size (`E95_MM`), and 2.5 times that in px without one. s1 has no weights: F5 would fail; every case
has its prediction, so nothing asks it. With `with_candidates` (pack A) the candidates s2 (passes the gate) and s3
(fails G2) are in the library with finished jobs and comparisons over the ten locked cases.

Making pack A takes 7 to 20 s, B 5 to 13 s, C 3 to 10 s on two shared cores. Use the fixtures `pack_a`,
`pack_b`, `pack_c` and `open_pack` of tests/e2e/conftest.py: packs are made once per session and copied for each test.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from medsapiens_core.data.annotation import placed, utc_now
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import find_template
from medsapiens_core.io.read import read_image
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.store.splits import LOCKED_SHARE, VALIDATION_SHARE, draw_of

from . import pack_films as films
from .pack_candidates import add_candidates
from .pack_models import RADIUS, add_stand_in, add_tiny_network, skull_limits

SAMPLE_PX_PER_MM = 2.5  # of films without a pixel size: their e95 in px is E95_MM times this
E95_MM = {
    "gonion": 4.8, "porion": 3.9, "orbitale": 2.9, "articulare": 2.6, "subspinale_a": 2.3,
    "posterior_nasal_spine": 1.9, "supramentale_b": 1.8, "anterior_nasal_spine": 1.7, "soft_tissue_pogonion": 1.6,
    "gnathion": 1.5, "pogonion": 1.4, "lower_lip": 1.3, "subnasale": 1.25, "upper_lip": 1.2, "menton": 1.1,
    "lower_incisor_tip": 1.05, "upper_incisor_tip": 0.95, "nasion": 0.9, "sella": 0.8,
}  # fmt: skip
GONION_OFF_MM = (-12.0, 7.211)  # 14.0 mm, away from the face and down
SWAPPED_CORNERS = ("v08_top_left", "v08_top_right")
LEG = Template(
    "leg-7", 1, "Leg, 7 landmarks",
    tuple(
        Landmark(mark, mark.replace("_", " ").capitalize(), short, f"The {mark.replace('_', ' ')}.")
        for mark, short in zip(films.LEG_POINTS, ("FH", "GT", "FCM", "FCL", "TPM", "TPL", "Ank"), strict=True)
    ),
    (("femoral_head", "ankle"),),
)  # fmt: skip
LOCKED = [f"A{number}" for number in range(11, 21)]
MORE_FROM = 40  # skulls of further locked cases
BLIND = "A21"
Points = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Pack:
    """A made pack. `ids` are case ids by name ("A01"); `truth`, `predicted` hold image pixels, `e95` mm or px."""

    folder: Path
    home: Path
    template: Template
    ids: dict[str, int] = field(default_factory=dict)
    truth: dict[str, Points] = field(default_factory=dict)
    predicted: dict[str, Points] = field(default_factory=dict)
    e95: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def library(self) -> ModelLibrary:
        """The library with s1 in use (and s2, s3), without the program's own models."""
        return ModelLibrary(self.home, embedded=self.home / "no embedded models")

    def copy_to(self, folder: Path) -> Pack:
        """The same pack in another place: `folder/pack.mss` and `folder/home`."""
        shutil.copytree(self.folder, folder / "pack.mss")
        shutil.copytree(self.home, folder / "home")
        return replace(self, folder=folder / "pack.mss", home=folder / "home")


def make_pack_a(
    folder: Path,
    names: Iterable[str] | None = None,
    *,
    with_candidates: bool = False,
    trainable: bool = False,
    more_locked: int = 0,
) -> Pack:
    """Pack A in `folder`; `names` leaves out other cases than these. `with_candidates` needs A11 to A20.

    With `trainable`, s1 is a tiny real network, uncalibrated, that a fine-tune can start from. `more_locked` adds so
    many read locked cases L01, L02, ….
    """
    add_model = add_tiny_network if trainable else add_stand_in
    pack = _begin(folder, "Sample A: lateral skulls", find_template("ceph-19"), add_model)
    wanted = [f"A{number:02d}" for number in range(1, 25)] if names is None else list(names)
    with Project.open(pack.folder) as project:
        project.guidance.put_limits(skull_limits(pack.template))
        for name in [*wanted, *(f"L{number:02d}" for number in range(1, more_locked + 1))]:
            _add_skull(project, pack, name)
        if with_candidates:
            add_candidates(project, pack.library, {name: (pack.ids[name], pack.truth[name]) for name in LOCKED})
    return pack


def make_pack_b(folder: Path, names: Iterable[str] | None = None) -> Pack:
    """Pack B in `folder`."""
    pack = _begin(folder, "Sample B: spines", find_template("spine-68"))
    e95 = {mark: 1.2 + 0.3 * (k % 5) for k, mark in enumerate(pack.template.ids)}
    with Project.open(pack.folder) as project:
        for name in [f"B{number:02d}" for number in range(1, 7)] if names is None else names:
            film = films.spine(int(name[1:]))
            predicted = dict(film.points)
            if name == "B03":
                left, right = SWAPPED_CORNERS
                predicted[left], predicted[right] = predicted[right], predicted[left]
            path = films.write_film(pack.folder / "pictures" / f"{name}.dcm", film)
            _add_case(project, pack, path, film, predicted=predicted, e95_mm=e95)
    return pack


def make_pack_c(folder: Path) -> Pack:
    """Pack C in `folder`."""
    pack = _begin(folder, "Sample C: leg", LEG)
    film = films.leg()
    with Project.open(pack.folder) as project:
        path = films.write_film(pack.folder / "pictures" / "C01.dcm", film, bits=16)
        _add_case(project, pack, path, film, predicted=dict(film.points), e95_mm=dict.fromkeys(LEG.ids, 3.0))
    return pack


def _begin(
    folder: Path, name: str, template: Template, add_model: Callable[[ModelLibrary, Template], object] = add_stand_in
) -> Pack:
    pack = Pack(folder / "pack.mss", folder / "home", template)
    Project.create(pack.folder, name=name, template=template).close()
    add_model(pack.library, template)
    return pack


def _add_skull(project: Project, pack: Pack, name: str) -> None:
    film = films.skull(int(name[1:]) + (MORE_FROM if name.startswith("L") else 0))
    suffix, how = ".dcm", {}
    if name in ("A04", "A08"):
        suffix, film = (".png", replace(film, spacing=None)) if name == "A04" else (".jpg", films.colour_photo(film))
    change = {"A06": films.unequal_pixels, "A09": films.burned_in, "A10": films.cut_off}.get(name)
    film = film if change is None else change(film)
    how = {"A05": {"bits": 12, "negative": True}, "A07": {"bits": 16}}.get(name, {})
    path = films.write_film(pack.folder / "pictures" / f"{name}{suffix}", film, **how)
    _add_case(project, pack, path, film, predicted=_skull_prediction(name, film), e95_mm=E95_MM)


def _skull_prediction(name: str, film: films.Film) -> dict[str, tuple[float, float]]:
    predicted = dict(film.points)
    if name == "A02":
        x, y = predicted["gonion"]
        predicted["gonion"] = (x + GONION_OFF_MM[0] / films.HALF_MM, y + GONION_OFF_MM[1] / films.HALF_MM)
    if name == "A03":
        upper, lower = "upper_incisor_tip", "lower_incisor_tip"
        predicted[upper], predicted[lower] = predicted[lower], predicted[upper]
    if name == "A10":
        predicted["menton"] = (np.nan, np.nan)
    return predicted


def _add_case(
    project: Project, pack: Pack, path: Path, film: films.Film, *, predicted: Points, e95_mm: Mapping[str, float]
) -> None:
    name = path.stem
    part = "locked" if is_locked(name) else "train"
    row = project.cases.add(replace(read_image(path), patient_key=patient_key(name, part)), path=path)
    factor = 1.0 if film.spacing else SAMPLE_PX_PER_MM
    e95 = {mark: e95_mm[mark] * factor for mark in pack.template.ids}
    pack.ids[name], pack.truth[name], pack.predicted[name], pack.e95[name] = row.id, film.points, predicted, e95
    _predict_case(project, pack, name, row)


def _predict_case(project: Project, pack: Pack, name: str, row: CaseRow) -> None:
    model_id = pack.library.get("s1").id
    prediction = stand_in_prediction(pack.template, row, pack.predicted[name], pack.e95[name], model_id)
    project.predictions.add(prediction, row.id)
    if is_locked(name):
        read_by_hand(project, row.id, pack.truth[name])
    elif name != BLIND:
        annotation = project.annotations.load(row.id)
        edit = annotation.from_prediction(prediction)
        project.annotations.commit(edit, row.id, expected_revision=annotation.revision)


def read_by_hand(project: Project, case_id: int, points: Points) -> None:
    """Place every landmark as a person would, and end the case."""
    annotation = project.annotations.load(case_id)
    edit = annotation.change("place", {mark: placed(*xy, None) for mark, xy in points.items()})
    annotation = project.annotations.commit(edit, case_id, expected_revision=annotation.revision)
    project.annotations.commit(annotation.mark_reviewed(), case_id, expected_revision=annotation.revision)


def stand_in_prediction(
    template: Template, row: CaseRow, points: Points, e95: Mapping[str, float], model_id: str
) -> Prediction:
    """A prediction whose 95 % regions under the calibration of s1 are circles of `e95` (mm, or px without spacing)."""
    cell = np.array([1.0, 1.0]) if row.spacing is None else np.array([row.spacing.col_mm, row.spacing.row_mm])
    radii = np.array([e95[mark] for mark in template.ids])
    deviations = radii[:, None] / RADIUS / cell  # (K, 2) px
    covariance = np.zeros((len(template), 2, 2))
    covariance[:, 0, 0], covariance[:, 1, 1] = deviations.T**2
    xy = np.array([points[mark] for mark in template.ids], dtype=np.float64)
    found = np.isfinite(xy).all(axis=1)
    covariance[~found] = np.nan
    return Prediction(
        id=f"{model_id.split('@', maxsplit=1)[0]}-{row.image_sha256[:24]}",
        image_sha256=row.image_sha256,
        template_id=template.id,
        template_version=template.version,
        model_id=model_id,
        xy_image=xy,
        scores=np.where(found, 1.0 / (1.0 + radii / radii.max()), np.nan),
        covariance=covariance,
        radial_error=np.where(found, deviations.mean(axis=1) * np.sqrt(np.pi / 2), np.nan),
        created_utc=utc_now(),
        seconds=0.4,
    )


def is_locked(name: str) -> bool:
    """True for cases that are kept out of training."""
    return name in LOCKED or name.startswith("L")


def patient_key(name: str, part: str) -> str:
    """A patient of this case whose hash falls into the part that is wanted; the split itself is left alone."""
    for number in range(1000):
        key = f"sample patient {name} {number}"
        locked = draw_of(key, "locked") < LOCKED_SHARE
        validation = draw_of(key, "validation") < VALIDATION_SHARE
        if (part == "locked") == locked and (locked or (part == "val") == validation):
            return key
    raise AssertionError(f"no key for {part}")
