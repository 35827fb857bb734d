"""A small copy of a picture that goes with a template, so that readers see where its landmarks lie."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO

import numpy as np
from PIL import Image as Pillow

from medsapiens_core.data.image import Image
from medsapiens_core.data.rendering import to_uint8
from medsapiens_core.data.template import Example

LONGEST = 1000
QUALITY = 88


def example_of(image: Image, points: Iterable[tuple[str, float, float]] = ()) -> Example:
    """`image` as a JPEG of at most 1000 pixels a side, with square pixels; `points` are (landmark, x, y) in its pixels.

    Nothing but the pixels is kept: no header, no name.
    """
    grey = to_uint8(image)
    height, width = grey.shape[:2]
    tall = height * image.pixel_aspect
    scale = min(1.0, LONGEST / max(width, tall))
    size = (max(round(width * scale), 1), max(round(tall * scale), 1))
    small = Pillow.fromarray(np.ascontiguousarray(grey)).resize(size, Pillow.Resampling.LANCZOS)
    data = BytesIO()
    small.save(data, "JPEG", quality=QUALITY)
    across, down = size[0] / width, size[1] / height
    moved = tuple((mark, round((x + 0.5) * across - 0.5, 2), round((y + 0.5) * down - 0.5, 2)) for mark, x, y in points)
    return Example(data.getvalue(), *size, moved)
