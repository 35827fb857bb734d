"""Which image a reading belongs to: by identity, pixels, path, then by a name that occurs once (formats.md 0.5).

A path out of a file is only compared with paths that are known, never opened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from medsapiens_core.exchange.batch import ImageRef

How = Literal["uid", "sha256", "pixels", "path", "name"]
CERTAIN: tuple[How, ...] = ("uid", "sha256", "pixels")
MOST_DECODED = 200  # pictures of the right size that are decoded for one reading that states a hash of pixels
TRUST_HINT = "If the names can be trusted, say so with --trust-names."
SCALE_HINT = "If only its resolution was changed, --scale-to-image scales the points by {}."


@dataclass(frozen=True)
class Match:
    """`position` of the known image, and how it was found; or `problem`, a sentence, and no position.

    `scalable` is the position of the image that fits but for its size, where both axes have the same ratio.
    """

    position: int | None = None
    how: How | None = None
    problem: str = ""
    scalable: int | None = None


class KnownImages:
    """The images that readings may belong to. Their `file_name` is a relative path with `/`.

    `pixel_hash` decodes one of them; it is called only for readings that state a hash of pixels and fit no file.
    """

    def __init__(
        self, images: Sequence[ImageRef], pixel_hash: Callable[[ImageRef], str | None] = lambda _image: None
    ) -> None:
        self.images, self._pixel_hash = tuple(images), pixel_hash
        self._pixels: dict[int, str | None] = {}
        self._by_uid: dict[str, list[int]] = {}
        self._by_sha256: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._by_stem: dict[str, list[int]] = {}
        for position, image in enumerate(self.images):
            parts = _parts(image.file_name)
            for table, key in (
                (self._by_uid, image.sop_instance_uid),
                (self._by_sha256, image.sha256),
                (self._by_name, parts[-1]),
                (self._by_stem, _stem(parts[-1])),
            ):
                if key:
                    table.setdefault(key, []).append(position)

    def match(self, ref: ImageRef, *, trust_names: bool = False) -> Match:
        """Find the image of a reading. `trust_names` takes a name alone where the file states no size."""
        found, how = self._candidates(ref)
        if not found:
            return Match(problem=f"{_told(ref)}: no such picture is known here.")
        found = self._of_frame(found, ref)
        if not found:
            return Match(problem=f"{_told(ref)}: the picture is known, but not its frame {ref.frame + 1}.")
        if len(found) > 1:
            return Match(problem=f"{_told(ref)}: {len(found)} pictures fit, so none was chosen.")
        image = self.images[found[0]]
        problem = _problem(ref, image, asked=how not in CERTAIN and not trust_names)
        if problem:
            return Match(problem=problem)
        problem, factor = _size_problem(ref, image), scale_between(ref, image)
        if not problem:
            return Match(found[0], how)
        if factor:
            told = f"{problem.removesuffix('.')}, in the same proportions: they can be scaled."
            problem = f"{told} {SCALE_HINT.format(f'{factor:.6g}')}"
        return Match(problem=problem, scalable=found[0] if factor else None)

    def find(self, hint: str) -> list[int]:
        """Positions of the images that a hint in a file may mean: a SOP Instance UID, a path, a name, a name's stem."""
        if hint in self._by_uid:
            return self._by_uid[hint]
        parts = _parts(hint)
        named = self._by_name.get(parts[-1], [])
        for length in range(len(parts), 0, -1):
            fitting = [k for k in named if _parts(self.images[k].file_name)[-length:] == parts[-length:]]
            if fitting:
                return fitting
        return self._by_stem.get(parts[-1], [])

    def _candidates(self, ref: ImageRef) -> tuple[list[int], How]:
        for table, key, how in self._identities(ref):
            if found := table.get(key, []):
                return found, how
        if ref.pixel_sha256 and (found := self._of_pixels(ref)):
            return found, "pixels"
        found = self.find(ref.file_name) if ref.file_name else []
        return found, "path" if len(_parts(ref.file_name)) > 1 else "name"

    def _of_pixels(self, ref: ImageRef) -> list[int]:
        """Images with these pixels: of the stated size and frame, those that fit by name first."""
        named = dict.fromkeys(self.find(ref.file_name) if ref.file_name else [])
        candidates = [k for k in (*named, *range(len(self.images))) if _may_equal(ref, self.images[k])]
        looked_at = list(dict.fromkeys(candidates))[:MOST_DECODED]
        for k in looked_at:
            if k not in self._pixels:
                self._pixels[k] = self._pixel_hash(self.images[k])
        return [k for k in looked_at if self._pixels[k] == ref.pixel_sha256]

    def _identities(self, ref: ImageRef) -> Iterable[tuple[dict[str, list[int]], str, How]]:
        if ref.sop_instance_uid:
            yield self._by_uid, ref.sop_instance_uid, "uid"
        if ref.sha256:
            yield self._by_sha256, ref.sha256, "sha256"

    def _of_frame(self, found: list[int], ref: ImageRef) -> list[int]:
        """Those of the right frame; of the right bytes too, where some are (two files may carry one UID)."""
        frames = [k for k in found if self.images[k].frame == ref.frame and ref.axis in (None, self.images[k].axis)]
        same = [k for k in frames if ref.sha256 and self.images[k].sha256 == ref.sha256]
        return same or frames


def _problem(ref: ImageRef, image: ImageRef, *, asked: bool) -> str:
    stated, real = (ref.width, ref.height), (image.width, image.height)
    if asked and (_differ(ref.sha256, image.sha256) or _differ(ref.sop_instance_uid, image.sop_instance_uid)):
        return f"{_told(ref)}: the name fits, but the picture's bytes are others than the file says. {TRUST_HINT}"
    if asked and (None in stated or None in real):
        return f"{_told(ref)}: only the name fits, and the file does not state the picture's size. {TRUST_HINT}"
    return ""


def scale_between(ref: ImageRef, image: ImageRef) -> float | None:
    """How many times larger `image` is than the picture of `ref`; None unless that is exactly so along both axes."""
    if not (ref.width and ref.height and image.width and image.height):
        return None
    has_one_ratio = ref.width * image.height == ref.height * image.width
    return image.width / ref.width if has_one_ratio and ref.width != image.width else None


def _size_problem(ref: ImageRef, image: ImageRef) -> str:
    if any(map(_differ, (ref.width, ref.height), (image.width, image.height))):
        return (
            f"{_told(ref)}: the file says {ref.width} x {ref.height} pixels, the picture has {image.width} x "
            f"{image.height}. Its points belong to another version of the picture."
        )
    return ""


def _may_equal(ref: ImageRef, image: ImageRef) -> bool:
    stated, real = (ref.width, ref.height, ref.frame), (image.width, image.height, image.frame)
    return None not in stated and stated == real


def _differ(stated: str | int | None, real: str | int | None) -> bool:
    return None not in (stated, real) and stated != real


def _told(ref: ImageRef) -> str:
    name = _parts(ref.file_name)[-1] if ref.file_name else ref.sop_instance_uid or "an image without a name"
    return name if not ref.frame else f"{name}, frame {ref.frame + 1}"


def _parts(path: str) -> tuple[str, ...]:
    plain = unicodedata.normalize("NFC", path.replace("\\", "/"))
    return tuple(part for part in plain.split("/") if part not in ("", ".")) or ("",)


def _stem(name: str) -> str:
    stem = PurePosixPath(name).stem
    return stem.removesuffix(".nii") if name.lower().endswith(".nii.gz") else stem
