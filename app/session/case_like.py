"""What the session needs to know of a case, whoever keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.session.review_session import ReviewSession


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


def renew_case(session: ReviewSession, case: CaseLike) -> None:
    """What is known of the open case has changed, e.g. its pixel size; its landmarks stay where they are."""
    if session.case is not None and session.case.id == case.id:
        session.case = case
        session.annotation_changed.emit(session.annotation)
