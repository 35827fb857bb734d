"""Where left and right, front and back, head and feet of the patient lie on a DICOM picture."""

from __future__ import annotations

from pydicom.dataset import Dataset

from medsapiens_core.data.sides import PatientSides, sides_from_letters, sides_of
from medsapiens_core.io.dicom_groups import frame_items, numbers


def patient_sides(dataset: Dataset, frame: int) -> PatientSides | None:
    """From Image Orientation (Patient), else from Patient Orientation; None where the file does not tell.

    Patient Orientation of an animal uses other letters and is left out.
    """
    for item in frame_items(dataset, frame, "PlaneOrientationSequence"):
        cosines = numbers(item.get("ImageOrientationPatient"))
        if len(cosines) == 6:
            return sides_of(cosines[:3], cosines[3:])
    stated = dataset.get("PatientOrientation") or ()
    if str(dataset.get("AnatomicalOrientationType", "") or "") == "QUADRUPED" or isinstance(stated, str):
        return None
    letters = [str(part) for part in stated]
    return sides_from_letters(*letters) if len(letters) == 2 else None
