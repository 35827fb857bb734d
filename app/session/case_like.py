"""What the session needs to know of a case, whoever keeps it."""

from __future__ import annotations

from typing import Protocol


class CaseLike(Protocol):
    """What the session needs to know of a case."""

    @property
    def id(self) -> int:
        """Row id in the project."""

    @property
    def image_sha256(self) -> str:
        """Which bytes the picture was read from."""

    @property
    def width(self) -> int:
        """Columns of the image."""

    @property
    def height(self) -> int:
        """Rows of the image."""
