"""A de-identified copy as it comes out of the decoder child."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CleanCopy:
    """The bytes of a copy, who its subject and image are now, and why a person must look at it (None: no reason)."""

    data: bytes
    subject: str
    sop_instance_uid: str
    burned_in: str | None
