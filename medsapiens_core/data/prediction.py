"""What a model, or the shape of the other landmarks, says of an image. Frozen: it is only ever replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL, FILL, ONE_SHOT, OTHER_FRAME = "model", "fill", "one-shot", "other frame"  # where a proposed point comes from
TRY_OUT = "try-out"
IMPORTED = "import:"  # model ids of what another tool has predicted begin with this


@dataclass(frozen=True, eq=False)
class Prediction:
    """Points of one model on one image.

    `xy_image` (K, 2) float64 image pixels, NaN where the model found nothing; `scores` (K,) in 0..1;
    `covariance` (K, 2, 2) image px^2 and `radial_error` (K,) image px are the spread of the heatmap about the point and
    its mean distance from it, not calibrated, or None. Predictions stored without `radial_error` have the covariance of
    the peak alone, which no calibration holds for. Order: the template's.
    `origins` says of each point where it comes from: the model, the shape of the other landmarks (`FILL`), a few
    examples without training (`ONE_SHOT`), a model that nobody has put in use (`TRY_OUT`), or what was decided on
    another frame of the file (`OTHER_FRAME`); None means all from the model. A fill takes over what was shown before
    for the landmarks that it leaves alone, so that ghosts and reverting go on working.
    `notice` says, for the reader, why the whole set is doubtful (the scores are 0 then); None when nothing speaks
    against it.
    """

    id: str
    image_sha256: str
    template_id: str
    template_version: int
    model_id: str
    xy_image: NDArray[np.float64]
    scores: NDArray[np.float64]
    covariance: NDArray[np.float64] | None
    created_utc: str
    seconds: float
    notice: str | None = None
    radial_error: NDArray[np.float64] | None = None
    origins: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for array in (self.xy_image, self.scores, self.covariance, self.radial_error):
            if array is not None:
                array.setflags(write=False)

    def origin(self, position: int) -> str:
        """Where the point at a position of the template comes from."""
        return MODEL if self.origins is None else self.origins[position]

    def to_json(self) -> dict[str, Any]:
        """A JSON object; NaN becomes null."""
        value = {} if self.origins is None else {"origins": list(self.origins)}
        return {
            **value,
            "id": self.id,
            "image_sha256": self.image_sha256,
            "template_id": self.template_id,
            "template_version": self.template_version,
            "model_id": self.model_id,
            "xy_image": _to_list(self.xy_image),
            "scores": _to_list(self.scores),
            "covariance": None if self.covariance is None else _to_list(self.covariance),
            "created_utc": self.created_utc,
            "seconds": self.seconds,
            "notice": self.notice,
            "radial_error": None if self.radial_error is None else _to_list(self.radial_error),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Prediction:
        """The inverse of `to_json`, exact to the last bit."""
        arrays = {key: _to_array(value[key]) for key in ("xy_image", "scores")}
        spread = {
            key: None if value.get(key) is None else _to_array(value[key]) for key in ("covariance", "radial_error")
        }
        origins = None if value.get("origins") is None else tuple(value["origins"])
        return cls(**{**value, **arrays, **spread, "origins": origins})


def _to_list(array: NDArray[np.float64]) -> list[Any]:
    boxed = array.astype(object)
    boxed[~np.isfinite(array)] = None
    values: list[Any] = boxed.tolist()
    return values


def _to_array(value: list[Any]) -> NDArray[np.float64]:
    return np.array(value, dtype=np.float64)
