"""Synthetic radiograph phantoms: films of nobody, marked SYNTHETIC in the pixels and in the file.

They serve as samples and in tests. Anatomy is drawn from its textbook proportions; no pixel comes from a real film.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from medsapiens_core.io.phantom_parts.chest import draw_chest
from medsapiens_core.io.phantom_parts.film import Map
from medsapiens_core.io.phantom_parts.hand import draw_hand
from medsapiens_core.io.phantom_parts.skull import draw_skull
from medsapiens_core.io.phantom_parts.spine import draw_spine

Landmarks = dict[str, tuple[float, float]]

MANUFACTURER = "MedSapiens Studio synthetic"
NOTICE = "SYNTHETIC radiograph phantom made by MedSapiens Studio. It shows no real person."

_DRAW: dict[str, Callable[[np.random.Generator], tuple[Map, Landmarks]]] = {
    "skull": draw_skull,
    "hand": draw_hand,
    "spine": draw_spine,
    "chest": draw_chest,
}
KINDS = tuple(_DRAW)
TEMPLATES = {"skull": "ceph-19", "hand": "hand-21", "spine": "spine-68", "chest": "chest-6"}  # ids of the landmarks
SPACING_MM = {"skull": 0.2, "hand": 0.25, "spine": 0.5, "chest": 0.4}
_MAGNIFICATION = 1.1  # of the detector against the body, as in a real set-up


@dataclass(frozen=True)
class Sample:
    """One sample file: which film, as which kind of file (.png or .dcm), and for DICOM whether MONOCHROME1."""

    kind: str
    seed: int
    suffix: str
    bits: int = 8
    negative: bool = False

    @property
    def name(self) -> str:
        """File name."""
        return f"synthetic-{self.kind}-{self.seed:02d}{self.suffix}"


SAMPLES = (
    Sample("skull", 1, ".png"),
    Sample("skull", 2, ".dcm", 12),
    Sample("skull", 3, ".dcm", 12, negative=True),
    Sample("skull", 4, ".png", 16),
    Sample("skull", 5, ".dcm"),
    Sample("skull", 6, ".png"),
    Sample("hand", 1, ".png"),
    Sample("hand", 2, ".dcm", 12),
    Sample("spine", 1, ".png"),
    Sample("spine", 2, ".dcm", 12),
    Sample("chest", 1, ".png"),
    Sample("chest", 2, ".dcm", 12, negative=True),
)


def make_phantom(kind: str, seed: int, *, bits: int = 8) -> tuple[NDArray[Any], Landmarks]:
    """Draw one film.

    `kind` is one of `KINDS`; the same kind and seed give the same film. Returns pixels (H, W), uint8 for 8 bits and
    uint16 for 9 to 16, bone bright, and the landmarks of the template `TEMPLATES[kind]` in image pixels (x, y).
    """
    picture, landmarks = _DRAW[kind](np.random.default_rng([KINDS.index(kind), seed]))
    scaled = np.rint(picture * ((2**bits - 1) / 255.0))
    return scaled.astype(np.uint8 if bits == 8 else np.uint16), landmarks


def write_sample_files(folder: Path, kinds: Collection[str] = KINDS) -> list[Path]:
    """Write the sample films of `kinds` into `folder`, made if missing; the same bytes every time. Return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [write_sample(folder, sample) for sample in SAMPLES if sample.kind in kinds]


def write_sample(folder: Path, sample: Sample) -> Path:
    """Write one film and return its path."""
    pixels, _ = make_phantom(sample.kind, sample.seed, bits=sample.bits)
    path = folder / sample.name
    path.write_bytes(_png(pixels) if sample.suffix == ".png" else _dicom(pixels, sample))
    return path


def film_as_dicom(
    pixels: NDArray[Any], name: str, spacing_mm: tuple[float, float], *, bits: int = 8, negative: bool = False
) -> bytes:
    """A digital X-ray file of a drawn film, with a calibrated pixel size.

    `pixels` (H, W) uint8 for 8 bits, uint16 for 9 to 16, bone bright; `name` makes its identifiers, `spacing_mm` is
    (row, column); `negative` stores it as MONOCHROME1.
    """
    dataset = _described(name)
    _describe_pixels(dataset, pixels, bits, negative)
    _describe_size(dataset, spacing_mm)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _png(pixels: NDArray[Any]) -> bytes:
    notes = PIL.PngImagePlugin.PngInfo()
    notes.add_text("Description", NOTICE)
    notes.add_text("Software", MANUFACTURER)
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG", pnginfo=notes, compress_level=6)
    return buffer.getvalue()


def _dicom(pixels: NDArray[Any], sample: Sample) -> bytes:
    spacing = SPACING_MM[sample.kind]
    name = f"{sample.kind}-{sample.seed}"
    return film_as_dicom(pixels, name, (spacing, spacing), bits=sample.bits, negative=sample.negative)


def _described(name: str) -> Dataset:
    """A digital X-ray object without pixels yet."""
    dataset = Dataset()
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = _uid("instance", name)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study", name), _uid("series", name)
    dataset.PatientName, dataset.PatientID = "SYNTHETIC^Phantom", f"SYNTHETIC-{name.upper()}"
    dataset.PatientBirthDate, dataset.PatientSex = "", ""
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20260101", "120000", "", ""
    dataset.ReferringPhysicianName, dataset.SeriesNumber, dataset.InstanceNumber = "", 1, 1
    dataset.Modality, dataset.Manufacturer, dataset.ManufacturerModelName = "DX", MANUFACTURER, "phantom"
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.ImageComments, dataset.DerivationDescription = NOTICE, "SYNTHETIC"
    dataset.BurnedInAnnotation, dataset.PresentationIntentType = "YES", "FOR PRESENTATION"
    return dataset


def _describe_pixels(dataset: Dataset, pixels: NDArray[Any], bits: int, negative: bool) -> None:
    stored = (2**bits - 1) - pixels if negative else pixels
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME1" if negative else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if negative else "IDENTITY"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8 * pixels.itemsize, bits, bits - 1
    dataset.WindowCenter, dataset.WindowWidth = str(2 ** (bits - 1)), str(2**bits)
    dataset.PixelData = stored.astype(pixels.dtype).tobytes()


def _describe_size(dataset: Dataset, spacing_mm: tuple[float, float]) -> None:
    dataset.PixelSpacing = [str(side) for side in spacing_mm]
    dataset.ImagerPixelSpacing = [str(round(side * _MAGNIFICATION, 6)) for side in spacing_mm]
    dataset.PixelSpacingCalibrationType = "FIDUCIAL"
    dataset.PixelSpacingCalibrationDescription = "Known by construction"


def _uid(what: str, name: str) -> str:
    return str(generate_uid(entropy_srcs=[MANUFACTURER, what, name]))
