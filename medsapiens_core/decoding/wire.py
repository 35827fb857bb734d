"""What goes over the pipes: JSON lines, and pixels, readings or whole files as bytes after the line announcing them.

No pickles. The child works on untrusted files, so the parent believes nothing it says: lengths, types and sizes are
checked. While it reads label files the child may ask which picture a name means; the parent answers with one line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, get_type_hints

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from medsapiens_core.data.image import Image
from medsapiens_core.deidentify.clean import CleanCopy
from medsapiens_core.exchange.batch import Batch, MadeFile
from medsapiens_core.exchange.batch_json import batch_from_json, batch_to_json
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import size_problem

MAX_LINE = 4_000_000
MAX_BATCH = 2_000_000_000  # bytes; five million points, which no reader exceeds, take about half
MAX_FILE = 4_000_000_000  # bytes of a file that the child makes
ARRAYS = ("pixels", "pyramid")  # not in the line: pixels follow it, their reduced copies are made where they are shown
_HINTS = {name: hint for name, hint in get_type_hints(Image).items() if name not in ARRAYS}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    field.name: TypeAdapter(_HINTS[field.name]) for field in fields(Image) if field.name not in ARRAYS
}
_HEADER = TypeAdapter(ImageHeader)


class BrokenTalkError(Exception):
    """The child ended in the middle of an answer, or said something that is no answer."""


class Request(BaseModel):
    """One thing to do.

    `probe` reads a header, `read` a picture, `contents` a DICOMDIR, `labels` landmarks; `guess` tells a label format.
    `clean` makes a de-identified copy, `make` the label file of the one reading in `batch` (JSON), whose picture is at
    `path`. `salt` is that of the project, as hexadecimal digits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Literal["probe", "read", "contents", "labels", "guess", "clean", "make"]
    path: Path
    frame: int | None = None
    axis: int | None = None
    form: str = ""
    template: dict[str, Any] | None = None
    choices: dict[str, str] = {}
    batch: str = ""
    number: int = 1
    earlier: Path | None = None
    product: str = ""
    salt: str = Field(default="", repr=False)
    subject: str | None = None
    looked_at: bool = False


class Made(BaseModel):
    """What is said of a label file that follows."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    losses: Annotated[list[Annotated[str, Field(max_length=2000)]], Field(max_length=10_000)]
    rounding_px: Annotated[float, Field(ge=0)]


class Cleaned(BaseModel):
    """What is said of a clean copy that follows: only what goes into exports unseen, so its form is checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Annotated[str, Field(pattern=r"^S-[A-Z2-7]{12}$")]
    sop_instance_uid: Annotated[str, Field(pattern=r"^[0-9.]{0,64}$")]
    burned_in: Annotated[str, Field(max_length=500)] | None


class Answer(BaseModel):
    """The line before the bytes: a refusal, a header, the fields of an image, a question, or the length of bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: str | None = None
    defect: str = ""
    header: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    dtype: Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] = "uint8"
    shape: tuple[Annotated[int, Field(ge=1)], ...] = ()
    name: Annotated[str, Field(max_length=64)] | None = None
    names: Annotated[list[str], Field(max_length=100_000)] | None = None
    find: str | None = None
    batch: Annotated[int, Field(ge=0, le=MAX_BATCH)] | None = None
    file: Annotated[int, Field(ge=0, le=MAX_FILE)] = 0
    made: Made | None = None
    cleaned: Cleaned | None = None


@dataclass(frozen=True, eq=False)
class Refusal:
    """Why a file was not read, a sentence for the user. `defect` is where our own code failed, "" where it did not."""

    text: str
    defect: str = ""


@dataclass(frozen=True)
class Named:
    """The name of a format."""

    name: str


@dataclass(frozen=True)
class Contents:
    """The names that a DICOMDIR lists."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """A name in a label file; the child wants the path of its picture."""

    hint: str


Result = Image | ImageHeader | Refusal | Named | Contents | Batch | MadeFile | CleanCopy


def write_answer(stream: BinaryIO, result: Result | Question) -> None:
    """Send one answer, or a question."""
    data: bytes | memoryview = b""
    if isinstance(result, Refusal):
        line = Answer(refusal=result.text, defect=result.defect)
    elif isinstance(result, ImageHeader):
        line = Answer(header=_HEADER.dump_python(result, mode="json"))
    elif isinstance(result, Named):
        line = Answer(name=result.name)
    elif isinstance(result, Contents):
        line = Answer(names=list(result.names))
    elif isinstance(result, Question):
        line = Answer(find=result.hint)
    elif isinstance(result, Batch):
        data = batch_to_json(result)
        line = Answer(batch=len(data))
    elif isinstance(result, MadeFile):
        data = result.data
        made = Made(losses=list(result.losses), rounding_px=result.rounding_px)
        line = Answer(file=len(data), made=made)
    elif isinstance(result, CleanCopy):
        data = result.data
        said = Cleaned(subject=result.subject, sop_instance_uid=result.sop_instance_uid, burned_in=result.burned_in)
        line = Answer(file=len(data), cleaned=said)
    else:
        pixels = np.ascontiguousarray(result.pixels)
        stored = {name: adapter.dump_python(getattr(result, name), mode="json") for name, adapter in _ADAPTERS.items()}
        line = Answer.model_validate({"image": stored, "dtype": pixels.dtype.name, "shape": pixels.shape})
        data = pixels.data.cast("B")
    stream.write(line.model_dump_json().encode() + b"\n")
    stream.write(data)
    stream.flush()


def read_answer(stream: BufferedReader) -> Result | Question:
    """Receive one answer. Raises BrokenTalkError for the end of the stream and for whatever is no answer."""
    line = stream.readline(MAX_LINE)
    if not line.endswith(b"\n"):
        raise BrokenTalkError("no whole line")
    try:
        return _understood(Answer.model_validate_json(line), stream)
    except (ValidationError, ValueError, TypeError, RecursionError) as error:
        raise BrokenTalkError(type(error).__name__) from error


def _understood(answer: Answer, stream: BufferedReader) -> Result | Question:
    found: Result | Question | None = None
    if answer.refusal is not None:
        found = Refusal(answer.refusal, answer.defect)
    elif answer.header is not None:
        found = _HEADER.validate_json(json.dumps(answer.header))
    elif answer.name is not None:
        found = Named(answer.name)
    elif answer.names is not None:
        found = Contents(tuple(answer.names))
    elif answer.find is not None:
        found = Question(answer.find)
    elif answer.batch is not None:
        found = batch_from_json(_bytes(answer.batch, stream))
    elif answer.made is not None:
        data = _bytes(answer.file, stream)
        found = MadeFile(data, tuple(answer.made.losses), answer.made.rounding_px)
    elif answer.cleaned is not None:
        said = answer.cleaned
        found = CleanCopy(_bytes(answer.file, stream), said.subject, said.sop_instance_uid, said.burned_in)
    return _image(answer, stream) if found is None else found


def path_line(path: Path | None) -> bytes:
    """The parent's answer to a question."""
    return json.dumps(None if path is None else str(path)).encode("ascii") + b"\n"


def path_from_line(line: bytes) -> Path | None:
    """The inverse of `path_line`, for the child, who trusts its parent."""
    value: str | None = json.loads(line)
    return None if value is None else Path(value)


def _bytes(length: int, stream: BufferedReader) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise BrokenTalkError("the bytes end too early")
    return data


def _image(answer: Answer, stream: BufferedReader) -> Image:
    shape = answer.shape
    if answer.image is None or len(shape) not in (2, 3) or size_problem(shape[1], shape[0], 1) is not None:
        raise BrokenTalkError("no picture of a size that may be")
    known = {name: _ADAPTERS[name].validate_json(json.dumps(value)) for name, value in answer.image.items()}
    pixels: NDArray[Any] = np.empty(shape, dtype=answer.dtype)
    _fill(pixels.data.cast("B"), stream)
    return Image(pixels=pixels, **known)


def _fill(buffer: memoryview, stream: BufferedReader) -> None:
    got = 0
    while got < len(buffer):
        count = stream.readinto(buffer[got:])
        if not count:
            raise BrokenTalkError("the pixels end too early")
        got += count
