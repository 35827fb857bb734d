"""Names and UIDs that stand for real ones: the same within a project, of no meaning outside it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass, field

SALT_BYTES = 32
_LETTERS = 12  # of the pseudonym: 60 bits, so that two subjects of one project do not meet
_FEWER_LETTERS = 8  # 40 bits: there are fewer readers, and pictures of one subject
_STANDARD_UIDS = "1.2.840.10008."


def new_salt() -> bytes:
    """A secret for one project. Whoever has it can check a guessed name against a pseudonym."""
    return secrets.token_bytes(SALT_BYTES)


@dataclass(frozen=True)
class Pseudonyms:
    """All pseudonyms of a project, computed from its secret `salt`; nothing is stored. The salt is never printed.

    Raises ValueError for a salt shorter than 16 bytes.
    """

    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.salt) < 16:
            raise ValueError("a salt has at least 16 bytes")

    def subject(self, patient_id: str, issuer: str = "") -> str:
        """The pseudonym of a patient, such as S-7KQ2M4XAB3CD; equal for equal id and issuer."""
        text = base64.b32encode(self._digest("subject", issuer.strip(), patient_id.strip())).decode()
        return f"S-{text[:_LETTERS]}"

    def person(self, name: str) -> str:
        """What a reader is called in files that leave the house, such as R-7KQ2M4XA; "" for nobody."""
        return f"R-{self._letters('person', name.strip())}" if name.strip() else ""

    def short(self, kind: str, original: str) -> str:
        """Eight letters and digits that stand for `original`, to tell things of one kind apart."""
        return self._letters(kind, original)

    def uuid(self, kind: str, original: str) -> str:
        """A UUID that stands for `original`."""
        return str(uuid.UUID(bytes=self._digest(kind, original)[:16], version=4))

    def uid(self, original: str) -> str:
        """The UID that stands for `original`; UIDs of the standard itself (classes, syntaxes) stay as they are."""
        if not original or original.startswith(_STANDARD_UIDS):
            return original
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', original)[:16], version=4).int}"

    def _letters(self, *parts: str) -> str:
        return base64.b32encode(self._digest(*parts)).decode()[:_FEWER_LETTERS]

    def _digest(self, *parts: str) -> bytes:
        return hmac.new(self.salt, "\0".join(parts).encode(), hashlib.sha256).digest()
