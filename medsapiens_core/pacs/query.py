"""Which studies, series or images a PACS has (C-FIND, study root)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from medsapiens_core.errors import UserError
from medsapiens_core.pacs.connection import Peer, checked, connected, entity

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOST = 1000
Level = Literal["study", "series", "image"]
RETURNED: dict[Level, tuple[str, ...]] = {
    "study": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription", "PatientID",
        "PatientName", "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
    ),
    "series": (
        "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "Modality", "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    "image": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
_NEEDED: dict[Level, tuple[str, ...]] = {
    "study": (),
    "series": ("StudyInstanceUID",),
    "image": ("StudyInstanceUID", "SeriesInstanceUID"),
}


def find(peer: Peer, level: Level, keys: Mapping[str, str], limit: int = MOST) -> list[dict[str, str]]:
    """At most `limit` matches, each keyword -> text. `keys` are DICOM keywords -> what to match (`*`, `?`, ranges).

    Raises UserError for an unknown keyword, a level without the UIDs that lead to it, and what the server refuses.
    """
    asked = identifier(level, keys)
    ae = entity(peer)
    ae.add_requested_context(FIND)
    found: list[dict[str, str]] = []
    with connected(peer, ae) as association:
        for status, answer in association.send_c_find(asked, FIND):
            checked(status, "the search")
            if answer is not None:
                found.append(_plain(answer))
            if len(found) == limit:
                association.abort()  # the rest of the answers is not waited for
                break
    return found


def identifier(level: Level, keys: Mapping[str, str]) -> Dataset:
    """The query as a dataset: what is asked for empty, what must match filled. Raises UserError."""
    missing = [name for name in _NEEDED[level] if not keys.get(name)]
    if missing:
        raise UserError(f"To list the {level} level, name its {missing[0]}.")
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level.upper()
    for keyword in RETURNED[level]:
        setattr(dataset, keyword, "")
    for keyword, value in keys.items():
        if tag_for_keyword(keyword) is None:
            raise UserError(f"There is no DICOM attribute {keyword!r}. Write it as in the standard, e.g. PatientID.")
        setattr(dataset, keyword, value)
    return dataset


def _plain(answer: Dataset) -> dict[str, str]:
    return {element.keyword: _text(element.value) for element in answer if element.keyword and element.VR != "SQ"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str) or not hasattr(value, "__iter__") else "\\".join(map(str, value))
