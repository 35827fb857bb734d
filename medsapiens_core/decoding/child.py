"""The child process: reads requests from standard input, decodes, answers on standard output.

It can neither open a network connection, nor start a program, nor write a file other than its own scratch files: an
audit hook refuses that in Python code, and on Linux the process can gain no rights. Code that a damaged file might
smuggle into a native decoder is not held back by a hook; the memory cap and the parent's time limit still hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from pydantic import ValidationError

from medsapiens_core.data.image import Image
from medsapiens_core.decoding.wire import Refusal, Request, write_answer
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import SCRATCH_PREFIX
from medsapiens_core.io.read import probe, read_image

ADDRESS_SPACE_SHARE = 0.75  # of the physical memory; libraries reserve far more address space than they use
LEAST_ADDRESS_SPACE = 6 * 2**30
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SCRATCH = str(Path(tempfile.gettempdir()) / SCRATCH_PREFIX)
PR_SET_NO_NEW_PRIVS = 38


class ForbiddenError(RuntimeError):
    """A decoder tried something that reading a picture does not need."""


def restrict() -> None:
    """Give up what decoding does not need."""
    sys.dont_write_bytecode = True  # readers are imported when first needed, and writing is over
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

        cap = max(LEAST_ADDRESS_SPACE, int(ADDRESS_SPACE_SHARE * psutil.virtual_memory().total))
        resource.setrlimit(resource.RLIMIT_AS, (cap, cap))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    sys.addaudithook(_refuse)


def _refuse(event: str, details: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(details[2], int) and details[2] & WRITING and not _is_scratch(details[0]):
        raise ForbiddenError("a decoder tried to write a file")
    if event.startswith(FORBIDDEN):
        raise ForbiddenError(f"a decoder tried {event}")


def _is_scratch(path: object) -> bool:
    """True for the scratch files that the volume reader makes (`io.medical`), and for nowhere."""
    return isinstance(path, str) and (path == os.devnull or path.startswith(SCRATCH))


def serve(lines: Iterable[bytes], stream: BinaryIO) -> int:
    """Answer requests until the input ends."""
    restrict()
    for line in lines:
        write_answer(stream, answer(line))
    return 0


def answer(line: bytes) -> Image | ImageHeader | Refusal:
    """Do what one request says."""
    try:
        request = Request.model_validate_json(line)
    except ValidationError:
        return Refusal("This is no request for a picture.")
    try:
        if request.op == "probe":
            return probe(request.path)
        return read_image(request.path, frame=request.frame, axis=request.axis)
    except UnreadableImageError as error:
        return Refusal(str(error))
