"""`medsapiens`: the window, and everything that people and scripts do without it.

Exit codes: 0 good, 2 the user's mistake (message on standard error), 1 ours. With `--json` the last line on standard
output is one JSON object.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from medsapiens_core import __version__
from medsapiens_core.commands import models, pacs, project
from medsapiens_core.commands.doctor import doctor
from medsapiens_core.commands.evaluate import evaluate
from medsapiens_core.commands.finetune import finetune
from medsapiens_core.commands.measure import measure
from medsapiens_core.commands.output import EXIT_OURS, EXIT_USER, note
from medsapiens_core.commands.predict import predict
from medsapiens_core.commands.transfer import convert, export, import_
from medsapiens_core.errors import UserError

COMMANDS: dict[str, Callable[..., None]] = {
    "predict": predict,
    "evaluate": evaluate,
    "finetune": finetune,
    "convert": convert,
    "import": import_,
    "export": export,
    "measure": measure,
    "doctor": doctor,
}
GROUPS = {"models": models.app, "project": project.app, "pacs": pacs.app}
app = typer.Typer(
    name="medsapiens",
    help="Place, check and correct anatomical landmarks on medical images. Without a command (optionally with a "
    "project folder) the window opens.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command_name, command in COMMANDS.items():
    app.command(command_name)(command)
for group_name, group in GROUPS.items():
    app.add_typer(group, name=group_name)


def _show_version(value: bool) -> None:
    if value:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Take the options that come before a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if wants_window(given):
            return open_window(given)
        app(given, prog_name="medsapiens")
    except UserError as error:
        note(str(error))
        return EXIT_USER
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else EXIT_OURS if leaving.code else 0
    except KeyboardInterrupt:
        note("Stopped.")
        return 130
    except Exception:  # a defect of ours: shown whole, so that it can be reported
        traceback.print_exc()
        note("This is a defect of the program. The text above helps to find it.")
        return EXIT_OURS
    return 0


def wants_window(arguments: Sequence[str]) -> bool:
    """True for no arguments at all, and for one that is a folder and not a command."""
    if not arguments:
        return True
    first = arguments[0]
    return len(arguments) == 1 and first not in {*COMMANDS, *GROUPS} and Path(first).is_dir()


def open_window(arguments: Sequence[str]) -> int:
    """Open the window of `app`, which the core does not know but by name."""
    sys.argv = ["medsapiens", *arguments]
    runpy.run_module("app", run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
