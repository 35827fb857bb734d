"""`python -m app [PROJECT FOLDER]` opens the window; `--worker …` is the same program as a child process.

`--check-only` opens the window on the sample projects, waits until the model in use has placed landmarks on every
sample image, says what it did and ends: exit 0 good, 1 not.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

WORKER = "--worker"


def main(arguments: list[str] | None = None) -> int:
    """Entry of the window, of its child processes and of the check."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == [WORKER]:
        return _work(given[1:])
    options = _parse(given)
    if options.check_only:
        from app.check_only import run_check

        return run_check()
    return _open_window(options.project)


def _parse(given: list[str]) -> argparse.Namespace:
    from app.translate import tr  # not above: a child process has no use for Qt

    parser = argparse.ArgumentParser(prog="medsapiens-studio", description=tr("Review landmarks on medical images."))
    parser.add_argument("project", nargs="?", type=Path, help=tr("project folder to open"))
    parser.add_argument("--check-only", action="store_true", help=tr("see that everything works here, then end"))
    return parser.parse_args(given)


def _work(arguments: list[str]) -> int:
    """Become the worker. By name, so that the window's own modules never lead to torch."""
    sys.argv = ["medsapiens_core.worker", *arguments]
    runpy.run_module("medsapiens_core.worker", run_name="__main__", alter_sys=True)
    return 0


def _open_window(folder: Path | None) -> int:
    from app.application import Application
    from app.qt_application import make_qt_application

    qt = make_qt_application()
    application = Application()
    sys.excepthook = application.report_defect
    application.start(folder.absolute() if folder else None)
    return int(qt.exec())


if __name__ == "__main__":
    sys.exit(main())
