"""Coded words and identifiers of our DICOM objects (formats.md 6.3).

No template carries codes of a public terminology, so landmarks are coded in a scheme of our own; their names are the
meanings, which is what viewers show.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Literal

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import CodedConcept

from medsapiens_core.data.annotation import AbsentReason, Decision, Place
from medsapiens_core.data.template import Landmark, Template

Unit = Literal["mm", "px", "deg", "1"]
SCHEME = "99MSSTUDIO"
_NAMESPACE = uuid.UUID("6f0f4d0e-6a0f-5d2b-9a3c-1f3f6f6d7a55")
_MEANING_LENGTH = 64  # characters of the LO value representation
_CODE_BYTES = 8  # written as 16 letters, all that a Code Value may have


def stable_uid(*parts: object) -> str:
    """The same UID for the same parts, on every computer."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, repr(parts)).int}"


def new_uid() -> str:
    """A UID that nobody else has."""
    return f"2.25.{uuid.uuid4().int}"


def short_text(text: str, length: int = _MEANING_LENGTH) -> str:
    """`text` as a short DICOM string: no backslash or control characters, cut to `length`, never empty."""
    clean = "".join("/" if letter == "\\" else letter for letter in text if letter.isprintable()).strip()
    return clean[:length].strip() or "unnamed"


def own_code(value: str, meaning: str) -> CodedConcept:
    """A code of our own scheme; `value` has at most 16 characters."""
    return CodedConcept(value, SCHEME, short_text(meaning))


def landmark_code(template: Template, landmark: Landmark) -> CodedConcept:
    """The code of one landmark: the same for every version of the template, since landmark ids never change."""
    digest = hashlib.blake2b(f"{template.id}\0{landmark.id}".encode(), digest_size=_CODE_BYTES).hexdigest()
    return own_code(digest.upper(), landmark.name)


def scheme_item() -> CodingSchemeIdentificationItem:
    """What tells a receiver whose scheme it is; highdicom does not add it by itself."""
    return CodingSchemeIdentificationItem(
        designator=SCHEME,
        name="MedSapiens Studio landmarks",
        version="1",
        uid=stable_uid("coding scheme", SCHEME),
        responsible_organization="MedSapiens Studio",
    )


PLACE = own_code("PLACE", "Placement")
DECISION = own_code("DECISION", "Decision")
PRESENCE = own_code("PRESENCE", "Presence")
SCORE = own_code("SCORE", "Model score")
RATIO = own_code("RATIO", "Ratio")
RECORD = own_code("RECORD", "Annotation record")
ANATOMY = CodedConcept("91723000", "SCT", "Anatomical structure")
REPRESENTATIVE_POINT = CodedConcept("128140", "DCM", "Representative point")
PROCEDURE = CodedConcept("363679005", "SCT", "Imaging procedure")
LENGTH = CodedConcept("410668003", "SCT", "Length")
ANGLE = CodedConcept("1483009", "SCT", "Angle")
UNITS: dict[Unit, CodedConcept] = {
    "mm": CodedConcept("mm", "UCUM", "millimeter"),
    "deg": CodedConcept("deg", "UCUM", "degree"),
    "px": CodedConcept("{pixels}", "UCUM", "pixels"),
    "1": CodedConcept("1", "UCUM", "no units"),
}
PLACES = {
    Place.VISIBLE: own_code("VISIBLE", "On a visible structure"),
    Place.ESTIMATED: own_code("ESTIMATED", "Estimated, structure hidden or superimposed"),
}
DECISIONS = {
    Decision.PREDICTED: own_code("PREDICTED", "Proposed by a model, not reviewed"),
    Decision.CONFIRMED: own_code("CONFIRMED", "Confirmed by a reader"),
    Decision.CORRECTED: own_code("CORRECTED", "Placed by a reader"),
}
ABSENCES = {
    AbsentReason.OUTSIDE_FIELD: own_code("OUTSIDE_FIELD", "Absent: outside the field of view"),
    AbsentReason.ANATOMY_MISSING: own_code("ANATOMY_MISSING", "Absent: anatomy missing"),
    AbsentReason.NOT_ASSESSABLE: own_code("NOT_ASSESSABLE", "Absent: not assessable"),
}
