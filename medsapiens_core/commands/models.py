"""`medsapiens models`: the library of models."""

from __future__ import annotations

import getpass
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from medsapiens_core.commands.choosing import choose_template
from medsapiens_core.commands.output import JSON_OPTION, result, table
from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.errors import UserError
from medsapiens_core.store.library import ModelEntry, ModelLibrary

app = typer.Typer(help="List, import, export, promote and roll back models.", no_args_is_help=True)
ARCHIVES = (".msmodel", ".zip")


@app.command("list")
def list_models(as_json: Annotated[bool, JSON_OPTION] = False) -> None:
    """List the models of this computer; one that is promoted is in use."""
    entries = ModelLibrary().list()
    rows = [(entry.name, entry.state, " ".join(entry.templates)) for entry in entries]
    value = {"models": [_json(entry) for entry in entries]}
    result(value, table([("model", "state", "templates"), *rows]), as_json=as_json)


@app.command("import")
def import_model(
    checkpoint: Annotated[Path, typer.Argument(help="A .msmodel file, or a Sapiens or MedSapiens checkpoint.")],
    *,
    name: Annotated[str, typer.Option(help="Name of the model in the library.")],
    base: Annotated[Path | None, typer.Option(help="Pretraining checkpoint that a MedSapiens file needs.")] = None,
    template: Annotated[str | None, typer.Option(help="Template whose landmarks the channels are.")] = None,
    num_heads: Annotated[int | None, typer.Option(help="Attention heads, for sizes that were not released.")] = None,
    input_size: Annotated[str, typer.Option(help="Width x height that the checkpoint was trained for.")] = "768x1024",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Add a model; it is a candidate until it is promoted."""
    library = ModelLibrary()
    if not checkpoint.is_file():
        raise UserError(f"There is no file {checkpoint}.")
    if checkpoint.suffix.lower() in ARCHIVES:
        entry = library.import_archive(checkpoint, name)
    else:
        size = _size(input_size)
        entry = _convert(library, checkpoint, name, base=base, template=template, num_heads=num_heads, size=size)
    result({"model": _json(entry)}, f"{entry.name} was added for {', '.join(entry.templates)}.", as_json=as_json)


def _convert(
    library: ModelLibrary,
    checkpoint: Path,
    name: str,
    *,
    base: Path | None,
    template: str | None,
    num_heads: int | None,
    size: tuple[int, int],
) -> ModelEntry:
    from medsapiens_core.models.convert import import_checkpoint

    chosen = choose_template(template) if template else _fitting_template(checkpoint, base, num_heads, size)
    with tempfile.TemporaryDirectory(prefix="medsapiens-import-") as folder:
        package = import_checkpoint(
            checkpoint,
            name=name,
            base=base,
            template=chosen,
            into=Path(folder),
            base_folder=library.home / "base",
            num_heads=num_heads,
            input_size=size,
        )
        return library.add(package, name)


def _fitting_template(checkpoint: Path, base: Path | None, num_heads: int | None, size: tuple[int, int]) -> Template:
    """The only shipped template with as many landmarks as the checkpoint has channels."""
    from medsapiens_core.models.import_sapiens import load_landmark_model

    model = load_landmark_model(checkpoint, base=base, num_heads=num_heads, input_size=size)
    count = model.config.channel_count
    fitting = [template for template in shipped_templates().values() if len(template) == count]
    if len(fitting) != 1:
        raise UserError(f"{checkpoint.name} has {count} landmarks. Say with --template which landmarks they are.")
    return fitting[0]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise UserError(f"--input-size {text!r} is not of the form 768x1024.")
    return int(width), int(height)


@app.command("export")
def export_model(
    name: Annotated[str, typer.Argument(help="Model of the library.")],
    file: Annotated[Path, typer.Argument(help="The .msmodel file to write.")],
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write a model as one file, to be imported on another computer."""
    if file.exists():
        raise UserError(f"{file} exists already. Choose another name.")
    if not file.absolute().parent.is_dir():
        raise UserError(f"There is no folder {file.absolute().parent}.")
    ModelLibrary().export(name, file)
    result({"model": name, "file": str(file), "bytes": file.stat().st_size}, f"{file} was written.", as_json=as_json)


@app.command()
def promote(
    name: Annotated[str, typer.Argument(help="Model of the library.")],
    template: Annotated[list[str] | None, typer.Option(help="Only for this template (may be repeated).")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the history.")] = "",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Put a model in use, for every template that it knows or only for those named."""
    entry = ModelLibrary().promote(name, template or None, by=_user(), reason=reason)
    templates = list(template or entry.templates)
    value = {"model": _json(entry), "templates": templates}
    result(value, f"{entry.name} is in use for {', '.join(templates)}.", as_json=as_json)


@app.command()
def rollback(
    template: Annotated[str | None, typer.Option(help="Take back the newest promotion of this template.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the history.")] = "",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Take back the newest promotion; the model before it is in use again."""
    library = ModelLibrary()
    changed = library.rollback(template, by=_user(), reason=reason)
    in_use = {name: entry.name if (entry := library.current(name)) else None for name in changed}
    text = "\n".join(f"{name}: {model or 'no model'} is in use." for name, model in in_use.items())
    result({"templates": in_use}, text, as_json=as_json)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"


def _json(entry: ModelEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "id": entry.id,
        "state": entry.state,
        "embedded": entry.embedded,
        "templates": list(entry.templates),
        "parent": entry.parent,
        "folder": str(entry.folder),
    }
