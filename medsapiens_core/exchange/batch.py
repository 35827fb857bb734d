"""What every format is read into and written from: readings of images, by landmark name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from medsapiens_core.data.annotation import PointState
from medsapiens_core.data.image import Spacing
from medsapiens_core.data.template import Template

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ImageRef:
    """Which image a reading belongs to; what a file does not say is None (formats.md 0.5).

    `file_name` is relative with `/`, as the file has it: a hint that is never opened as it stands. `path` is where the
    image lies on this computer, set by whoever found it. `width` and `height` are those of the upright image. `axis`
    is the array axis of a volume that `frame` (0-based) counts along. `subject` is a pseudonym. `sha256` is that of the
    file, `pixel_sha256` that of the decoded pixels (`Image.pixel_sha256`).
    """

    file_name: str
    width: int | None = None
    height: int | None = None
    frame: int = 0
    axis: int | None = None
    sha256: str | None = None
    sop_instance_uid: str | None = None
    spacing: Spacing | None = None
    path: Path | None = None
    image_id: str = ""
    subject: str = ""
    pixel_sha256: str | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """What one reader, or one model, says of one image.

    `points` maps landmark names, as the file has them, to states; a landmark that is not among them is not placed.
    Coordinates are image pixels. `source` "model" means that nobody has decided (states are `predicted`); `scores` are
    0..1 by landmark. `extra` holds what the file says beyond this, by format name, and is written back by that format.
    `scaled_from` is the (width, height) of the picture in the file where a person had the points scaled to `image`.
    """

    image: ImageRef
    points: Mapping[str, PointState]
    reader: str = ""
    source: Literal["reader", "model"] = "reader"
    model_id: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    template_id: str | None = None
    template_version: int | None = None
    reviewed: bool = False
    decided_utc: str | None = None
    revision: int = 0
    note: str = ""
    extra: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    scaled_from: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """The content of one file or folder. `landmarks` are all names in the file's order.

    `messages` tell, one sentence each, what was left out on reading and why.
    """

    readings: tuple[Reading, ...]
    landmarks: tuple[str, ...]
    messages: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class ReadOptions:
    """What a reader may need that the file does not say.

    `template` gives names to formats without them (TPS, ISBI). `find_image` returns the image file for a name that an
    annotation file gives, or None; formats in percent or millimetres need its size or geometry. `choices` are the
    format's own options, such as `origin=corner` (each module documents its own).
    """

    template: Template | None = None
    find_image: Callable[[str], Path | None] = lambda _name: None
    choices: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True)
class MadeFile:
    """The file that a format makes of one reading. `rounding_px` as in `WriteReport`."""

    data: bytes
    losses: tuple[str, ...] = ()
    rounding_px: float = 0.0


@dataclass(frozen=True)
class WriteOptions:
    """`template` orders and names the landmarks. `choices` as in `ReadOptions`; `product` names us in files.

    `make_file` runs a format's `make`, which opens pictures; outside `exchange` it is `decoding.make_file`, which does
    so in a child process. Arguments as of `make`, after the format.
    """

    template: Template
    choices: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    product: str = "MedSapiens Studio"
    make_file: Callable[[Format, Reading, WriteOptions, int, Path | None], MadeFile] = lambda form, *rest: form.made(
        *rest
    )


@dataclass(frozen=True)
class WriteReport:
    """What was written. `counts` is by place; `losses` and `skipped` (image, reason) are sentences for people."""

    files: tuple[Path, ...]
    counts: Mapping[str, int]
    losses: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    rounding_px: float = 0.0  # the largest shift that the format's number of decimals can cause


@dataclass(frozen=True)
class Format:
    """One exchange format. `read` and `write` are None where the format goes one way only.

    `read(path, options)` takes a file, or a folder where `is_folder`, and raises UserError with what is wrong and what
    to do. `write(batch, target, options)` writes one file, or a folder of files where `is_folder`; each file appears
    whole or not at all. Formats whose writer must open the pictures have `make(reading, options, number, earlier)`:
    the file of one reading, the `number`-th (from 1) of its export; `earlier` is what lies at its place already.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    is_folder: bool
    read: Callable[[Path, ReadOptions], Batch] | None
    write: Callable[[Batch, Path, WriteOptions], WriteReport] | None
    make: Callable[[Reading, WriteOptions, int, Path | None], MadeFile] | None = None

    def made(self, reading: Reading, options: WriteOptions, number: int, earlier: Path | None) -> MadeFile:
        """What `make` makes. Raises UserError when the picture or the reading does not allow it."""
        assert self.make is not None
        return self.make(reading, options, number, earlier)
