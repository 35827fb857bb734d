"""The words of a header that name somebody, to look for them in what is left of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

_NAMING = (
    "PatientID", "OtherPatientIDs", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers",
    "AccessionNumber", "StudyID", "InstitutionName", "InstitutionAddress", "StationName", "DeviceSerialNumber",
    "AdmissionID", "MedicalRecordLocator", "MilitaryRank", "CountryOfResidence",
)  # fmt: skip
_LEAST = 3  # shorter words stand in too many harmless values
_PARTS = re.compile(r"[\s^=,;/\\]+")


def identity_words(dataset: Dataset) -> frozenset[str]:
    """Words of every person name and of every attribute that names the patient, the visit or the place, casefolded."""
    found: set[str] = set()
    for element in dataset.iterall():
        if element.VR == "PN" or element.keyword in _NAMING:
            for text in texts(element.value):
                found.update(part.casefold() for part in _PARTS.split(text) if len(part) >= _LEAST)
    return frozenset(found)


def texts(value: Any) -> Iterator[str]:
    """The one or several values of an element as text."""
    if value is None or isinstance(value, bytes):
        return
    several = [value] if isinstance(value, str) or not hasattr(value, "__iter__") else value
    yield from (str(one) for one in several)


def names_somebody(value: Any, words: frozenset[str]) -> bool:
    """True when a word of `words` is a word of the value, or a longer one is part of it."""
    for text in texts(value):
        folded = text.casefold()
        parts = set(_PARTS.split(folded))
        if any(word in parts or (len(word) > _LEAST and word in folded) for word in words):
            return True
    return False
