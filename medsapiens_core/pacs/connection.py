"""A connection to one DICOM server, and what to say when there is none."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medsapiens_core.errors import EnvironmentProblemError, UserError

VERIFICATION = "1.2.840.10008.1.1"
_TITLE_LENGTH = 16
_PENDING = (0xFF00, 0xFF01)


@dataclass(frozen=True)
class Peer:
    """Where the server is and what both sides are called (application entity titles, 1 to 16 characters).

    `seconds` is how long each answer may take.
    """

    host: str
    port: int
    title: str = "ANY-SCP"
    our_title: str = "MEDSAPIENS"
    seconds: float = 30.0

    def __post_init__(self) -> None:
        for name in (self.title, self.our_title):
            if not name.strip() or len(name) > _TITLE_LENGTH or not name.isascii() or "\\" in name:
                raise UserError(f"The title {name!r} is not possible. It has 1 to {_TITLE_LENGTH} plain characters.")
        if not 0 < self.port < 2**16:
            raise UserError(f"There is no port {self.port}. Ports lie between 1 and 65535.")


def library() -> Any:
    """The package pynetdicom, quiet. Raises EnvironmentProblemError that says how to install it."""
    try:
        import pynetdicom
    except ImportError as error:
        raise EnvironmentProblemError(
            "The DICOM network is an extra that is not installed. Install it with: "
            "pip install 'medsapiens-studio[pacs]'"
        ) from error
    logging.getLogger("pynetdicom").propagate = False  # it logs queries and answers, which name patients
    return pynetdicom


def entity(peer: Peer) -> Any:
    """Our side of connections, with the peer's limits of time."""
    ae = library().AE(ae_title=peer.our_title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = ae.connection_timeout = peer.seconds
    return ae


@contextlib.contextmanager
def connected(peer: Peer, ae: Any, *, roles: Sequence[Any] = (), handlers: Sequence[Any] = ()) -> Iterator[Any]:
    """An association with the contexts that were added to `ae`. Raises UserError when there is none."""
    association = ae.associate(
        peer.host, peer.port, ae_title=peer.title, ext_neg=list(roles), evt_handlers=list(handlers)
    )
    if not association.is_established:
        if association.is_rejected:
            raise UserError(
                f"The server at {peer.host}:{peer.port} refuses us. Ask its administrator to admit the title "
                f"{peer.our_title}, and check that its own title is {peer.title}."
            )
        raise UserError(
            f"No DICOM server answers at {peer.host}:{peer.port}. Check address and port, and that no firewall is "
            "between."
        )
    try:
        yield association
    finally:
        association.release()


def echo(peer: Peer) -> None:
    """Ask whether the server is there (C-ECHO). Raises UserError."""
    ae = entity(peer)
    ae.add_requested_context(VERIFICATION)
    with connected(peer, ae) as association:
        checked(association.send_c_echo(), "the question whether it is there")


def checked(status: Any, what: str) -> int:
    """The status of an answer. Raises UserError for none, and for one that says failure."""
    if not status or "Status" not in status:
        raise UserError(f"The server broke off during {what}. Try again; it may be busy.")
    code = int(status.Status)
    if code == 0 or code in _PENDING or is_warning(code):
        return code
    raise UserError(f"The server refused {what} (DICOM status 0x{code:04X}). Its administrator can look that up.")


def is_warning(code: int) -> bool:
    """True for an answer that was good but for something."""
    return code == 1 or 0xB000 <= code <= 0xBFFF
