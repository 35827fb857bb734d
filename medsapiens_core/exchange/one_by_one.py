"""Formats that write one file for each reading and open its picture for that: one refusal costs one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.files import unique_stems, write_bytes
from medsapiens_core.exchange.states import counts, to_write


@dataclass(eq=False)
class Collected:
    """A write report that grows with every file."""

    template: Template
    losses: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    rounding_px: float = 0.0

    def add(self, path: Path, reading: Reading, made: MadeFile) -> None:
        """Note one written file."""
        self.files.append(path)
        self.readings.append(reading)
        self.losses += [f"{reading.image.file_name}: {loss}" for loss in made.losses]
        self.rounding_px = max(self.rounding_px, made.rounding_px)

    def report(self, more_losses: Sequence[str] = ()) -> WriteReport:
        """The finished report."""
        return WriteReport(
            tuple(self.files),
            counts(self.readings, self.template),
            (*self.losses, *more_losses),
            tuple(self.skipped),
            self.rounding_px,
        )


def write_each(batch: Batch, target: Path, options: WriteOptions, form: Format, suffix: str) -> Collected:
    """Write `<image name><suffix>` for each reading into the folder `target`; what cannot be made is in `skipped`.

    Raises EnvironmentProblemError when the folder cannot be written to.
    """
    chosen, losses = to_write(batch, options)
    done = Collected(options.template, list(losses))
    stems = unique_stems(reading.image.file_name for reading in chosen.readings)
    for number, (reading, stem) in enumerate(zip(chosen.readings, stems, strict=True), start=1):
        path = target / f"{stem}{suffix}"
        try:
            made = options.make_file(form, reading, options, number, path if path.exists() else None)
        except UserError as error:
            done.skipped.append((reading.image.file_name, str(error)))
            continue
        write_bytes(path, made.data)
        done.add(path, reading, made)
    return done
