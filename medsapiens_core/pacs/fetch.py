"""Images and reports from a PACS into a folder (C-GET, or C-MOVE to a port of ours), as the bytes that were sent.

What comes is not parsed here: it is untrusted like any file, and is read later in the decoder child.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom import uid
from pydicom.dataset import Dataset

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.files import write_bytes
from medsapiens_core.pacs.connection import Peer, checked, connected, entity, library

GET, MOVE = "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.5.1.4.1.2.2.2"
MAX_BYTES = 4_000_000_000
KINDS = (
    uid.ComputedRadiographyImageStorage, uid.DigitalXRayImageStorageForPresentation,
    uid.DigitalXRayImageStorageForProcessing, uid.DigitalMammographyXRayImageStorageForPresentation,
    uid.DigitalMammographyXRayImageStorageForProcessing, uid.DigitalIntraOralXRayImageStorageForPresentation,
    uid.DigitalIntraOralXRayImageStorageForProcessing, uid.CTImageStorage, uid.EnhancedCTImageStorage,
    uid.MRImageStorage, uid.EnhancedMRImageStorage, uid.UltrasoundImageStorage, uid.UltrasoundMultiFrameImageStorage,
    uid.SecondaryCaptureImageStorage, uid.MultiFrameSingleBitSecondaryCaptureImageStorage,
    uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage, uid.MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uid.MultiFrameTrueColorSecondaryCaptureImageStorage, uid.XRayAngiographicImageStorage,
    uid.XRayRadiofluoroscopicImageStorage, uid.NuclearMedicineImageStorage, uid.PositronEmissionTomographyImageStorage,
    uid.VLPhotographicImageStorage, uid.VLEndoscopicImageStorage, uid.RTImageStorage, uid.EnhancedSRStorage,
    uid.ComprehensiveSRStorage, uid.Comprehensive3DSRStorage, uid.GrayscaleSoftcopyPresentationStateStorage,
)  # fmt: skip
SYNTAXES = [
    uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.JPEGLosslessSV1, uid.JPEGLossless,
    uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.JPEG2000, uid.RLELossless, uid.JPEGBaseline8Bit,
    uid.JPEGExtended12Bit,
]  # fmt: skip
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_REFUSED, _FULL = 0xC000, 0xA700


@dataclass
class Fetched:
    """What came: files in `folder`, one for each object; `already` were there, `failed` did not come."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    already: int = 0
    failed: int = 0

    def store(self, event: Any) -> int:
        """Take one object; the answer is its DICOM status."""
        name = str(event.request.AffectedSOPInstanceUID or "")
        data: bytes = event.encoded_dataset()
        if not _UID.fullmatch(name) or len(name) > 64 or len(data) > MAX_BYTES:
            return _REFUSED
        path = self.folder / f"{name}.dcm"
        if path.exists():
            self.already += 1
            return 0
        try:
            write_bytes(path, data)
        except UserError:
            return _FULL
        self.files.append(path)
        return 0


def fetch(
    peer: Peer,
    folder: Path,
    *,
    study: str,
    series: str = "",
    image: str = "",
    receive_port: int | None = None,
    receive_address: str = "",
) -> Fetched:
    """Fetch a study, one series or one image. With `receive_port` by C-MOVE to that port, which the PACS must know.

    It is listened on at `receive_address`, "" for every address of this computer, until the transfer has ended.
    Raises UserError for what is no UID, and when the server refuses.
    """
    asked = _identifier(study, series, image)
    got = Fetched(folder)
    if receive_port is None:
        _get(peer, asked, got)
    else:
        _move(peer, asked, got, (receive_address, receive_port))
    return got


def _identifier(study: str, series: str, image: str) -> Dataset:
    named = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": image}
    wrong = [value for value in named.values() if value and (not _UID.fullmatch(value) or len(value) > 64)]
    if wrong or not study or (image and not series):
        raise UserError("Name a study by its UID; for a series also its own, for an image all three.")
    dataset = Dataset()
    dataset.QueryRetrieveLevel = "IMAGE" if image else "SERIES" if series else "STUDY"
    for keyword, value in named.items():
        if value:
            setattr(dataset, keyword, value)
    return dataset


def _get(peer: Peer, asked: Dataset, got: Fetched) -> None:
    net, ae = library(), entity(peer)
    ae.add_requested_context(GET)
    roles = []
    for kind in KINDS:
        ae.add_requested_context(kind, SYNTAXES)
        roles.append(net.build_role(kind, scp_role=True))
    with connected(peer, ae, roles=roles, handlers=[(net.evt.EVT_C_STORE, got.store)]) as association:
        _follow(association.send_c_get(asked, GET), got)


def _move(peer: Peer, asked: Dataset, got: Fetched, ours: tuple[str, int]) -> None:
    net, ae = library(), entity(peer)
    ae.add_requested_context(MOVE)
    for kind in KINDS:
        ae.add_supported_context(kind, SYNTAXES)
    try:
        server = ae.start_server(ours, block=False, evt_handlers=[(net.evt.EVT_C_STORE, got.store)])
    except OSError as error:
        where = f"{ours[0]}:{ours[1]}".removeprefix(":")
        raise UserError(f"Port {where} cannot be listened on: {error.strerror}. Choose another.") from error
    try:
        with connected(peer, ae) as association:
            _follow(association.send_c_move(asked, peer.our_title, MOVE), got)
    finally:
        server.shutdown()


def _follow(answers: Any, got: Fetched) -> None:
    """Wait for the last answer; objects that did not come are counted, and only a whole failure is an error."""
    failed = 0
    for status, _ in answers:
        failed = int(status.get("NumberOfFailedSuboperations") or 0) if status else failed
        if failed and (got.files or got.already):
            continue
        checked(status, "the transfer")
    got.failed = failed
