"""Find the images under files and folders, and say of the rest why they are left out (reliability.md H8)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.dicomdir import contents, on_disc
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.read import probe

PROJECT_SUFFIX = ".mss"
DISC = "DICOMDIR"
_MISSING_REASON = "the disc's table of contents names this file, but it is not there. Copy the whole disc."
_LINK_REASON = "this link leads out of the chosen folder, and is not followed. Add what it points to by itself."


@dataclass(frozen=True)
class SkippedFile:
    """A file that is no readable image; `reason` is a sentence for the user that begins with the file's name."""

    path: Path
    reason: str


@dataclass(frozen=True)
class ImageListing:
    """What was found. Iterating gives the paths of the images, sorted, each once.

    `headers` tell the number of frames, so that a person can be asked which one to use. `hidden` counts dot files and
    the contents of project folders, which are passed over in silence.
    """

    headers: tuple[ImageHeader, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    hidden: int = 0

    @property
    def images(self) -> tuple[Path, ...]:
        """Paths of the images."""
        return tuple(header.path for header in self.headers)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.headers)


def list_images(paths: Iterable[str | PathLike[str]]) -> ImageListing:
    """Look at every file under `paths` and sort it out by its contents."""
    headers: list[ImageHeader] = []
    skipped: list[SkippedFile] = []
    hidden = 0
    for found in walk_images(paths):
        if isinstance(found, ImageHeader):
            headers.append(found)
        elif isinstance(found, SkippedFile):
            skipped.append(found)
        else:
            hidden += 1
    data_files = {path for header in headers for path in _companions(header)}
    return ImageListing(tuple(headers), tuple(s for s in skipped if s.path not in data_files), hidden)


def walk_images(
    paths: Iterable[str | PathLike[str]],
    look: Callable[[Path], ImageHeader] = probe,
    contents: Callable[[Path], tuple[str, ...]] = contents,
) -> Iterator[ImageHeader | SkippedFile | None]:
    """Yield one result per file as it is found, in sorted order: a header, a reason, or None for a hidden file.

    A DICOMDIR that was itself chosen stands for the files that it lists. `look` reads a header and `contents` such a
    list, here or in another process. A folder is never held in memory beyond one level, and the caller may stop at any
    time.
    """
    seen: set[Path] = set()
    for start in paths:
        root = Path(start)
        for path in _of_disc(root, contents) or _files(root, root):
            if path is None:
                yield None
            elif isinstance(path, SkippedFile):
                yield path
            elif (real := _real(path)) not in seen:
                seen.add(real)
                yield _look_at(path, look)


def _of_disc(root: Path, contents: Callable[[Path], tuple[str, ...]]) -> list[Path | SkippedFile | None]:
    """The files that a chosen DICOMDIR lists; empty for everything else."""
    if not root.name.upper().startswith(DISC) or not root.is_file():
        return []
    try:
        names = contents(root)
    except UnreadableImageError:
        return []
    listed = [on_disc(root.parent, name) for name in names]
    inside = _real(root.parent)
    return [
        path
        if path.is_file() and _real(path).is_relative_to(inside)
        else SkippedFile(path, f"{path.name}: {_MISSING_REASON}")
        for path in listed
    ]


def _files(path: Path, root: Path) -> Iterator[Path | SkippedFile | None]:
    if path != root and (path.name.startswith(".") or path.suffix == PROJECT_SUFFIX):
        yield None
    elif path.is_symlink() and path != root and not _real(path).is_relative_to(_real(root)):
        yield SkippedFile(path, f"{path.name}: {_LINK_REASON}")
    elif not path.is_dir():
        yield path
    elif path == root or not path.is_symlink():  # a link to a folder inside is met by its own name, so loops end
        yield from _children(path, root)


def _children(folder: Path, root: Path) -> Iterator[Path | SkippedFile | None]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: (entry.name.casefold(), entry.name))
    except OSError:
        yield SkippedFile(
            folder, f"{folder.name}: this folder cannot be opened. Ask its owner for the right to read it."
        )
        return
    for entry in entries:
        yield from _files(entry, root)


def _look_at(path: Path, look: Callable[[Path], ImageHeader]) -> ImageHeader | SkippedFile:
    try:
        return look(path)
    except UnreadableImageError as error:
        return SkippedFile(path, str(error))


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _companions(header: ImageHeader) -> tuple[Path, ...]:
    """Detached data files that belong to an image and are therefore no news."""
    return (header.data_file,) if header.data_file is not None else ()
