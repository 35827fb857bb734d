"""What a reader's own readings tell them: blind or assisted, repeated, and against the consensus (ux.md 1, 6.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy import stats

from medsapiens_core.data.annotation import BLIND, Annotation, Edit
from medsapiens_core.data.readers import CONSENSUS
from medsapiens_core.evaluation.agreement import dahlberg
from medsapiens_core.store import tables
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import author
from medsapiens_core.transfer.double_readings import AGAIN, Pair, decided_points, scale_of

Array = NDArray[np.float64]
MOST = 1000  # the newest cases; more change a mean no more
FEWEST_BLIND = 20  # cases, before blind and assisted are compared
PAUSE_S = 120.0  # a longer one between two decisions is no reading
HURRIED_S = 0.5  # a landmark, on average over a case
GUARD = 1.10  # assisted error over blind error, at most (ux.md 1)


@dataclass(frozen=True)
class Mean:
    """A mean over `n` patients with its 95 % interval (Student's t); NaN below two of them."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class MyFigures:
    """Figures of one reader; lengths in `unit` (px unless every case has a pixel size).

    `blind`, `assisted` and `by_hand` count reviewed cases: without the prediction shown, with it, without any. `pull_*`
    are mean distances between the reader's points and the prediction, `pull` is blind minus assisted: how much nearer
    the reader stays to a prediction that is shown. `error_*` are mean distances to the consensus. `repeat` is the error
    (Dahlberg) of readings done twice, over `repeated` cases, NaN without. `seconds` is the median time of a case from
    the first decision to the review, pauses left out, NaN without; `hurried` cases took less than 0.5 s a landmark.
    """

    reader: str
    unit: str
    blind: int
    assisted: int
    by_hand: int
    pull_blind: Mean
    pull_assisted: Mean
    pull: Mean
    error_blind: Mean
    error_assisted: Mean
    repeat: float
    repeated: int
    seconds: float
    hurried: int

    @property
    def is_guard_broken(self) -> bool:
        """True when the error of assisted cases exceeds that of blind ones by more than 10 %."""
        return self.error_blind.n > 1 and self.error_assisted.value > GUARD * self.error_blind.value


@dataclass(frozen=True, eq=False)
class _Read:
    """One reviewed case of the reader, as it was when it was first reviewed; distances in px and in mm (or NaN)."""

    kind: str
    patient: int
    to_prediction: tuple[float, float]
    to_consensus: tuple[float, float]
    seconds: float
    landmarks: int


def my_figures(project: Project, reader: str, pairs: Sequence[Pair] = ()) -> MyFigures:
    """The figures of a reader's common readings. Reads at most the newest thousand reviewed cases."""
    reads = [one for case_id in _reviewed(project) if (one := _read(project, case_id, reader)) is not None]
    in_mm = all(math.isfinite(one.to_prediction[1]) or not math.isfinite(one.to_prediction[0]) for one in reads)
    side = 1 if in_mm and reads else 0

    def picked(kind: str, what: str) -> list[tuple[int, float]]:
        return [(one.patient, getattr(one, what)[side]) for one in reads if one.kind == kind]

    repeats = [pair for pair in pairs if pair.is_repeat and pair.first in (reader, reader + AGAIN)]
    apart = [dahlberg(pair.xy_first[..., axis], pair.xy_second[..., axis]) for pair in repeats for axis in (0, 1)]
    times = [one.seconds for one in reads if math.isfinite(one.seconds)]
    blind, assisted = picked("blind", "to_prediction"), picked("assisted", "to_prediction")
    return MyFigures(
        reader=reader,
        unit="mm" if side else "px",
        blind=len(blind),
        assisted=len(assisted),
        by_hand=sum(one.kind == "by hand" for one in reads),
        pull_blind=_mean(_by_patient(blind)),
        pull_assisted=_mean(_by_patient(assisted)),
        pull=_difference(_by_patient(blind), _by_patient(assisted)),
        error_blind=_mean(_by_patient(picked("blind", "to_consensus"))),
        error_assisted=_mean(_by_patient(picked("assisted", "to_consensus"))),
        repeat=float(np.sqrt(np.mean(np.square(apart)))) if apart else float("nan"),
        repeated=sum(len(pair.cases) for pair in repeats),
        seconds=float(np.median(times)) if times else float("nan"),
        hurried=sum(one.seconds < HURRIED_S * one.landmarks for one in reads),
    )


def _reviewed(project: Project) -> list[int]:
    a = tables.annotation.c
    query = sa.select(a.case_id).where(a.reader == "", a.reviewed).order_by(a.case_id.desc()).limit(MOST)
    with project.database.read() as connection:
        return list(connection.execute(query).scalars())


def _read(project: Project, case_id: int, reader: str) -> _Read | None:
    history = project.annotations.history(case_id)
    annotation = project.annotations.load(case_id)
    if author(annotation, history) != reader:
        return None
    place = next((k for k, edit in enumerate(history) if edit.kind == "review" or edit.reviewed == (False, True)), None)
    if place is None:
        return None
    then = project.annotations.at_revision(case_id, place + 1)
    kind = _kind(history[place], then)
    row = project.cases.get(case_id)
    prediction = project.predictions.latest(case_id) if then.prediction_id is None else None
    if then.prediction_id is not None:
        prediction = project.predictions.get(then.prediction_id)
    settled = project.annotations.load(case_id, reader=CONSENSUS)
    points = decided_points(then)

    def apart(other: Array | None) -> tuple[float, float]:
        if other is None:
            return float("nan"), float("nan")
        difference = points - other
        px = _mean_length(difference)
        return px, _mean_length(difference * scale_of(row.spacing)) if row.spacing is not None else float("nan")

    return _Read(
        kind,
        row.patient_group,
        apart(None if prediction is None else prediction.xy_image),
        apart(decided_points(settled) if settled.reviewed else None),
        reading_seconds(history[: place + 1]),
        len(then.states),
    )


def reading_seconds(history: Sequence[Edit]) -> float:
    """Time from the first decision to the last edit, without pauses of more than two minutes; NaN for one edit."""
    times = [datetime.fromisoformat(edit.utc) for edit in history if edit.kind != "predict"]
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return sum(gap for gap in gaps if 0 <= gap <= PAUSE_S) if gaps else float("nan")


def _kind(review: Edit, then: Annotation) -> str:
    if review.context == BLIND:
        return "blind"
    return "by hand" if then.prediction_id is None else "assisted"


def _mean_length(difference: Array) -> float:
    length = np.hypot(difference[:, 0], difference[:, 1])
    known = np.isfinite(length)
    return float(length[known].mean()) if known.any() else float("nan")


def _by_patient(values: Sequence[tuple[int, float]]) -> Array:
    """One mean for each patient: the cases of one are not independent."""
    groups: dict[int, list[float]] = {}
    for patient, value in values:
        if math.isfinite(value):
            groups.setdefault(patient, []).append(value)
    return np.array([np.mean(found) for found in groups.values()], dtype=np.float64)


def _mean(values: Array) -> Mean:
    n = len(values)
    if n == 0:
        return Mean(float("nan"), float("nan"), float("nan"), 0)
    value = float(values.mean())
    if n == 1:
        return Mean(value, float("nan"), float("nan"), 1)
    half = float(stats.t.ppf(0.975, n - 1)) * float(values.std(ddof=1)) / math.sqrt(n)
    return Mean(value, value - half, value + half, n)


def _difference(blind: Array, assisted: Array) -> Mean:
    """Blind minus assisted with Welch's interval, from 20 blind cases on; before that nothing is said."""
    if len(blind) < FEWEST_BLIND or len(assisted) < 2:
        return Mean(float("nan"), float("nan"), float("nan"), len(blind))
    found = stats.ttest_ind(blind, assisted, equal_var=False).confidence_interval(0.95)
    return Mean(float(blind.mean() - assisted.mean()), float(found.low), float(found.high), len(blind))
