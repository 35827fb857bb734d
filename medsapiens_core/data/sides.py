"""Which side of the patient lies where on a picture, in the letters of DICOM PS3.3 C.7.6.1.1.1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
AXES = ("LR", "PA", "HF")  # towards growing and falling x, y, z of the patient (LPS)
STRAIGHT_DEG = 10.0  # a picture turned by less still counts as lying along the axes
SECOND_LETTER = 0.35  # a direction that leans as much (20 degrees) towards another axis names it too


@dataclass(frozen=True)
class PatientSides:
    """Letters (L R A P H F, the strongest first) of what lies towards the right and the lower edge as stored.

    `is_oblique` where the directions of the file lie more than 10 degrees off the axes of the patient.
    """

    right: str
    down: str
    is_oblique: bool = False

    def __post_init__(self) -> None:
        if any(not letters or set(letters) - set(OPPOSITE) for letters in (self.right, self.down)):
            raise ValueError(f"{self.right!r}, {self.down!r} are no sides of a patient")

    def towards(self, dx: float, dy: float) -> str:
        """The letters towards a direction along one axis of the stored picture (x right, y down)."""
        letters, sign = (self.right, dx) if abs(dx) > abs(dy) else (self.down, dy)
        return letters if sign > 0 else opposite(letters)


def opposite(letters: str) -> str:
    """The letters of the other way."""
    return "".join(OPPOSITE[letter] for letter in letters)


def sides_of(right: Sequence[float], down: Sequence[float]) -> PatientSides | None:
    """From the directions of a row and of a column in patient space (x left, y back, z head); None without a length."""
    letters, oblique = [], False
    for direction in (right, down):
        length = math.sqrt(sum(part * part for part in direction))
        if len(direction) != len(AXES) or not math.isfinite(length) or length < 1e-6:
            return None
        parts = [part / length for part in direction]
        oblique |= max(abs(part) for part in parts) < math.cos(math.radians(STRAIGHT_DEG))
        letters.append(_letters(parts))
    return PatientSides(letters[0], letters[1], oblique)


def sides_from_letters(right: str, down: str) -> PatientSides | None:
    """From letters as a file writes them; None where they are none, or say the same axis twice."""
    texts = [text.strip().upper() for text in (right, down)]
    if any(not text or set(text) - set(OPPOSITE) for text in texts):
        return None
    if any(letter in texts[1] or OPPOSITE[letter] in texts[1] for letter in texts[0][:1]):
        return None
    return PatientSides(texts[0], texts[1], any(len(text) > 1 for text in texts))


def _letters(parts: Sequence[float]) -> str:
    order = sorted(range(len(parts)), key=lambda axis: -abs(parts[axis]))
    named = [axis for place, axis in enumerate(order) if place == 0 or abs(parts[axis]) > SECOND_LETTER]
    return "".join(AXES[axis][0 if parts[axis] > 0 else 1] for axis in named)
