"""What the pages of the import of landmarks show and answer, as frozen values. Coordinates are image pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from medsapiens_core.exchange.facts import FormatOption

XY = tuple[float, float]
FILES, NAMES, PICTURES, PREVIEW, RUNNING = "files", "names", "pictures", "preview", "running"
STEPS = (FILES, NAMES, PICTURES, PREVIEW)
WHAT = {
    "new": "new",
    "moved": "moves",
    "same": "as it is",
    "overwrites": "decided here",
    "undecided": "not decided in the file",
}


@dataclass(frozen=True)
class FormatChoice:
    """A format that can be chosen; `lost` and `precision` are sentences about writing it."""

    name: str
    title: str
    is_folder: bool
    suffixes: tuple[str, ...]
    options: tuple[FormatOption, ...] = ()
    lost: str = ""
    precision: str = ""


@dataclass(frozen=True)
class FilesState:
    """The first page. `chosen` are paths, `guess` the format that they seem to be in, "" with `problem` if unknown."""

    formats: tuple[FormatChoice, ...]
    chosen: tuple[str, ...] = ()
    guess: str = ""
    problem: str = ""
    recent: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilesAnswer:
    """Which files, how they are read, and as what. `reader` "" keeps the names in the file."""

    paths: tuple[str, ...]
    format: str
    options: Mapping[str, str] = field(default_factory=dict)
    as_prediction: bool = True
    reader: str = ""


@dataclass(frozen=True)
class NameRow:
    """A name in the file. `landmark` is the id that it means, "" to leave it out, None while nobody has said.

    `suggested` are landmark ids that it may mean; `offer` is the one that "use the suggestions" would take, "" if none.
    """

    name: str
    count: int
    landmark: str | None = None
    suggested: tuple[str, ...] = ()
    offer: str = ""


@dataclass(frozen=True)
class NamesState:
    """The page of names that are no landmarks of the template. `landmarks` are (id, name) of the whole template."""

    template: str
    landmarks: tuple[tuple[str, str], ...]
    rows: tuple[NameRow, ...]
    known: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class PictureRow:
    """A reading whose picture is not sure. `offered` are (case id, name); the first `by_name` fit by name.

    `scalable` are (case id, name, factor) of cases of another size, to which its points can be scaled.
    """

    position: int
    name: str
    problem: str
    offered: tuple[tuple[int, str], ...] = ()
    by_name: int = 0
    scalable: tuple[tuple[int, str, float], ...] = ()


@dataclass(frozen=True)
class PicturesState:
    """The page of readings without a sure picture; `sure` others have theirs."""

    rows: tuple[PictureRow, ...]
    sure: int
    note: str = ""


@dataclass(frozen=True)
class PointRow:
    """One landmark of the chosen case in words; `what` as in `transfer.preview`."""

    name: str
    now: str
    file: str
    distance: str
    what: str


@dataclass(frozen=True)
class ChangeRow:
    """One case of the preview. `id` is the number of its reading in the file; `choice` keep, theirs or leave.

    `is_hidden`: read blind, so the predictions are stored without being shown.
    `is_conflict`: somebody here has decided otherwise; `can_overwrite` is False for predictions. `swap` names pairs
    that lie the other way round, "" if none do.
    """

    id: int
    name: str
    new: int
    moved: str
    same: int
    conflict: str
    choice: str
    is_conflict: bool = False
    can_overwrite: bool = True
    is_change: bool = True
    swap: str = ""
    is_swapped: bool = False
    is_hidden: bool = False


@dataclass(frozen=True)
class PreviewState:
    """The last page. `refused` are (file or picture, reason) of what is left out; `notes` what else to know."""

    rows: tuple[ChangeRow, ...]
    is_prediction: bool
    summary: str
    refused: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    can_import: bool = True


@dataclass(frozen=True)
class DrawnPoint:
    """One landmark on the picture of the preview: where it is now and where the file has it."""

    name: str
    mine: XY | None
    theirs: XY | None
    what: str


@dataclass(frozen=True, eq=False)
class PicturePreview:
    """The film of one case, small. `grey` (h, w) uint8; `to_shown` scales (x, y) of image pixels, corner to corner.

    `grey` None: it cannot be shown, and `problem` says why.
    """

    id: int
    grey: NDArray[Any] | None
    to_shown: XY = (1.0, 1.0)
    problem: str = ""


@dataclass(frozen=True)
class ImportOutcome:
    """What came of an import. `batch` "" when nothing was stored; `refused` as in `PreviewState`."""

    batch: str = ""
    cases: int = 0
    landmarks: int = 0
    overwritten: int = 0
    kept: int = 0
    is_prediction: bool = False
    is_stopped: bool = False
    refused: tuple[tuple[str, str], ...] = ()
    case_ids: tuple[int, ...] = ()
