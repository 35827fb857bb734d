"""Turn the refusals of DICOM libraries into sentences."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from medsapiens_core.errors import UserError
from medsapiens_core.io.refusal import guarded, unreadable

logging.getLogger("highdicom").propagate = False  # its texts can quote the image's header


@contextlib.contextmanager
def library_calls(path: Path, why: str, hint: str) -> Iterator[None]:
    """Let DICOM libraries work on `path`: their refusals and warnings never reach a person as they stand.

    They can quote the header. A refusal becomes UnreadableImageError with `why` and `hint`; our own errors pass.
    """
    ours: list[UserError] = []
    with guarded(path, []):
        try:
            yield
        except UserError as error:
            ours.append(error)
        except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise unreadable(path, f"{why} ({type(error).__name__})", hint) from error
    if ours:
        raise ours[0]
