"""One child process that decodes, and the clock beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import medsapiens_core
from medsapiens_core.decoding.wire import BrokenTalkError, Question, Request, Result, path_line, read_answer

READ_LIMIT, PROBE_LIMIT = 60.0, 10.0  # seconds
BYTES_PER_SECOND = 1_000_000  # of a label file: one of the largest size that is read gets ten minutes
MOST_QUESTIONS = 1_000_000  # about pictures, of one label file
START_ALLOWANCE = 30.0  # seconds more for the first request, which waits for the libraries to load

FindImage = Callable[[str], Path | None]


class DecoderDiedError(Exception):
    """The child is gone; `hung` tells that it was ended because it took too long."""

    def __init__(self, *, hung: bool) -> None:
        super().__init__("hung" if hung else "ended")
        self.hung = hung


def decoder_command() -> list[str]:
    """The command line of the child, from source or from a frozen program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", "decode"]
    return [sys.executable, "-m", "medsapiens_core.worker", "decode"]


class Decoder:
    """Starts its child when first asked; not thread safe. `ask` again after a death starts a new child."""

    def __init__(self, command: list[str] | None = None) -> None:
        self._command = command or decoder_command()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id, None without one."""
        return None if self._child is None else self._child.pid

    def ask(self, request: Request, limit: float | None = None, find_image: FindImage = lambda _name: None) -> Result:
        """The answer, within `limit` seconds, counted anew after each question about a picture.

        Raises DecoderDiedError.
        """
        allowed = limit or usual_limit(request)
        first = 0.0
        if self._child is None:
            self._child = self._start()
            first = START_ALLOWANCE
        child = self._child
        hung = threading.Event()
        line = request.model_dump_json().encode() + b"\n"
        try:
            for _ in range(MOST_QUESTIONS):
                answer = _exchange(child, line, allowed + first, hung)
                if not isinstance(answer, Question):
                    return answer
                line, first = path_line(find_image(answer.hint)), 0.0
            raise BrokenTalkError("it only asks")
        except (BrokenTalkError, OSError) as error:
            self.close()
            raise DecoderDiedError(hung=hung.is_set()) from error

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        root = str(Path(medsapiens_core.__file__).parents[1])
        paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what decoders print about a file can name a patient
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )


def usual_limit(request: Request) -> float:
    """Seconds that a request may take: a picture or header as it comes, label files by their size."""
    if request.op in ("probe", "read", "contents"):
        return READ_LIMIT if request.op == "read" else PROBE_LIMIT
    return READ_LIMIT + sum(size for size, _ in sizes_and_times(request.path)) / BYTES_PER_SECOND


def sizes_and_times(path: Path) -> list[tuple[int, int]]:
    """(bytes, time of change in ns) of a file or of every file under a folder; empty when there is none."""
    try:
        files = [file for file in sorted(path.rglob("*")) if file.is_file()] if path.is_dir() else [path]
        return [(stat.st_size, stat.st_mtime_ns) for stat in (file.stat() for file in files)]
    except OSError:
        return []


def _exchange(child: subprocess.Popen[bytes], line: bytes, allowed: float, hung: threading.Event) -> Result | Question:
    """Say one line and hear the answer; a child that takes longer is ended."""
    assert child.stdin is not None and isinstance(child.stdout, BufferedReader)
    clock = threading.Timer(allowed, _end_hung, [child, hung])
    clock.daemon = True
    clock.start()
    try:
        child.stdin.write(line)
        child.stdin.flush()
        return read_answer(child.stdout)
    finally:
        clock.cancel()


def _end_hung(child: subprocess.Popen[bytes], hung: threading.Event) -> None:
    hung.set()
    child.kill()
