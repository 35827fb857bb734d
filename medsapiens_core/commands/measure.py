"""`medsapiens measure`: distances, angles and ratios of a project's cases as CSV tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from medsapiens_core.commands.output import JSON_OPTION, result


def measure(
    *,
    project: Annotated[Path, typer.Option(help="The project folder.")],
    out: Annotated[Path, typer.Option(help="A new folder for four tables, or a new .csv file for one.")],
    set_id: Annotated[
        str | None, typer.Option("--set", help="Id of the measurement set; default: the one in use.")
    ] = None,
    table: Annotated[
        Literal["landmarks-long", "landmarks-wide", "measurements-long", "measurements-wide"],
        typer.Option(help="Which table goes into a single .csv file."),
    ] = "measurements-wide",
    unreviewed: Annotated[
        bool, typer.Option("--all", help="Also cases that are not reviewed; their undecided points stay empty.")
    ] = False,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write the measurements and landmarks of a project as CSV: reviewed cases, each value with its +/- (95 %)."""
    from medsapiens_core.store.library import ModelLibrary
    from medsapiens_core.store.project import Project
    from medsapiens_core.transfer.calibrations import Calibrations
    from medsapiens_core.transfer.measuring import export_tables, set_in_use

    with Project.open(project, read_only=True) as opened:
        measures = set_in_use(opened, set_id)
        calibrations = Calibrations(ModelLibrary(), opened.template)
        files, count = export_tables(opened, measures, calibrations, out, table=table, unreviewed=unreviewed)
    value = {"set": measures.id, "readings": count, "files": [str(path) for path in files]}
    names = ", ".join(path.name for path in files)
    result(
        value, f"{count} readings were measured with {measures.name} and written to {out} ({names}).", as_json=as_json
    )
