"""The pictures under a folder, found by the names that annotation files give, and looked at when they are needed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from medsapiens_core.data.image import Image
from medsapiens_core.data.spacing import BY_A_PERSON
from medsapiens_core.decoding import probe, read_image
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import ImageRef
from medsapiens_core.exchange.matching import KnownImages

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")


class PictureFolder:
    """A folder given by the user; links out of it are not followed. Nothing is opened before it is asked for."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not folder.is_dir():
            raise UserError(f"There is no folder {folder}. Check --images.")
        files = [] if folder is None else sorted(_inside(folder))
        self._known = KnownImages([_ref(path, folder or path.parent) for path in files])

    def find(self, hint: str) -> Path | None:
        """The one file that a name, or a SOP Instance UID, in an annotation file means, or None."""
        found = self._known.find(hint) if hint else []
        if not found and _UID.fullmatch(hint):
            return self._by_uid.get(hint)
        return self._known.images[found[0]].path if len(found) == 1 else None

    @cached_property
    def _by_uid(self) -> dict[str, Path]:
        """SOP Instance UID -> file, for DICOM images whose UID occurs once. Every header in the folder is read."""
        found: dict[str, list[Path]] = {}
        for path in (image.path for image in self._known.images if image.path is not None):
            with suppress(UserError):  # what is no image is not looked for
                found.setdefault(probe(path).sop_instance_uid or "", []).append(path)
        return {uid: paths[0] for uid, paths in found.items() if uid and len(paths) == 1}

    def read(self, ref: ImageRef) -> Image | None:
        """The picture of a reading, None when it is not there or its name fits several. Raises UserError."""
        path = self.find(ref.file_name)
        if path is None:
            return None
        return read_image(path, frame=ref.frame or None, axis=ref.axis)


def described(ref: ImageRef, image: Image) -> ImageRef:
    """The reference with all that its picture says. Raises UserError when the picture has another size."""
    source = image.provenance
    by_uid = ref.file_name == ref.sop_instance_uid  # reports know an image by nothing else
    known = replace(
        ref,
        file_name=source.path.name if by_uid else ref.file_name,
        width=image.width,
        height=image.height,
        frame=source.frame,
        axis=source.axis,
        sha256=source.sha256,
        sop_instance_uid=source.sop_instance_uid,
        spacing=ref.spacing if ref.spacing and ref.spacing.source in BY_A_PERSON else image.spacing or ref.spacing,
        path=source.path,
    )
    asked = replace(ref, frame=source.frame)
    problem = KnownImages([known]).match(asked, trust_names=True).problem
    if problem:
        raise UserError(problem)
    return known


def _inside(folder: Path) -> list[Path]:
    root = folder.resolve()
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [path for path in files if not path.is_symlink() or path.resolve().is_relative_to(root)]


def _ref(path: Path, folder: Path) -> ImageRef:
    return ImageRef(path.relative_to(folder).as_posix(), path=path)
