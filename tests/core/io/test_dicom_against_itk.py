"""Every frame size, syntax and kind of the corpus against an independent reader: SimpleITK, which decodes with GDCM.

Pixel values are equal after rescale wherever SimpleITK decodes the file, but for the exceptions below, each of which
is a relation that holds exactly and has its reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.data import get_testdata_files
from pydicom.pixels import apply_modality_lut

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import probe, read_image
from medsapiens_core.io.samples import chest_film_path

SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
Relation = Callable[[np.ndarray, np.ndarray, Path, int], bool]


def corpus() -> list[Path]:
    """Every file of pydicom's own test files and of pydicom-data, each content once."""
    paths = [*map(Path, get_testdata_files()), *chest_film_path().parent.glob("*")]
    unique: dict[str, Path] = {}
    for path in sorted((p for p in paths if p.is_file()), key=lambda p: (p.name, str(p))):
        unique.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
    return list(unique.values())


def equal(ours: np.ndarray, theirs: np.ndarray, _path: Path, _frame: int) -> bool:
    """The same values; SimpleITK rescales in double precision, we in single."""
    return bool(np.allclose(ours.astype(float), theirs.astype(float), rtol=1e-6, atol=1e-6))


def turned_over(ours: np.ndarray, theirs: np.ndarray, path: Path, _frame: int) -> bool:
    """MONOCHROME1: SimpleITK inverts the values on reading; ours are those that are stored."""
    total = ours.astype(float) + theirs
    assert read_image(path).inverted
    return float(np.ptp(total)) <= 1e-6 * float(total.max())


def high_byte(ours: np.ndarray, theirs: np.ndarray, _path: Path, _frame: int) -> bool:
    """Colour of 16 or 32 bits is shown with 8: the upper byte."""
    return bool(np.array_equal(ours, theirs >> 8 * (theirs.itemsize - 1)))


def one_bit(ours: np.ndarray, theirs: np.ndarray, _path: Path, _frame: int) -> bool:
    """Masks of one bit: 0 and 1 as stored, where SimpleITK gives 0 and 255."""
    return bool(np.array_equal(ours, theirs // 255))


def table_left_out(ours: np.ndarray, theirs: np.ndarray, path: Path, _frame: int) -> bool:
    """A Modality LUT Sequence: SimpleITK gives the values before it; pydicom applies it as we do."""
    dataset = pydicom.dcmread(path)
    return bool(
        np.array_equal(theirs, dataset.pixel_array)
        and np.array_equal(ours, apply_modality_lut(dataset.pixel_array, dataset))
    )


def misread(ours: np.ndarray, theirs: np.ndarray, path: Path, frame: int) -> bool:
    """Wide samples that SimpleITK mixes up the bytes of; the plain file of the same picture is the witness."""
    witness = named(MISREAD[path.name])
    values = itk(witness)
    right = relation_of(witness)(ours, values[frame] if values.ndim > ours.ndim else values, witness, frame)
    return right and not relation_of(witness)(ours, theirs, path, frame)


MISREAD = {
    "rtdose_expb.dcm": "rtdose.dcm",
    **{f"SC_rgb_rle_{kind}.dcm": f"SC_rgb_{kind}.dcm" for kind in ("16bit", "16bit_2frame", "32bit", "32bit_2frame")},
}
EXCEPTIONS: dict[str, Relation] = {
    r"RG[13]_.*\.dcm|6154|6247|6278": turned_over,
    "|".join(map(re.escape, MISREAD)): misread,
    r"SC_rgb(_expb)?_(16|32)bit(_2frame)?\.dcm|gdcm-US-ALOKA-16(_big)?\.dcm": high_byte,
    r"liver(_expb)?(_1frame)?\.dcm": one_bit,
    r"mlut_18\.dcm": table_left_out,
}
ONLY_OURS = {  # SimpleITK cannot open these; the witness holds the same picture in a form that it reads
    "emri_small_jpeg_2k_lossless_too_short.dcm": "emri_small.dcm",
    "rtdose_1frame.dcm": "rtdose.dcm",
    "rtdose_expb_1frame.dcm": "rtdose.dcm",
    "rtdose_rle_1frame.dcm": "rtdose.dcm",
}
SYNTAXES = {  # as decoded: a deflated file is inflated first, test_dicom_values.py has one
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.5",
}  # fmt: skip
CORPUS = corpus()


def itk(path: Path) -> np.ndarray:
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    reader.SetFileName(str(path))
    return np.squeeze(SimpleITK.GetArrayFromImage(reader.Execute()))


def named(name: str) -> Path:
    return next(path for path in CORPUS if path.name == name)


def relation_of(path: Path) -> Relation:
    return next((found for pattern, found in EXCEPTIONS.items() if re.fullmatch(pattern, path.name)), equal)


def test_every_file_that_decodes_equals_the_independent_reader() -> None:
    compared, syntaxes, wrong, only_ours = 0, set(), [], set()
    for path in CORPUS:
        try:
            frames = probe(path).frames
            pictures = {frame: read_image(path, frame=frame) for frame in {0, frames - 1}}
        except UnreadableImageError:
            continue  # test_dicom_corpus.py asks for the reason
        syntaxes.add(str(pictures[0].provenance.transfer_syntax))
        try:
            whole = itk(path)
        except RuntimeError:
            only_ours.add(path.name)
            whole = itk(named(ONLY_OURS.get(path.name, path.name)))
        for frame, picture in pictures.items():
            theirs = whole[frame] if whole.ndim > picture.pixels.ndim else whole
            compared += 1
            if theirs.shape != picture.pixels.shape or not relation_of(path)(picture.pixels, theirs, path, frame):
                wrong.append(f"{path.name}, frame {frame + 1}")
    assert wrong == []
    assert only_ours == set(ONLY_OURS)
    assert syntaxes >= SYNTAXES
    assert compared >= 160


@pytest.mark.parametrize("relation", [equal, *dict.fromkeys(EXCEPTIONS.values())])
def test_every_exception_has_a_reason_and_a_file(relation: Relation) -> None:
    assert len(relation.__doc__ or "") > 30
    assert any(relation_of(path) is relation for path in CORPUS)
