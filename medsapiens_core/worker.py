"""Child processes that the window starts: `serve` predicts, `train RUNFOLDER` fine-tunes, `decode` reads pictures.

Standard output carries JSON lines (and pixels, of `decode`) and nothing else; whatever a library prints goes to
standard error. The end of standard input means that the parent is gone: `serve` and `decode` leave at once, `train`
after its checkpoint, within 5 seconds.
Exit codes of `train`: 0 done, 2 the user's to mend, 1 ours, 3 interrupted (start it again on the same folder).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from medsapiens_core.errors import UserError
from medsapiens_core.training.progress import MAX_LINE, Failed, Finished, Heartbeat, Message, StopHeard, to_line

if TYPE_CHECKING:
    from medsapiens_core.training.trainer import Control

EXIT_DONE, EXIT_OURS, EXIT_USER, EXIT_INTERRUPTED = 0, 1, 2, 3
BEAT_EVERY = 2.0  # seconds
GRACE = 4.5  # seconds between the parent's death and ours


class LineWriter:
    """Writes whole lines to the standard output that the process was started with, from any thread."""

    def __init__(self, stream: TextIO, on_broken: Callable[[], None]) -> None:
        self._stream, self._on_broken = stream, on_broken
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """Write one line; when nobody reads any more, `on_broken` is called."""
        with self._lock:
            try:
                self._stream.write(text + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._on_broken()

    def json(self, value: dict[str, Any]) -> None:
        """Write an object."""
        self.line(json.dumps(value, separators=(",", ":"), allow_nan=False))


def claim_stdout() -> TextIO:
    """Return a stream on the real standard output and point file descriptor 1 at standard error."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


def input_lines(descriptor: int = 0) -> Iterator[bytes]:
    """The lines of standard input, read past Python's own buffer.

    That buffer's lock, held by a thread that waits for input, would abort the interpreter as it shuts down.
    """
    begun: list[bytes] = []
    while block := os.read(descriptor, 1 << 16):
        first, *others = block.split(b"\n")
        begun.append(first)
        for following in others:
            yield b"".join(begun)
            begun = [following]
    if any(begun):
        yield b"".join(begun)


def serve(lines: Iterable[bytes], stream: TextIO, time_limit: float | None = None) -> int:
    """Answer requests until the input ends, then leave without waiting for the one that is being worked on."""
    from medsapiens_core.inference.server import TIME_LIMIT, Server

    writer = LineWriter(stream, lambda: os._exit(EXIT_DONE))
    Server(writer.json, os._exit, time_limit or TIME_LIMIT).serve(lines)
    os._exit(EXIT_DONE)


def decode(lines: Iterable[bytes], stream: TextIO) -> int:
    """Read pictures until the input ends (`medsapiens_core.decoding`)."""
    from medsapiens_core.decoding import child

    return child.serve(lines, stream.buffer)


def train(folder: Path, lines: Iterable[bytes], stream: TextIO, *, less_memory: bool = False) -> int:
    """Run the job of a run folder, in smaller portions than before if so asked; returns the exit code."""
    from medsapiens_core.training.trainer import Control, RunAbortedError

    control = Control()
    writer = LineWriter(stream, control.abort.set)
    threading.Thread(target=_listen, args=(lines, control, writer), name="stdin", daemon=True).start()
    threading.Thread(target=_beat, args=(writer,), name="heartbeat", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _leave_soon(control))
    try:
        from medsapiens_core.training.job import run_job
        from medsapiens_core.training.run_state import halve_portions

        if less_memory:
            halve_portions(folder)
        run_job(folder, lambda message: writer.line(fitting_line(message)), control)
        return EXIT_DONE
    except RunAbortedError:
        return EXIT_INTERRUPTED
    except UserError as error:
        writer.line(to_line(Failed("user", str(error))))
        return EXIT_USER
    except Exception as error:  # told to the window before the process ends
        traceback.print_exc()
        writer.line(to_line(Failed("ours", f"{type(error).__name__}: {error}")))
        return EXIT_OURS


def fitting_line(message: Message) -> str:
    """The message as a line; a long comparison goes without the list of cases, which is on disk."""
    line = to_line(message)
    if isinstance(message, Finished) and len(line) >= MAX_LINE:
        return to_line(Finished(message.candidate, {**message.comparison, "cases": []}))
    return line


def _listen(lines: Iterable[bytes], control: Control, writer: LineWriter) -> None:
    for line in lines:
        if line.strip() == b"stop":
            control.stop.set()
            writer.line(to_line(StopHeard()))
    _leave_soon(control)


def _beat(writer: LineWriter) -> None:
    while True:
        time.sleep(BEAT_EVERY)
        writer.line(to_line(Heartbeat()))


def _leave_soon(control: Control) -> None:
    """Ask the run to write its checkpoint and leave, and leave without it when a step takes too long for that."""
    control.abort.set()
    timer = threading.Timer(GRACE, os._exit, [EXIT_INTERRUPTED])
    timer.daemon = True
    timer.start()


def main(arguments: list[str] | None = None) -> int:
    """Entry of the child process."""
    parser = argparse.ArgumentParser(prog="medsapiens_core.worker", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="answer prediction requests on standard input")
    serving.add_argument("--time-limit", type=float, help="seconds after which a request counts as hung")
    training = commands.add_parser("train", help="run a fine-tuning job")
    training.add_argument("folder", type=Path)
    training.add_argument("--less-memory", action="store_true", help="go on with half as many images per pass")
    commands.add_parser("decode", help="read the pictures that standard input names")
    given = parser.parse_args(arguments)
    stream = claim_stdout()
    if given.command == "decode":
        return decode(input_lines(), stream)
    if given.command == "serve":
        return serve(input_lines(), stream, given.time_limit)
    code = train(given.folder, input_lines(), stream, less_memory=given.less_memory)
    sys.stderr.flush()
    os._exit(code)  # all is on disk; taking the libraries down in order costs a second or more


if __name__ == "__main__":
    sys.exit(main())
