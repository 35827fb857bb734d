"""Make a de-identified copy of a DICOM image; the original is only read.

Files of others are parsed here, so the program calls it through `decoding.clean_copy`, in a child process.
"""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from medsapiens_core.deidentify.burned_in import burned_in_warning
from medsapiens_core.deidentify.clean import CleanCopy
from medsapiens_core.deidentify.header import deidentify_header
from medsapiens_core.deidentify.identity import identity_words
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.io.dicom_file import open_dicom
from medsapiens_core.io.refusal import guarded, unreadable
from medsapiens_core.io.sniff import detect
from medsapiens_core.io.source import open_source

_LEAST_IN_BYTES = 6  # letters; shorter words occur in pixel data by chance
_ENCODINGS = ("utf-8", "latin-1", "utf-16-le")


def clean_copy(
    source: Path, pseudonyms: Pseudonyms, *, subject: str | None = None, looked_at: bool = False
) -> CleanCopy:
    """The copy of the file `source`, whole.

    `subject` stands for the patient where the file names none. `looked_at`: a person has seen that the picture shows
    no name; without it the copy says that its pixels were not checked, unless the file itself rules text out.
    Raises UnreadableImageError for what is no DICOM image, and when a name is still found in the bytes of the copy,
    such as in a comment inside compressed pixel data.
    """
    notes: list[str] = []
    with guarded(source, notes):
        _check_image(source)
        dataset = pydicom.dcmread(io.BytesIO(source.read_bytes()), force=True)
        words, warning = identity_words(dataset), burned_in_warning(dataset)
        checked = looked_at or warning is None
        name = deidentify_header(dataset, pseudonyms, subject=subject, pixels_checked=checked)
        data = _encoded(dataset, source)
        if _names_somebody(data, words - {name.casefold()}):
            raise unreadable(
                source,
                "a name is still in the copy, perhaps inside the pixel data",
                "Export this image as PNG instead.",
            )
    return CleanCopy(data, name, str(dataset.get("SOPInstanceUID") or ""), warning)


def _check_image(path: Path) -> None:
    """Refuse what the reader of images refuses for its header, compressed bombs among it."""
    with open_source(path, hashed=False) as opened:
        if detect(opened.head).name != "dicom":
            raise unreadable(path, "it is not DICOM", "Only DICOM files carry a header to clean.")
        open_dicom(opened)


def _encoded(dataset: FileDataset, source: Path) -> bytes:
    """The file's bytes with an empty preamble and a new, minimal file meta group.

    A file that is deflated as a whole is written plain, so that its bytes can be searched.
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if syntax is None:
        raise unreadable(source, "it does not name its transfer syntax", "Convert it with your PACS.")
    if syntax == DeflatedExplicitVRLittleEndian:
        syntax = ExplicitVRLittleEndian
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID")
    meta.TransferSyntaxUID = syntax
    dataset.file_meta, dataset.preamble = meta, bytes(128)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _names_somebody(data: bytes, words: frozenset[str]) -> bool:
    """True when a word stands in the bytes, as it is, in capitals or with a capital, in a common encoding."""
    for word in (word for word in words if len(word) >= _LEAST_IN_BYTES):
        for spelled in {word, word.upper(), word.capitalize()}:
            for encoding in _ENCODINGS:
                if spelled.encode(encoding, "ignore") in data and spelled.encode(encoding, "ignore"):
                    return True
    return False
