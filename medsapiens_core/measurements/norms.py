"""Published reference values as editable files, `msnorms/1`, and how a value compares with one (ux.md 11.3).

Nothing is active until somebody chooses it. Every norm states age, sex, population and source; where the source printed
no spread, or no page with it was found, the norm says so (`spread`), and then a value is compared with the mean alone,
without limits or words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.errors import UserError
from medsapiens_core.resources import resource_path

FORMAT = "msnorms/1"
MAX_BYTES = 1_000_000
NOT_CHECKED = "Not checked by a clinician."
Text = Annotated[str, Field(min_length=1, max_length=300)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]


class NormError(UserError):
    """A norm file that cannot be used; the message says which and why."""


class Norm(BaseModel):
    """The reference value of one measure. `mean` with `sd`, with `range`, or with the statement that neither exists.

    Limits are mean +/- sd, or the published range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measure: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    unit: Literal["deg", "mm", "%", "1"]
    mean: Number
    sd: Annotated[float, Field(gt=0, le=1e6)] | None = None
    range: tuple[Number, Number] | None = None
    spread: Literal["", "none published", "none found"] = ""
    age: Text
    sex: Text
    population: Text
    source: Text

    def model_post_init(self, _context: Any) -> None:
        """Exactly one statement of the spread. Raises ValueError."""
        given = [self.sd is not None, self.range is not None, bool(self.spread)]
        if sum(given) != 1:
            raise ValueError(f"{self.measure}: give sd, or range, or say that no spread was published or found")
        if self.range is not None and not self.range[0] < self.range[1]:
            raise ValueError(f"{self.measure}: the range must go from low to high")

    @property
    def limits(self) -> tuple[float, float] | None:
        """Low and high; None where no spread was published or found."""
        if self.sd is not None:
            return self.mean - self.sd, self.mean + self.sd
        return self.range

    def text(self, decimals: int = 1) -> str:
        """`82.0 ± 2.0`, `59.4 (53.0–66.0)` or `82.0`."""
        mean = f"{self.mean:.{decimals}f}"
        if self.sd is not None:
            return f"{mean} ± {self.sd:.{decimals}f}"
        return mean if self.range is None else f"{mean} ({self.range[0]:.{decimals}f}–{self.range[1]:.{decimals}f})"


class NormSet(BaseModel):
    """A file of norms. `checked_by` names the clinician who has compared it with its source, "" if nobody has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["msnorms/1"] = "msnorms/1"
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    name: Text
    checked_by: Annotated[str, Field(max_length=200)] = ""
    norms: Annotated[list[Norm], Field(min_length=1, max_length=500)]

    def norm(self, measure_id: str, unit: str) -> Norm | None:
        """The norm of a measure in its unit; None where the set has none."""
        return next((norm for norm in self.norms if (norm.measure, norm.unit) == (measure_id, unit)), None)

    @property
    def check_note(self) -> str:
        """Who has checked it, or that nobody has."""
        return f"Checked by {self.checked_by}." if self.checked_by else NOT_CHECKED


@dataclass(frozen=True)
class Grade:
    """A value against a norm. `word`: above, within, below, uncertain (the interval crosses a limit), or "".

    `z` is in standard deviations, None where the source has none; `difference` is value - mean.
    """

    norm: Norm
    difference: float
    z: float | None
    word: str


def grade(value: float, half_width: float | None, norm: Norm) -> Grade:
    """Compare. Without a published spread only the difference is given."""
    z = None if norm.sd is None else (value - norm.mean) / norm.sd
    return Grade(norm, value - norm.mean, z, _word(value, half_width or 0.0, norm.limits))


def load_norms(path: Path) -> NormSet:
    """Read a file. Raises NormError naming the file and the reason."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NormError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
        return NormSet.model_validate(json.loads(path.read_bytes()))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise NormError(f"The norms {path.name} cannot be used: {where}: {first['msg']}.") from error
    except (OSError, ValueError, RecursionError, NormError) as error:
        raise NormError(f"The norms {path.name} cannot be used: {error}") from error


@cache
def shipped_norms() -> dict[str, NormSet]:
    """Id -> norm set, of every file in resources/norms. None of them is in use until it is chosen."""
    found = (load_norms(path) for path in sorted(resource_path("norms").glob("*.json")))
    return {norms.id: norms for norms in found}


def _word(value: float, half_width: float, limits: tuple[float, float] | None) -> str:
    if limits is None:
        return ""
    low, high = limits
    if any(value - half_width < limit < value + half_width for limit in limits):
        return "uncertain"
    return "below" if value < low else "above" if value > high else "within"
