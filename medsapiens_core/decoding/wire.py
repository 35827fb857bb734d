"""What goes over the pipes: JSON lines, and pixels as plain bytes after the line that describes them. No pickles.

The child works on untrusted files, so the parent believes nothing it says: lengths, types and sizes are checked.
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
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import size_problem

MAX_LINE = 4_000_000
ARRAYS = ("pixels", "pyramid")  # not in the line: pixels follow it, their reduced copies are made where they are shown
_HINTS = {name: hint for name, hint in get_type_hints(Image).items() if name not in ARRAYS}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    field.name: TypeAdapter(_HINTS[field.name]) for field in fields(Image) if field.name not in ARRAYS
}
_HEADER = TypeAdapter(ImageHeader)


class BrokenTalkError(Exception):
    """The child ended in the middle of an answer, or said something that is no answer."""


class Request(BaseModel):
    """One thing to do: `probe` reads a header, `read` a picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Literal["probe", "read"]
    path: Path
    frame: int | None = None
    axis: int | None = None


class Answer(BaseModel):
    """The line before the pixels: a refusal, a header, or the fields of an image and the shape of its pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: str | None = None
    header: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    dtype: Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] = "uint8"
    shape: tuple[Annotated[int, Field(ge=1)], ...] = ()


@dataclass(frozen=True, eq=False)
class Refusal:
    """Why a file was not read, a sentence for the user."""

    text: str


def write_answer(stream: BinaryIO, result: Image | ImageHeader | Refusal) -> None:
    """Send one answer."""
    pixels: NDArray[Any] | None = None
    if isinstance(result, Refusal):
        line = Answer(refusal=result.text)
    elif isinstance(result, ImageHeader):
        line = Answer(header=_HEADER.dump_python(result, mode="json"))
    else:
        pixels = np.ascontiguousarray(result.pixels)
        stored = {name: adapter.dump_python(getattr(result, name), mode="json") for name, adapter in _ADAPTERS.items()}
        line = Answer.model_validate({"image": stored, "dtype": pixels.dtype.name, "shape": pixels.shape})
    stream.write(line.model_dump_json().encode() + b"\n")
    if pixels is not None:
        stream.write(pixels.data.cast("B"))
    stream.flush()


def read_answer(stream: BufferedReader) -> Image | ImageHeader | Refusal:
    """Receive one answer. Raises BrokenTalkError for the end of the stream and for whatever is no answer."""
    line = stream.readline(MAX_LINE)
    if not line.endswith(b"\n"):
        raise BrokenTalkError("no whole line")
    try:
        answer = Answer.model_validate_json(line)
        if answer.refusal is not None:
            return Refusal(answer.refusal)
        if answer.header is not None:
            return _HEADER.validate_json(json.dumps(answer.header))
        return _image(answer, stream)
    except (ValidationError, ValueError, TypeError) as error:
        raise BrokenTalkError(type(error).__name__) from error


def _image(answer: Answer, stream: BufferedReader) -> Image:
    shape = answer.shape
    if answer.image is None or len(shape) not in (2, 3) or size_problem(shape[1], shape[0], 1) is not None:
        raise BrokenTalkError("no picture of a size that may be")
    known = {name: _ADAPTERS[name].validate_json(json.dumps(value)) for name, value in answer.image.items()}
    pixels = np.empty(shape, dtype=answer.dtype)
    _fill(pixels.data.cast("B"), stream)
    return Image(pixels=pixels, **known)


def _fill(buffer: memoryview, stream: BufferedReader) -> None:
    got = 0
    while got < len(buffer):
        count = stream.readinto(buffer[got:])
        if not count:
            raise BrokenTalkError("the pixels end too early")
        got += count
