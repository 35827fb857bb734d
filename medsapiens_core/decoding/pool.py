"""The decoders of this program: as many as threads ask at once, kept for the next file."""

from __future__ import annotations

import atexit
import threading
from os import PathLike
from pathlib import Path

from medsapiens_core.data.image import Image
from medsapiens_core.data.template_file import template_to_json
from medsapiens_core.decoding.decoder import Decoder, DecoderDiedError, FindImage, sizes_and_times
from medsapiens_core.decoding.wire import Contents, Named, Refusal, Request, Result
from medsapiens_core.deidentify.clean import CleanCopy
from medsapiens_core.deidentify.pseudonyms import Pseudonyms
from medsapiens_core.errors import UnreadableImageError, UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, Reading, ReadOptions, WriteOptions
from medsapiens_core.exchange.batch_json import batch_to_json
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.refusal import unreadable

TRIES = 2  # a death may have been the computer's; a second one on the same file is the file's
KEPT = 2
_PICTURE_REMEDY = "Export it again, or save it as PNG or uncompressed DICOM with another program."
_LABELS_REMEDY = "Export it again from the program that made it, or in another format."
_MAKING = ("clean", "make")
_PICTURES = ("probe", "read", "contents", *_MAKING)

# What is done with a file, and its sizes and times of change, so that a mended file is tried again. A film of which no
# report can be made can still be looked at.
Task = tuple[str, Path, tuple[tuple[int, int], ...]]


class DecoderPool:
    """Lends decoders to threads. A file that has ended two decoders is not tried again."""

    def __init__(self, command: list[str] | None = None, *, limit: float | None = None) -> None:
        self._command, self._limit = command, limit
        self._free: list[Decoder] = []
        self._lock = threading.Lock()
        self.quarantined: dict[Task, str] = {}
        self.deaths = 0
        self.defects: list[str] = []  # kind and place of errors of ours, without anything of the file

    def ask(self, request: Request, find_image: FindImage = lambda _name: None) -> Result:
        """The answer. Raises UserError with a refusal, or when the file ends its decoder twice (of a picture:
        UnreadableImageError).
        """
        what = request.op if request.op in _MAKING else "open"
        task = what, request.path, tuple(sizes_and_times(request.path))
        refused = UnreadableImageError if request.op in _PICTURES else UserError
        if task in self.quarantined:
            raise refused(self.quarantined[task])
        for attempt in range(TRIES):
            decoder = self._borrow()
            try:
                answer = decoder.ask(request, self._limit, find_image)
            except DecoderDiedError as death:
                self.deaths += 1
                if death.hung or attempt == TRIES - 1:
                    self.quarantined[task] = _reason(request, hung=death.hung)
                    raise refused(self.quarantined[task]) from death
                continue
            except BaseException:  # of the one who was asked for a picture: the child still waits for the answer
                decoder.close()
                raise
            self._give_back(decoder)
            if isinstance(answer, Refusal):
                self.defects += [answer.defect] if answer.defect else []
                raise refused(answer.text)
            return answer
        raise AssertionError("unreachable")

    def close(self) -> None:
        """End every decoder that is not at work."""
        with self._lock:
            free, self._free = self._free, []
        for decoder in free:
            decoder.close()

    def _borrow(self) -> Decoder:
        with self._lock:
            return self._free.pop() if self._free else Decoder(self._command)

    def _give_back(self, decoder: Decoder) -> None:
        with self._lock:
            if len(self._free) < KEPT:
                self._free.append(decoder)
                return
        decoder.close()


def _reason(request: Request, *, hung: bool) -> str:
    why = "reading it took too long and was stopped" if hung else "it makes its decoder stop working"
    remedy = _PICTURE_REMEDY if request.op in _PICTURES else _LABELS_REMEDY
    return str(unreadable(request.path, why, remedy))


_POOL = DecoderPool()
atexit.register(_POOL.close)


def read_image(path: str | PathLike[str], *, frame: int | None = None, axis: int | None = None) -> Image:
    """Like `medsapiens_core.io.read_image`, decoded in a child process. Raises UnreadableImageError."""
    image = _POOL.ask(Request(op="read", path=Path(path).absolute(), frame=frame, axis=axis))
    assert isinstance(image, Image)
    return image


def probe(path: str | PathLike[str]) -> ImageHeader:
    """Like `medsapiens_core.io.probe`, in a child process. Raises UnreadableImageError."""
    header = _POOL.ask(Request(op="probe", path=Path(path).absolute()))
    assert isinstance(header, ImageHeader)
    return header


def contents(path: str | PathLike[str]) -> tuple[str, ...]:
    """Like `medsapiens_core.io.dicomdir.contents`, in a child process. Raises UnreadableImageError."""
    listed = _POOL.ask(Request(op="contents", path=Path(path).absolute()))
    assert isinstance(listed, Contents)
    return listed.names


def read_labels(path: Path, form: Format, options: ReadOptions) -> Batch:
    """Like `form.read(path, options)`, in a child process. Raises UserError.

    `options.find_image` is asked here, and may itself read pictures.
    """
    if form.read is None:
        raise UserError(f"{form.title} is only written, never read as landmarks. Import another file.")
    template = None if options.template is None else template_to_json(options.template)
    asked = Request(op="labels", path=path.absolute(), form=form.name, template=template, choices=dict(options.choices))
    batch = _POOL.ask(asked, options.find_image)
    assert isinstance(batch, Batch)
    return batch


def guess_format(path: Path) -> str:
    """Like `exchange.guessing.guess_to_read`, in a child process. Raises UserError."""
    if not path.exists():
        raise UserError(f"There is no file {path}.")
    named = _POOL.ask(Request(op="guess", path=path.absolute()))
    assert isinstance(named, Named)
    return named.name


def clean_copy(path: Path, pseudonyms: Pseudonyms, *, subject: str | None = None, looked_at: bool = False) -> CleanCopy:
    """Like `deidentify.copy.clean_copy`, in a child process. Raises UnreadableImageError.

    The child is told the project's secret: it sees the patient's name anyway, and can send it nowhere.
    """
    asked = Request(op="clean", path=path.absolute(), salt=pseudonyms.salt.hex(), subject=subject, looked_at=looked_at)
    copy = _POOL.ask(asked)
    assert isinstance(copy, CleanCopy)
    return copy


def make_file(form: Format, reading: Reading, options: WriteOptions, number: int, earlier: Path | None) -> MadeFile:
    """Like `form.made`, which opens the reading's picture, in a child process. Raises UserError."""
    path = reading.image.path
    if path is None:
        return form.made(reading, options, number, earlier)  # which says that there is no picture to open
    asked = Request(
        op="make",
        path=path.absolute(),
        form=form.name,
        template=template_to_json(options.template),
        choices=dict(options.choices),
        batch=batch_to_json(Batch((reading,), ())).decode("ascii"),
        number=number,
        earlier=None if earlier is None else earlier.absolute(),
        product=options.product,
    )
    made = _POOL.ask(asked)
    assert isinstance(made, MadeFile)
    return made


def close_decoders() -> None:
    """End the child processes; the next picture starts new ones."""
    _POOL.close()
