"""`medsapiens pacs`: the DICOM network, an optional extra. Nothing else in the program opens a connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from medsapiens_core.commands.output import EXIT_USER, JSON_OPTION, note, result, table
from medsapiens_core.errors import UserError

if TYPE_CHECKING:
    from medsapiens_core.pacs.connection import Peer

app = typer.Typer(
    help="Ask a PACS, fetch from it and send to it (needs the extra `pacs`). Connects only where these commands say.",
    no_args_is_help=True,
)
HostOption = Annotated[str, typer.Option("--host", help="Name or address of the PACS.")]
PortOption = Annotated[int, typer.Option("--port", help="Its DICOM port.")]
TitleOption = Annotated[str, typer.Option("--title", help="Its application entity title.")]
OursOption = Annotated[str, typer.Option("--our-title", help="Ours, as the PACS knows it.")]
SecondsOption = Annotated[float, typer.Option("--seconds", help="How long each answer may take.")]
JsonOption = Annotated[bool, JSON_OPTION]
SHORT = (
    "StudyDate", "ModalitiesInStudy", "Modality", "PatientID", "SeriesNumber", "InstanceNumber", "StudyDescription",
    "SeriesDescription", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID",
)  # fmt: skip


@dataclass(frozen=True)
class _Where:
    host: str
    port: int
    title: str
    our_title: str
    seconds: float

    def peer(self) -> Peer:
        from medsapiens_core.pacs.connection import Peer

        return Peer(self.host, self.port, self.title, self.our_title, self.seconds)


@app.command()
def echo(
    *,
    host: HostOption,
    port: PortOption,
    title: TitleOption = "ANY-SCP",
    our_title: OursOption = "MEDSAPIENS",
    seconds: SecondsOption = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Ask whether the PACS is there and knows us."""
    from medsapiens_core.pacs import connection

    connection.echo(_Where(host, port, title, our_title, seconds).peer())
    result({"answers": True}, f"The DICOM server at {host}:{port} answers.", as_json=as_json)


@app.command("find")
def find_(
    *,
    host: HostOption,
    port: PortOption,
    title: TitleOption = "ANY-SCP",
    our_title: OursOption = "MEDSAPIENS",
    seconds: SecondsOption = 30.0,
    level: Annotated[Literal["study", "series", "image"], typer.Option(help="What to list.")] = "study",
    key: Annotated[
        list[str] | None,
        typer.Option(help="What must match, as Keyword=value, e.g. PatientID=4711 or StudyDate=20260101-. Repeatable."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most matches to list.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """List what the PACS has. Series need --key StudyInstanceUID=..., images also SeriesInstanceUID."""
    from medsapiens_core.pacs.query import find
    from medsapiens_core.transfer.reading import parse_choices

    peer = _Where(host, port, title, our_title, seconds).peer()
    found = find(peer, level, parse_choices(key or []), limit)
    shown = [name for name in SHORT if any(match.get(name) for match in found)]
    rows = [tuple(shown), *(tuple(match.get(name, "") for name in shown) for match in found)]
    if len(found) == limit:
        note(f"Only the first {limit} are listed; narrow the search, or raise --limit.")
    result({"level": level, "matches": found}, table(rows) if found else "Nothing matches.", as_json=as_json)


@app.command()
def get(
    out: Annotated[Path, typer.Argument(help="The folder that the files are written to.")],
    *,
    host: HostOption,
    port: PortOption,
    title: TitleOption = "ANY-SCP",
    our_title: OursOption = "MEDSAPIENS",
    seconds: SecondsOption = 30.0,
    study: Annotated[str, typer.Option(help="Study Instance UID.")],
    series: Annotated[str, typer.Option(help="Series Instance UID, for one series.")] = "",
    image: Annotated[str, typer.Option(help="SOP Instance UID, for one image.")] = "",
    receive_port: Annotated[
        int | None,
        typer.Option(help="Let the PACS send to this port of ours (C-MOVE); it must know our title, address and port."),
    ] = None,
    receive_address: Annotated[
        str, typer.Option(help="With --receive-port: the one address of this computer to listen on; default: all.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Fetch a study, a series or an image; exit code 2 when something did not come."""
    from medsapiens_core.pacs.fetch import fetch

    peer = _Where(host, port, title, our_title, seconds).peer()
    if receive_address and receive_port is None:
        raise UserError("--receive-address belongs to --receive-port. Add it, or leave the address out.")
    got = fetch(
        peer,
        out,
        study=study,
        series=series,
        image=image,
        receive_port=receive_port,
        receive_address=receive_address,
    )
    value = {"files": [path.name for path in got.files], "already": got.already, "failed": got.failed}
    result(value, f"{len(got.files)} files came into {out}, {got.already} were there already.", as_json=as_json)
    if got.failed or not (got.files or got.already):
        note(
            f"{got.failed} did not come." if got.failed else "Nothing came. Check the UIDs with `medsapiens pacs find`."
        )
        raise typer.Exit(EXIT_USER)


@app.command()
def send(
    files: Annotated[list[Path], typer.Argument(help="DICOM files, or folders of them, such as an export of reports.")],
    *,
    host: HostOption,
    port: PortOption,
    title: TitleOption = "ANY-SCP",
    our_title: OursOption = "MEDSAPIENS",
    seconds: SecondsOption = 30.0,
    as_json: JsonOption = False,
) -> None:
    """Send reports, presentation states or images; exit code 2 when something was not taken."""
    from medsapiens_core.pacs import send as sending

    paths = [path for given in files for path in (sorted(given.rglob("*.dcm")) if given.is_dir() else [given])]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise UserError(f"There is no file {missing[0]}.")
    taken, problems = sending.send(_Where(host, port, title, our_title, seconds).peer(), paths)
    for problem in problems:
        note(problem)
    result({"sent": taken, "problems": problems}, f"{taken} of {len(paths)} files were taken.", as_json=as_json)
    if taken < len(paths):
        raise typer.Exit(EXIT_USER)
