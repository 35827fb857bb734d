"""One child process that decodes, and the clock beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from io import BufferedReader
from pathlib import Path

import medsapiens_core
from medsapiens_core.data.image import Image
from medsapiens_core.decoding.wire import BrokenTalkError, Refusal, Request, read_answer
from medsapiens_core.io.header import ImageHeader

READ_LIMIT, PROBE_LIMIT = 60.0, 10.0  # seconds
START_ALLOWANCE = 30.0  # seconds more for the first request, which waits for the libraries to load


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

    def ask(self, request: Request, limit: float | None = None) -> Image | ImageHeader | Refusal:
        """The answer, within `limit` seconds. Raises DecoderDiedError."""
        allowed = limit or (PROBE_LIMIT if request.op == "probe" else READ_LIMIT)
        if self._child is None:
            self._child = self._start()
            allowed += START_ALLOWANCE
        child = self._child
        assert child.stdin is not None and isinstance(child.stdout, BufferedReader)
        hung = threading.Event()
        clock = threading.Timer(allowed, _end_hung, [child, hung])
        clock.daemon = True
        clock.start()
        try:
            child.stdin.write(request.model_dump_json().encode() + b"\n")
            child.stdin.flush()
            return read_answer(child.stdout)
        except (BrokenTalkError, OSError) as error:
            self.close()
            raise DecoderDiedError(hung=hung.is_set()) from error
        finally:
            clock.cancel()

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


def _end_hung(child: subprocess.Popen[bytes], hung: threading.Event) -> None:
    hung.set()
    child.kill()
