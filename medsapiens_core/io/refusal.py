"""One way to refuse a file: what it was, why, what to do; and one way to keep libraries quiet while they decode."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import PIL.Image

from medsapiens_core.errors import UnreadableImageError

# Warning filters and Pillow's size limit belong to the whole process; two threads must not restore them crosswise.
_PROCESS_STATE = threading.RLock()

# Texts of the libraries can carry values of the file (names, ids). Only these sentences of ours are passed on.
_KNOWN_WARNINGS: tuple[tuple[str, str], ...] = (
    (r"excess padding|bytes of compressed pixel data matches", "The pixel data have more bytes than needed."),
    (r"frames", "The number of frames stated in the header does not fit the pixel data."),
    (r"bits? stored|bits? allocated|precision", "The bit depth in the header differs from that of the pixel data."),
    (r"signed|pixel representation", "The sign in the header differs from that of the pixel data."),
    (r"sequence|item|undefined length", "A sequence in the header breaks the DICOM rules."),
    (r"value|vr |character|encoding", "Some values in the header break the rules of the format; they were not used."),
)
_COMPRESSED, _DAMAGED = "is compressed with", "is damaged"
_OTHER_WARNING = "The file breaks the rules of its format in a place that does not concern the pixels."


def quiet_library_logs() -> None:
    """Keep what decoders log about a file's contents out of the program's log: it can name patients."""
    for name in ("pydicom", "tifffile", "PIL"):
        logging.getLogger(name).propagate = False


def unreadable(path: Path, why: str, hint: str) -> UnreadableImageError:
    """The error for `path`: base name, reason, remedy. `why` and `hint` never hold values read from the file."""
    return UnreadableImageError(f"{path.name}: {why}. {hint}")


def compressed(path: Path, name: str, uid: str) -> UnreadableImageError:
    """The error for a picture in a compression that no decoder of ours reads; `uid` is the registered one, or ""."""
    known = f"{name} ({uid})" if uid else name
    return UnreadableImageError(
        f'"{path.name}" {_COMPRESSED} {known}. This version cannot read it. The file was not changed.'
    )


def cut_short(path: Path, there: int, needed: int) -> UnreadableImageError:
    """The error for a file that has `there` of the `needed` bytes of its picture."""
    unit, size = ("MB", 10**6) if needed >= 10**5 else ("kB", 10**3)
    amounts = f"{10 * there // size / 10:.1f} of {needed / size:.1f} {unit}"  # rounded down: never all of it
    return UnreadableImageError(f'"{path.name}" {_DAMAGED}: the picture ends after {amounts}.')


def compression_of(reason: str) -> str:
    """Which compression a sentence of `compressed` names; "" for every other reason."""
    found = re.match(rf'"[^"]*" {_COMPRESSED} (.*)\. This version', reason)
    return found[1] if found else ""


def memory_refusal(path: Path) -> UnreadableImageError:
    """The refusal for a picture that does not fit into memory."""
    return unreadable(
        path, "there is not enough memory for this picture", "Close other programs, or open a smaller copy."
    )


def _refusal_for(path: Path, error: BaseException) -> UnreadableImageError:
    if isinstance(error, FileNotFoundError):
        return unreadable(path, "the file is not there", "Check that it was not moved and its drive is connected.")
    if isinstance(error, PermissionError):
        return unreadable(path, "reading this file is not permitted", "Ask its owner for the right to read it.")
    if isinstance(error, IsADirectoryError):
        return unreadable(path, "this is a folder, not a file", "Choose a file in it, or open the folder as a whole.")
    if isinstance(error, MemoryError):
        return memory_refusal(path)
    if isinstance(error, EOFError) or re.search(r"truncat|unexpected end|too short|less than", str(error), re.I):
        return unreadable(path, "the file is incomplete", "Copy or export it again from where it came from.")
    what = f"its contents are damaged or of an unknown variant ({type(error).__name__})"
    return unreadable(path, what, "Export it again, or save it as PNG or uncompressed DICOM with another program.")


@contextlib.contextmanager
def guarded(path: Path, notes: list[str]) -> Iterator[None]:
    """Run decoders: whatever they raise becomes UnreadableImageError, whatever they warn becomes a sentence in `notes`.

    Panics of Rust decoders derive from BaseException, not Exception, and are caught too.
    """
    with _PROCESS_STATE, warnings.catch_warnings(record=True) as caught:
        limit_before = PIL.Image.MAX_IMAGE_PIXELS
        warnings.simplefilter("always")
        PIL.Image.MAX_IMAGE_PIXELS = None  # `limits.size_problem` says no instead, before anything is decoded
        try:
            yield
        except (UnreadableImageError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            raise _refusal_for(path, error) from error
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = limit_before
            notes.extend(sentence for sentence in _sentences(caught) if sentence not in notes)


def _sentences(caught: list[warnings.WarningMessage]) -> list[str]:
    found: dict[str, None] = {}
    for warning in caught:
        if issubclass(warning.category, DeprecationWarning | ResourceWarning):
            continue
        text = str(warning.message)
        known = (ours for pattern, ours in _KNOWN_WARNINGS if re.search(pattern, text, re.IGNORECASE))
        found[next(known, _OTHER_WARNING)] = None
    return list(found)
