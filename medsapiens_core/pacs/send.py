"""Reports, presentation states and images to a PACS (C-STORE)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydicom.filereader import read_file_meta_info

from medsapiens_core.errors import UserError
from medsapiens_core.io.refusal import guarded, unreadable
from medsapiens_core.pacs.connection import Peer, checked, connected, entity, is_warning

MOST_CONTEXTS = 128  # of one association, by the standard
_HINT = "Only DICOM files can be sent: reports, presentation states and images."


def send(peer: Peer, paths: Sequence[Path]) -> tuple[int, list[str]]:
    """Send files; returns how many were taken, and a sentence for each that was not, or only with changes.

    Raises UserError before anything is sent when a file is no DICOM, and when there is no connection.
    """
    kinds = {path: _kind(path) for path in paths}
    contexts = list(dict.fromkeys(kinds.values()))
    if not contexts:
        raise UserError("There is nothing to send.")
    if len(contexts) > MOST_CONTEXTS:
        raise UserError(f"These files are of {len(contexts)} kinds; {MOST_CONTEXTS} fit into one connection.")
    ae = entity(peer)
    for kind, syntax in contexts:
        ae.add_requested_context(kind, syntax)
    taken, problems = 0, []
    with connected(peer, ae) as association:
        accepted = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])) for context in association.accepted_contexts
        }
        for path, kind_and_syntax in kinds.items():
            if kind_and_syntax not in accepted:
                problems.append(f"{path.name}: the server does not take this kind of file.")
                continue
            try:
                code = checked(association.send_c_store(path), "the file")
            except UserError as error:
                problems.append(f"{path.name}: {error}")
                continue
            taken += 1
            if is_warning(code):
                problems.append(f"{path.name}: taken, but the server says that it changed something (0x{code:04X}).")
    return taken, problems


def _kind(path: Path) -> tuple[str, str]:
    """SOP class and transfer syntax, from the file meta group alone."""
    with guarded(path, []):
        with path.open("rb") as stream:
            if stream.read(132)[128:] != b"DICM":
                raise unreadable(path, "this is no DICOM file", _HINT)
        meta = read_file_meta_info(path)
        kind, syntax = meta.get("MediaStorageSOPClassUID"), meta.get("TransferSyntaxUID")
        if not kind or not syntax:
            raise unreadable(path, "its header does not say what it is", _HINT)
    return str(kind), str(syntax)
