"""The child process: reads requests from standard input, opens files of others, answers on standard output.

It can neither open a network connection, nor start a program, nor write a file other than its own scratch files: an
audit hook refuses that in Python code, and on Linux the process can gain no rights. Code that a damaged file might
smuggle into a native decoder is not held back by a hook; the memory cap and the parent's time limit still hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
from pydantic import ValidationError

from medsapiens_core.data.template_file import template_from_json
from medsapiens_core.decoding.wire import (
    MAX_FILE,
    Contents,
    Named,
    Question,
    Refusal,
    Request,
    Result,
    path_from_line,
    write_answer,
)
from medsapiens_core.deidentify.clean import CleanCopy
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, ReadOptions, WriteOptions
from medsapiens_core.exchange.batch_json import batch_from_json
from medsapiens_core.exchange.guessing import guess_to_read
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.io.dicomdir import contents
from medsapiens_core.io.limits import SCRATCH_PREFIX
from medsapiens_core.io.read import probe, read_image
from medsapiens_core.io.refusal import unreadable

ADDRESS_SPACE_SHARE = 0.75  # of the physical memory; libraries reserve far more address space than they use
LEAST_ADDRESS_SPACE = 6 * 2**30
FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
SCRATCH = str(Path(tempfile.gettempdir()) / SCRATCH_PREFIX)
PR_SET_NO_NEW_PRIVS = 38
_FAULT = "{name} cannot be used: its contents are damaged or of an unknown variant. Export it again."


class ForbiddenError(RuntimeError):
    """A decoder tried something that reading a picture does not need."""


def restrict() -> None:
    """Give up what decoding does not need."""
    sys.dont_write_bytecode = True  # readers are imported when first needed, and writing is over
    platform.processor()  # h5py asks for it when imported, and Python runs a program to find out, once
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
    given = iter(lines)
    for line in given:
        write_answer(stream, answer(line, Pictures(given, stream)))
    return 0


class Pictures:
    """Which picture a name in a label file means: the parent knows, and is asked once for each name."""

    def __init__(self, lines: Iterator[bytes], stream: BinaryIO) -> None:
        self._lines, self._stream = lines, stream
        self._known: dict[str, Path | None] = {}

    def find(self, hint: str) -> Path | None:
        """The path of the picture, or None."""
        if hint not in self._known:
            write_answer(self._stream, Question(hint))
            self._known[hint] = path_from_line(next(self._lines))
        return self._known[hint]


def answer(line: bytes, pictures: Pictures) -> Result:
    """Do what one request says."""
    try:
        request = Request.model_validate_json(line)
    except ValidationError:
        return Refusal("This is no request that a decoder knows.")
    try:
        return _ACTS[request.op](request, pictures)
    except UserError as error:
        return Refusal(str(error))


def _clean(request: Request) -> CleanCopy:
    from medsapiens_core.deidentify.copy import clean_copy  # loads the table of the profile

    pseudonyms = Pseudonyms(bytes.fromhex(request.salt))
    copy = clean_copy(request.path, pseudonyms, subject=request.subject, looked_at=request.looked_at)
    if len(copy.data) > MAX_FILE:
        raise unreadable(request.path, "its copy would be larger than 4 GB", "Split it into several files.")
    return copy


def _labels(request: Request, pictures: Pictures) -> Named | Batch | MadeFile | Refusal:
    """A label file's format, what it says, or one that is made. A fault of ours costs the file, not the child."""
    try:
        if request.op == "guess":
            return Named(guess_to_read(request.path))
        form = find_format(request.form)
        if request.op == "make":
            return _made(form, request)
        if form.read is None:
            raise UserError(f"{form.title} is only written, never read as landmarks. Import another file.")
        template = None if request.template is None else template_from_json(request.template)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what libraries warn of can quote the file
            return form.read(request.path, ReadOptions(template, pictures.find, request.choices))
    except (UserError, MemoryError, StopIteration):
        raise
    except Exception as error:
        return Refusal(_FAULT.format(name=request.path.name), _place(error))


def _made(form: Format, request: Request) -> MadeFile:
    (reading,) = batch_from_json(request.batch.encode("ascii")).readings
    options = WriteOptions(template_from_json(request.template or {}), request.choices, request.product)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return form.made(reading, options, request.number, request.earlier)


def _place(error: Exception) -> str:
    """Kind of the error and where in our code it arose; its text can quote the file and is left out."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "medsapiens_core" in frame.filename]
    where = f" in {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"


_ACTS: dict[str, Callable[[Request, Pictures], Result]] = {
    "probe": lambda asked, _: probe(asked.path),
    "read": lambda asked, _: read_image(asked.path, frame=asked.frame, axis=asked.axis),
    "contents": lambda asked, _: Contents(contents(asked.path)),
    "guess": _labels,
    "labels": _labels,
    "make": _labels,
    "clean": lambda asked, _: _clean(asked),
}
