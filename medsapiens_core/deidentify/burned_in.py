"""Whether a picture may show a name in its pixels, where no rule about headers reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a window shows before an export must not wait for pydicom
    from pydicom.dataset import Dataset

_SCREENSHOTS = "1.2.840.10008.5.1.4.1.1.7"  # secondary capture, also multi-frame (.1 to .4)
_WRITING_MODALITIES = frozenset({"US", "IVUS", "ES", "OT", "SC", "XC", "DOC", "RF", "XA", "SR"})
_SCAN_TYPES = frozenset({"WSD", "DI", "SI", "DRW", "DV", "DF"})

UNKNOWN = "The file does not say whether text is burned into the picture. Look at it before you share it."


def burned_in_warning(dataset: Dataset) -> str | None:
    """Why a person must look at the picture before it leaves the house; None only when the file rules text out.

    Most files say nothing of burned-in text, so silence means that it is not known (reliability.md P8).
    """
    stated = str(dataset.get("BurnedInAnnotation") or "").upper()
    if stated == "YES":
        return "The file says that text is burned into the picture. Look at it, and do not share it if it names anyone."
    if str(dataset.get("SOPClassUID") or "").startswith(_SCREENSHOTS):
        return "The picture is a screen capture or a scan, which often shows names. Look at it before you share it."
    if str(dataset.get("ConversionType") or "") in _SCAN_TYPES:
        return "The picture was scanned or captured, and may show names. Look at it before you share it."
    if stated == "NO":
        return None
    if str(dataset.get("Modality") or "") in _WRITING_MODALITIES:
        return "Pictures of this kind often show names in a corner. Look at it before you share it."
    return UNKNOWN
