"""`medsapiens project`: make a project folder, tell about it, check it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from medsapiens_core.commands.choosing import choose_template
from medsapiens_core.commands.output import EXIT_USER, JSON_OPTION, note, result, table

app = typer.Typer(help="Create, describe and check project folders.", no_args_is_help=True)
FolderArgument = Annotated[Path, typer.Argument(help="The project folder.")]


@app.command()
def create(
    folder: FolderArgument,
    template: Annotated[str, typer.Option(help="Template id, e.g. ceph-19, or a template file.")] = "ceph-19",
    name: Annotated[str | None, typer.Option(help="Name of the project; default: that of the folder.")] = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Make a new project."""
    from medsapiens_core.store.project import Project

    with Project.create(folder, name=name or folder.absolute().name, template=choose_template(template)) as project:
        value = project.info()
    result(value, f"The project {value['name']} was created in {folder}.", as_json=as_json)


@app.command()
def info(folder: FolderArgument, as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Tell what is in a project. It is opened for reading only."""
    from medsapiens_core.store.project import Project

    with Project.open(folder, read_only=True) as project:
        value = project.info()
    result(value, table(_rows(value)), as_json=as_json)


@app.command()
def check(folder: FolderArgument, as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """Check database, history and pictures of a project; exit code 2 when something is not as it should be."""
    from medsapiens_core.store.project import Project

    with Project.open(folder, read_only=True) as project:
        problems = project.check()
    for problem in problems:
        note(problem)
    value = {"ok": not problems, "problems": problems}
    result(value, "The project is sound." if not problems else f"{len(problems)} problems.", as_json=as_json)
    if problems:
        raise typer.Exit(EXIT_USER)


@app.command(name="remove-pin")
def remove_pin(
    folder: FolderArgument,
    reader: Annotated[str, typer.Argument(help="Initials of the reader who forgot the PIN.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Take a forgotten PIN away; the project must not be open elsewhere. It stands in the audit log."""
    from medsapiens_core.errors import UserError
    from medsapiens_core.store.project import Project

    with Project.open(folder) as project:
        if reader not in project.pins.holders:
            holders = ", ".join(sorted(project.pins.holders)) or "nobody"
            raise UserError(f"{reader} has no PIN in this project. Readers with a PIN: {holders}.")
        project.pins.remove(reader, by="command line")
    result({"reader": reader}, f"{reader} has no PIN any more.", as_json=as_json)


def _rows(value: dict[str, Any], prefix: str = "") -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for key, item in value.items():
        rows += _rows(item, f"{prefix}{key} ") if isinstance(item, dict) else [(prefix + key, str(item))]
    return rows
