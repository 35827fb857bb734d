"""What the window shows, as frozen values: controllers make them, views only read them.

Coordinates are image pixels (integer = pixel centre, x right, y down); sizes in millimetres are None where unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from medsapiens_core.data.pyramid import Pyramid
from medsapiens_core.data.sides import PatientSides
from medsapiens_core.data.spacing import Spacing

LABELS = ("predicted", "confirmed", "corrected", "estimated", "absent", "not placed")
CASE_STATES = ("new", "predicted", "in_review", "reviewed")


@dataclass(frozen=True, eq=False)
class ImageState:
    """The picture of the open case.

    `pixels` is (H, W) or (H, W, 3) uint8, read-only, in modality units; `window` is (low, high) in the same units.
    `inverted` is True for MONOCHROME1, where low values are bright. `presets` are (name, low, high).
    `aspect` is height / width of one pixel; `device` and `modality` say what made the picture. `frame` of `frame_count`
    is what is shown, from 0; `working_frame` is the one that carries the landmarks. `sides` tells which side of the
    patient lies where.
    """

    case_id: int
    title: str
    pixels: NDArray[Any]
    window: tuple[float, float]
    inverted: bool = False
    row_mm: float | None = None
    col_mm: float | None = None
    spacing_badge: str = "px"
    spacing_tooltip: str = "No pixel size in this file. Lengths are shown in pixels."
    presets: tuple[tuple[str, float, float], ...] = ()
    aspect: float = 1.0
    padding: float | None = None
    modality: str = ""
    device: str = ""
    pyramid: Pyramid | None = None
    frame: int = 0
    frame_count: int = 1
    working_frame: int = 0
    spacing: Spacing | None = None
    sides: PatientSides | None = None

    @property
    def is_working_frame(self) -> bool:
        """True when the landmarks lie on what is shown."""
        return self.frame == self.working_frame

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class MarkerState:
    """One landmark on the image; `x`, `y` are None when it has no position.

    `label` is one of `LABELS`; `ghost_xy` is where the prediction lies when the point has left it, `prediction_xy`
    wherever it lies; `covariance` is ((xx, xy), (xy, yy)) in px^2, not calibrated. `region` is the 95 % ellipse about
    the prediction, (long, short semi-axis in px, angle in degrees from +x towards +y), None where no calibration
    stands behind it. `has_suggestion` says that a newer proposal lies elsewhere.
    """

    landmark: str
    number: int
    name: str
    abbreviation: str
    label: str
    x: float | None
    y: float | None
    score: float | None = None
    is_current: bool = False
    ghost_xy: tuple[float, float] | None = None
    covariance: tuple[tuple[float, float], tuple[float, float]] | None = None
    has_suggestion: bool = False
    prediction_xy: tuple[float, float] | None = None
    region: tuple[float, float, float] | None = None
    has_warning: bool = False


@dataclass(frozen=True, eq=False)
class HeatmapState:
    """Where the model sees one landmark: `values` (h, w) uint8, 255 at the peak; `to_image` is the 2 x 3 map from cells
    to image pixels (integer = centre in both).
    """

    case_id: int
    landmark: str
    values: NDArray[Any]
    to_image: tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True)
class WarningLine:
    """A warning as shown: one line, what it rests on, and the two landmarks whose places `Swap` exchanges."""

    key: str
    text: str
    why: str
    swap: tuple[str, str] | None = None


@dataclass(frozen=True)
class LandmarkRow:
    """One line of the landmark list; `score` 0..1 of the shown prediction, None without one; `warning` "" if none.

    `origin` of an undecided point is model, fill or one-shot; `spread` is what the list says of one that no model's
    score goes with; `is_anchor` marks a landmark that tells most of the others;
    `impact` is what it changes most, e.g. `SNA 1.3°/mm`, while that is asked for.
    `radius` is the calibrated 95 % radius in `unit` ("mm" or "px"), None where the model is not calibrated.
    `has_suggestion` tells that a newer prediction lies elsewhere than what was decided. `tips` tells that its own error
    may carry a measurement over a limit of its norm.
    """

    number: int
    id: str
    name: str
    abbreviation: str
    label: str
    score: float | None = None
    warning: str = ""
    definition: str = ""
    can_revert: bool = False
    origin: str = ""
    spread: str = ""
    is_anchor: bool = False
    noted: bool = False
    stale: bool = False
    impact: str = ""
    radius: float | None = None
    unit: str = "px"
    has_suggestion: bool = False
    tips: bool = False
    warnings: tuple[WarningLine, ...] = ()


@dataclass(frozen=True)
class CaseListRow:
    """One line of the worklist; `state` is one of `CASE_STATES`, `score` the worst of the undecided points.

    `badge` stands beside the state: "1-shot" for proposals from a few examples. `radius` is the largest calibrated
    95 % radius of the undecided points in `unit` ("mm" or "px"), infinite for one that was not found.
    """

    id: int
    name: str
    state: str
    flagged: bool
    decided: int
    total: int
    score: float | None
    part: str
    tooltip: str = ""
    noted: bool = False
    stale: bool = False
    badge: str = ""
    radius: float | None = None
    unit: str = "mm"


@dataclass(frozen=True)
class JobStep:
    """One step of a job. `state` is done, current or waiting; `measured` says what was found or how far it is."""

    name: str
    state: str
    measured: str = ""


@dataclass(frozen=True)
class JobState:
    """A training job. `progress` 0..1 or None while unknown; `losses` and `val_errors` are (x, y) points to draw.

    `val_unit` is "mm" or "px"; `val_base` is the error of the model `base` on the same cases, where it was measured.
    `state`: queued, running, stopping, done, failed, interrupted, cancelled. `steps` are the seven of ux.md 8.1;
    `notes` are sentences of the process that stay worth reading; `cpu_note` says that it runs without a GPU, "" else.
    """

    id: int
    state: str
    phase: str
    progress: float | None
    text: str
    seconds_left: float | None = None
    losses: tuple[tuple[float, float], ...] = ()
    val_errors: tuple[tuple[float, float], ...] = ()
    val_unit: str = "mm"
    can_stop: bool = False
    can_cancel: bool = False
    can_resume: bool = False
    can_remove: bool = False
    can_compare: bool = False
    can_show_log: bool = False
    candidate: str | None = None
    steps: tuple[JobStep, ...] = ()
    base: str = ""
    val_base: float | None = None
    notes: tuple[str, ...] = ()
    cpu_note: str = ""
    cpu_details: str = ""


@dataclass(frozen=True)
class ModelRow:
    """A model in the library; `summary` is one line for the list, `can_*` say which buttons work for it."""

    name: str
    id: str
    state: str
    in_use: bool
    templates: tuple[str, ...]
    summary: str
    can_promote: bool = False
    can_rollback: bool = False
    can_compare: bool = False
    can_export: bool = True


@dataclass(frozen=True)
class TemplateChoice:
    """A template that a new project may use."""

    id: str
    name: str
    landmark_count: int
    description: str
    has_model: bool = False


@dataclass(frozen=True)
class SliceChoice:
    """A volume or cine file that needs one slice. `counts` are slices along array axes 0, 1, 2 (0: not a volume).

    `frames` is the number of frames of a plain multi-frame file (then `counts` is None), or of slices along the
    acquired direction `axis` of a volume, which is the one to offer first.
    """

    path: str
    name: str
    frames: int
    counts: tuple[int, int, int] | None = None
    axis: int | None = None


@dataclass(frozen=True)
class Notice:
    """A line for the notice strip. `kind`: info, warning, error; `actions` are (action id, button text).

    One that `is_behind` shows only when there is no other.
    """

    id: str
    kind: str
    text: str
    actions: tuple[tuple[str, str], ...] = ()
    details: str = ""
    is_behind: bool = False
