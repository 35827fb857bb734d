"""Take the identity out of a DICOM header, at every depth (PS3.15 Basic Profile, and somewhat more).

Beyond the profile's table, all that is not known to be harmless goes: private elements, curves and overlays, free
text, dates and binary data that the table does not mention, and any value that holds a word naming somebody.
"""

from __future__ import annotations

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from medsapiens_core.deidentify.identity import identity_words, names_somebody
from medsapiens_core.deidentify.profile import (
    ACTIONS,
    BINARY_KEPT,
    BINARY_VRS,
    DUMMIES,
    FREE_TEXT_VRS,
    REMOVED_GROUPS,
    Action,
)
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.io.dicom import patient_key

_SHORT_TEXT_VRS = frozenset({"LO", "SH"})
_GROUP_MASK = 0xFF00
_METHOD = "PS3.15 Basic Application Level Confidentiality Profile"
_CHECKED, _NOT_CHECKED = "Pixels checked for burned-in text", "Pixels not checked"


def deidentify_header(
    dataset: Dataset, pseudonyms: Pseudonyms, *, subject: str | None = None, pixels_checked: bool = False
) -> str:
    """Change `dataset` in place and return the subject's pseudonym, which is written as patient name and ID.

    `subject` is the pseudonym where the file itself names no patient. Only with `pixels_checked` (the file rules
    burned-in text out, or a person has looked) does the header claim that the identity is removed.
    """
    words = identity_words(dataset)
    patient, issuer = str(dataset.get("PatientID") or ""), str(dataset.get("IssuerOfPatientID") or "")
    name = subject if subject and patient_key(dataset) is None else pseudonyms.subject(patient, issuer)
    _clean(dataset, pseudonyms, words)
    dataset.PatientName = dataset.PatientID = name
    _declare(dataset, pixels_checked=pixels_checked)
    return name


def _declare(dataset: Dataset, *, pixels_checked: bool) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113100", "DCM"
    code.CodeMeaning = "Basic Application Confidentiality Profile"
    dataset.PatientIdentityRemoved = "YES" if pixels_checked else "NO"
    dataset.DeidentificationMethod = [_METHOD, _CHECKED if pixels_checked else _NOT_CHECKED]
    dataset.DeidentificationMethodCodeSequence = [code]
    dataset.LongitudinalTemporalInformationModified = "REMOVED"


def _clean(dataset: Dataset, pseudonyms: Pseudonyms, words: frozenset[str]) -> None:
    for tag in list(dataset.keys()):
        if tag.is_private or tag.group & _GROUP_MASK in REMOVED_GROUPS or tag.element == 0:
            del dataset[tag]
            continue
        element = dataset[tag]
        action = _action(element, words)
        if action is Action.REMOVE:
            del dataset[tag]
        elif action is Action.EMPTY:
            dataset[tag] = _emptied(element)
        elif action is Action.DUMMY:
            _set_dummy(dataset, element)
        elif element.VR == "UI":
            _replace_uids(element, pseudonyms)
        elif element.VR == "SQ":
            for item in element.value:
                _clean(item, pseudonyms, words)


def _action(element: DataElement, words: frozenset[str]) -> Action | None:
    """What to do with an element; None keeps it: UIDs are replaced and sequences entered."""
    listed = ACTIONS.get((element.tag.group, element.tag.element))
    if element.VR == "UI" or (listed is Action.GO_IN and element.VR == "SQ"):
        return None
    if listed is not None:
        return Action.EMPTY if listed is Action.GO_IN else listed
    if element.VR in FREE_TEXT_VRS or (element.VR in BINARY_VRS and element.keyword not in BINARY_KEPT):
        return Action.REMOVE
    if element.VR in _SHORT_TEXT_VRS and names_somebody(element.value, words):
        return Action.EMPTY
    return None


def _emptied(element: DataElement) -> DataElement:
    return DataElement(element.tag, element.VR, [] if element.VR == "SQ" else None)


def _set_dummy(dataset: Dataset, element: DataElement) -> None:
    """A value of the right kind that says nothing; kinds without one lose the element."""
    if element.VR == "SQ":
        dataset[element.tag] = _emptied(element)
    elif element.VR in DUMMIES:
        dataset[element.tag] = DataElement(element.tag, element.VR, DUMMIES[element.VR])
    elif element.VR in ("LO", "SH", "CS", "PN", "LT", "ST", "UT", "UC", "AE"):
        dataset[element.tag] = DataElement(element.tag, element.VR, "REMOVED")
    else:
        del dataset[element.tag]


def _replace_uids(element: DataElement, pseudonyms: Pseudonyms) -> None:
    if not element.value:
        return
    several = [element.value] if isinstance(element.value, str) else list(element.value)
    replaced = [pseudonyms.uid(str(uid)) for uid in several]
    element.value = replaced[0] if len(replaced) == 1 else replaced
