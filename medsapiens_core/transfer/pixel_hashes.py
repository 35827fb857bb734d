"""Pictures known by their decoded pixels: the same film saved anew is still the same film (formats.md 0.5)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from medsapiens_core.decoding import read_image
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef
from medsapiens_core.exchange.matching import KnownImages


def pixel_hash(ref: ImageRef) -> str | None:
    """The hash of the pixels of an image whose file is known, None when it cannot be read."""
    if ref.path is None:
        return None
    with suppress(UserError):
        return read_image(ref.path, frame=ref.frame, axis=ref.axis).pixel_sha256
    return None


def known_images(images: Sequence[ImageRef]) -> KnownImages:
    """The images that readings may belong to; they are decoded only for a reading that states a hash of pixels."""
    return KnownImages(images, pixel_hash)


def with_pixel_hashes(batch: Batch) -> Batch:
    """The batch with the hash of the pixels of every image, each decoded once."""
    hashes: dict[ImageRef, str | None] = {}
    for reading in batch.readings:
        if reading.image not in hashes:
            hashes[reading.image] = pixel_hash(reading.image)
    named = (replace(r, image=replace(r.image, pixel_sha256=hashes[r.image])) for r in batch.readings)
    return replace(batch, readings=tuple(named))
