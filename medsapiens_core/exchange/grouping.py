"""Which readings are of one picture, for formats that list pictures and annotations apart."""

from __future__ import annotations

from collections.abc import Iterable

from medsapiens_core.exchange.batch import ImageRef, Reading


def by_image(readings: Iterable[Reading]) -> list[list[Reading]]:
    """Readings grouped by picture, in the order in which each picture first occurs."""
    groups: dict[tuple[object, ...], list[Reading]] = {}
    for reading in readings:
        groups.setdefault(_key(reading.image), []).append(reading)
    return list(groups.values())


def sized(readings: Iterable[Reading]) -> tuple[list[Reading], list[tuple[str, str]]]:
    """The readings of pictures whose size is known, and (image, reason) for the others."""
    kept, skipped = [], []
    for reading in readings:
        if reading.image.width and reading.image.height:
            kept.append(reading)
        else:
            skipped.append((reading.image.file_name, "its width and height are not known; give the folder of images"))
    return kept, skipped


def size_of(image: ImageRef) -> tuple[int, int]:
    """Width and height; only for readings that `sized` has kept."""
    return image.width or 0, image.height or 0


def only_first(groups: Iterable[list[Reading]], tool: str) -> tuple[list[Reading], list[tuple[str, str]]]:
    """The first reading of each picture, and (image, reason) for the further ones, which `tool` cannot tell apart."""
    kept: list[Reading] = []
    skipped: list[tuple[str, str]] = []
    for first, *others in groups:
        kept.append(first)
        reason = f"{tool} holds one reading for each image; export the readers one by one"
        skipped.extend((other.image.file_name, reason) for other in others)
    return kept, skipped


def _key(image: ImageRef) -> tuple[object, ...]:
    return image.image_id, image.file_name, image.frame, image.axis, image.width, image.height
