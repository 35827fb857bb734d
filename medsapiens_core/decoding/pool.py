"""The decoders of this program: as many as threads ask at once, kept for the next file."""

from __future__ import annotations

import atexit
import threading
from os import PathLike
from pathlib import Path

from medsapiens_core.data.image import Image
from medsapiens_core.decoding.decoder import Decoder, DecoderDiedError
from medsapiens_core.decoding.wire import Refusal, Request
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.refusal import unreadable

TRIES = 2  # a death may have been the computer's; a second one on the same file is the file's
KEPT = 2
_REMEDY = "Export it again, or save it as PNG or uncompressed DICOM with another program."

File = tuple[Path, int, int]  # with its size and time of change, so that a mended file is tried again


class DecoderPool:
    """Lends decoders to threads. A file that has ended two decoders is not tried again."""

    def __init__(self, command: list[str] | None = None, *, limit: float | None = None) -> None:
        self._command, self._limit = command, limit
        self._free: list[Decoder] = []
        self._lock = threading.Lock()
        self.quarantined: dict[File, str] = {}
        self.deaths = 0

    def ask(self, request: Request) -> Image | ImageHeader:
        """The answer. Raises UnreadableImageError with a refusal, or when the file ends its decoder twice."""
        file = _identity(request.path)
        if file in self.quarantined:
            raise UnreadableImageError(self.quarantined[file])
        for attempt in range(TRIES):
            decoder = self._borrow()
            try:
                answer = decoder.ask(request, self._limit)
            except DecoderDiedError as death:
                self.deaths += 1
                if death.hung or attempt == TRIES - 1:
                    raise self._quarantine(file, request.path, hung=death.hung) from death
                continue
            self._give_back(decoder)
            if isinstance(answer, Refusal):
                raise UnreadableImageError(answer.text)
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

    def _quarantine(self, file: File, path: Path, *, hung: bool) -> UnreadableImageError:
        why = "reading it took too long and was stopped" if hung else "it makes its decoder stop working"
        error = unreadable(path, why, _REMEDY)
        self.quarantined[file] = str(error)
        return error


def _identity(path: Path) -> File:
    try:
        stat = path.stat()
    except OSError:
        return path, -1, -1
    return path, stat.st_size, stat.st_mtime_ns


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


def close_decoders() -> None:
    """End the child processes; the next picture starts new ones."""
    _POOL.close()
