"""`medsapiens convert`, `import` and `export`: landmarks from and to the files of other tools."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from medsapiens_core.commands.choosing import choose_template
from medsapiens_core.commands.output import EXIT_USER, JSON_OPTION, note, result
from medsapiens_core.errors import UserError

if TYPE_CHECKING:
    from medsapiens_core.exchange.batch import Batch, Format, WriteOptions
    from medsapiens_core.store.project import Project
    from medsapiens_core.transfer.importing import ImportPlan

MapOption = Annotated[
    Path | None,
    typer.Option("--map", help="CSV (name,landmark) or JSON that tells which landmark a name in the file means."),
]
ChoiceOption = Annotated[
    list[str] | None,
    typer.Option("--option", help="An option of the format, as key=value, e.g. origin=corner. May be repeated."),
]
ProjectOption = Annotated[Path, typer.Option(help="The project folder.")]
SHOWN = 20  # lines of one kind that are printed for people; --json has all


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="The file or folder to read.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="The file or folder to write; it must be new.")],
    *,
    from_format: Annotated[str | None, typer.Option("--from", help="Format of IN; default: told by itself.")] = None,
    to_format: Annotated[str | None, typer.Option("--to", help="Format of OUT; default: by its suffix.")] = None,
    images: Annotated[Path | None, typer.Option(help="Folder of the pictures, for size, spacing and hash.")] = None,
    template: Annotated[str | None, typer.Option(help="Template id or file; default: by the names in IN.")] = None,
    map_file: MapOption = None,
    option: ChoiceOption = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Turn landmark files of one tool into those of another. A report is written beside OUT.

    Readings whose picture does not fit are left out and told; the exit code is then 2.
    """
    from medsapiens_core.decoding import guess_format
    from medsapiens_core.exchange import guessing, registry
    from medsapiens_core.transfer.converting import convert_file
    from medsapiens_core.transfer.reading import parse_choices

    read_as = registry.find_format(from_format or guess_format(source))
    write_as = registry.find_format(to_format or guessing.guess_to_write(target))
    value = convert_file(
        source,
        target,
        read_as,
        write_as,
        images=images,
        template=choose_template(template) if template else None,
        map_file=map_file,
        choices=parse_choices(option or []),
    )
    _tell(value["messages"], value["problems"])
    text = f"{value['readings']} readings of {value['images']} pictures were written to {target} ({write_as.title})."
    result(value, text, as_json=as_json)
    if value["problems"]:
        raise typer.Exit(EXIT_USER)


def export(
    *,
    project: ProjectOption,
    form: Annotated[str, typer.Option("--format", help="coco, labelme, cvat, csv, json, dicom-sr, ...")],
    out: Annotated[Path, typer.Option(help="The file or folder to write; it must be new.")],
    undecided: Annotated[bool, typer.Option("--undecided", help="Also points that nobody has decided on.")] = False,
    predictions: Annotated[
        bool, typer.Option("--predictions", help="The newest prediction of each case, not the annotations.")
    ] = False,
    pixel_hashes: Annotated[
        bool, typer.Option("--pixel-hashes", help="Name each picture by its pixels too; every picture is decoded.")
    ] = False,
    deidentify: Annotated[
        bool,
        typer.Option("--deidentify", help="With clean copies of the pictures in OUT.images; names nobody anywhere."),
    ] = False,
    pixels: Annotated[
        Literal["looked-at", "leave-out"] | None,
        typer.Option(help="With --deidentify: pictures that may show text were all looked at, or are left out."),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="With --deidentify: a picture that stays here. May be repeated.")
    ] = None,
    option: ChoiceOption = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Write the landmarks of a project for another tool. A report is written beside the file."""
    from medsapiens_core.exchange.batch import WriteOptions
    from medsapiens_core.exchange.registry import find_format
    from medsapiens_core.store.project import Project
    from medsapiens_core.transfer.exporting import readings_of
    from medsapiens_core.transfer.pixel_hashes import with_pixel_hashes
    from medsapiens_core.transfer.reading import parse_choices
    from medsapiens_core.transfer.reports import write_with_report

    chosen = find_format(form)
    choices = parse_choices(option or []) | ({"undecided": "include"} if undecided else {})
    if (pixels or without) and not deidentify:
        raise UserError("--pixels and --without belong to --deidentify. Add it, or leave them out.")
    with Project.open(project, read_only=True) as opened:
        batch = readings_of(opened, with_history=form == "json" and not deidentify, predictions=predictions)
        batch = with_pixel_hashes(batch) if pixel_hashes else batch
        options = WriteOptions(opened.template, choices)
        if deidentify:
            value = _export_deidentified(opened, batch, out, chosen, options, pixels=pixels, without=without or [])
        else:
            _, value = write_with_report(batch, out, chosen, options, batch.messages)
    _tell([*value["messages"], *value["losses"]], [f"{s['image']}: {s['reason']}" for s in value["skipped"]])
    result(value, f"{value['readings']} readings were written to {out} ({chosen.title}).", as_json=as_json)


def _export_deidentified(
    project: Project,
    batch: Batch,
    out: Path,
    form: Format,
    options: WriteOptions,
    *,
    pixels: Literal["looked-at", "leave-out"] | None,
    without: list[str],
) -> dict[str, Any]:
    """Export clean copies; which pictures were left out is said here by name, in the report without."""
    from medsapiens_core.deidentify.pseudonyms import Pseudonyms
    from medsapiens_core.transfer.deidentifying import export_deidentified

    names = Pseudonyms(project.secret)
    told, clean = export_deidentified(
        batch, out, form, options, names, pixels=pixels, without=without, messages=batch.messages
    )
    _tell([f"left out: {name}: {reason}" for name, reason in clean.left_out], [])
    return told


def import_(
    file: Annotated[Path | None, typer.Argument(help="The file or folder to read.")] = None,
    *,
    project: ProjectOption,
    form: Annotated[str | None, typer.Option("--format", help="Its format; default: told by itself.")] = None,
    map_file: MapOption = None,
    reader: Annotated[str | None, typer.Option(help="Who decided; default: the names in the file.")] = None,
    kind: Annotated[
        Literal["reading", "prediction"],
        typer.Option("--as", help="As decisions of a person, or as predictions that a person still checks."),
    ] = "prediction",
    images: Annotated[Path | None, typer.Option(help="Folder from which missing pictures are added.")] = None,
    trust_names: Annotated[
        bool, typer.Option("--trust-names", help="Take pictures by name alone where the file states no size or hash.")
    ] = False,
    scale: Annotated[
        bool,
        typer.Option(
            "--scale-to-image",
            help="Take points of a picture of another size, where both axes have one ratio, and scale them to ours.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change.")] = False,
    undo: Annotated[str | None, typer.Option(help="Take back the import with this id instead.")] = None,
    option: ChoiceOption = None,
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Take landmarks of other tools into a project. A person's decision is never overwritten, only told as a conflict.

    Where several people read, --reader also says who imports: an own reading is touched only by whose it is.
    What cannot be taken is told and does not stop the rest; the exit code is then 2.
    """
    from medsapiens_core.store.project import Project

    with Project.open(project, read_only=dry_run) as opened:
        known = opened.readers.find(reader) if reader else None
        if known is not None:
            opened.read_as(known.code)
        if undo is not None:
            value = _undo(opened, undo)
        elif file is None:
            raise UserError("Name the file to import.")
        else:
            value = _import(
                opened,
                file,
                form=form,
                map_file=map_file,
                reader=reader,
                kind=kind,
                images=images,
                trust_names=trust_names,
                scale=scale,
                dry_run=dry_run,
                option=option or [],
            )
    _tell(value["messages"], value["problems"])
    _tell([f"kept: {c['image']} {c['landmark']} ({c['mine']})" for c in value.get("conflicts", [])], [])
    result(value, value.pop("text"), as_json=as_json)
    if value["problems"]:
        raise typer.Exit(EXIT_USER)


def _import(
    project: Project,
    file: Path,
    *,
    form: str | None,
    map_file: Path | None,
    reader: str | None,
    kind: Literal["reading", "prediction"],
    images: Path | None,
    trust_names: bool,
    scale: bool,
    dry_run: bool,
    option: list[str],
) -> dict[str, Any]:
    from medsapiens_core.decoding import guess_format
    from medsapiens_core.exchange import registry
    from medsapiens_core.transfer.importing import apply_import, plan_import
    from medsapiens_core.transfer.reading import parse_choices, read_file
    from medsapiens_core.transfer.sources import CaseFinder, add_pictures, source_of

    chosen = registry.find_format(form or guess_format(file))
    choices = parse_choices(option)
    finder = CaseFinder(project, images)
    found = read_file(file, chosen, project.template, find_image=finder.find, choices=choices, map_file=map_file)
    added, notes = add_pictures(project, found.batch, images, dry_run=dry_run, scale=scale)
    plan = plan_import(project, found.batch, kind, trust_names=trust_names, scale=scale)
    source = source_of(file, chosen.name, choices, map_file)
    batch = apply_import(project, plan, source, reader) if plan.cases and not dry_run else None
    messages = [*found.batch.messages, *notes, *plan.notes, *_swaps(project, found.batch)]
    return {"format": chosen.name, "batch": batch, "added": added, **_summary(plan, dry_run), "messages": messages}


def _swaps(project: Project, batch: Batch) -> list[str]:
    from medsapiens_core.transfer.reading import swap_warnings
    from medsapiens_core.transfer.sources import decided_points

    return swap_warnings(batch, project.template, decided_points(project, batch))


def _summary(plan: ImportPlan, dry_run: bool) -> dict[str, Any]:
    changed = sum(len(planned.changes) for planned in plan.cases)
    will = "would be" if dry_run else "were"
    what = "predictions" if plan.kind == "prediction" else f"readings with {changed} landmarks"
    return {
        "as": plan.kind,
        "dry_run": dry_run,
        "cases": len(plan.cases),
        "changes": changed,
        "unchanged": plan.unchanged,
        "conflicts": [asdict(conflict) for conflict in plan.conflicts],
        "problems": list(plan.problems),
        "text": f"{len(plan.cases)} {what} {will} imported; {len(plan.conflicts)} conflicts were left as they are.",
    }


def _undo(project: Project, batch: str) -> dict[str, Any]:
    from medsapiens_core.transfer.importing import undo_import

    undone, kept = undo_import(project, batch)
    return {"batch": batch, "undone": undone, "problems": kept, "messages": [], "text": f"{undone} edits were undone."}


def _tell(messages: list[str], problems: list[str]) -> None:
    for lines in (messages, problems):
        for line in lines[:SHOWN]:
            note(line)
        if len(lines) > SHOWN:
            note(f"... and {len(lines) - SHOWN} more; --json lists all.")
