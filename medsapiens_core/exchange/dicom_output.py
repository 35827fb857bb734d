"""Turn the refusals of DICOM libraries into sentences, and collect what was written."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Reading, WriteReport
from medsapiens_core.exchange.states import counts
from medsapiens_core.io.refusal import guarded, unreadable

logging.getLogger("highdicom").propagate = False  # its texts can quote the image's header


@contextlib.contextmanager
def library_calls(path: Path, why: str, hint: str) -> Iterator[None]:
    """Let DICOM libraries work on `path`: their refusals and warnings never reach a person as they stand.

    They can quote the header. A refusal becomes UnreadableImageError with `why` and `hint`; our own errors pass.
    """
    ours: list[UserError] = []
    with guarded(path, []):
        try:
            yield
        except UserError as error:
            ours.append(error)
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise unreadable(path, f"{why} ({type(error).__name__})", hint) from error
    if ours:
        raise ours[0]


@dataclass(eq=False)
class Collected:
    """A write report that grows with every file."""

    template: Template
    losses: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    rounding_px: float = 0.0

    def add(self, path: Path, reading: Reading, losses: Sequence[str], rounding_px: float) -> None:
        """Note one written file."""
        self.files.append(path)
        self.readings.append(reading)
        self.losses += [f"{reading.image.file_name}: {loss}" for loss in losses]
        self.rounding_px = max(self.rounding_px, rounding_px)

    def report(self) -> WriteReport:
        """The finished report."""
        return WriteReport(
            tuple(self.files),
            counts(self.readings, self.template),
            tuple(self.losses),
            tuple(self.skipped),
            self.rounding_px,
        )
