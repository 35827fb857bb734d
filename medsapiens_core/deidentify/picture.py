"""A picture without anything but its pixels: for files whose headers have no profile of the standard."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import PIL.Image
import tifffile

from medsapiens_core.data.image import Image
from medsapiens_core.exchange.files import write_bytes

_PNG_TYPES = ("uint8", "uint16")


def plain_picture(image: Image, target: Path) -> Path:
    """Write the pixels, unchanged, as PNG, or as TIFF where PNG cannot hold them; returns the path with its suffix.

    `target` is a path without one. Nothing else of the original goes along: no texts, dates, places or pixel size.
    """
    pixels = np.ascontiguousarray(image.pixels)
    stream = io.BytesIO()
    if pixels.dtype.name in _PNG_TYPES and not image.inverted and (pixels.ndim == 2 or pixels.dtype == np.uint8):
        PIL.Image.fromarray(pixels).save(stream, "PNG")
        path = target.with_name(target.name + ".png")
    else:
        grey = "miniswhite" if image.inverted else "minisblack"
        photometric = "rgb" if pixels.ndim == 3 else grey
        tifffile.imwrite(stream, pixels, photometric=photometric, metadata=None, software="", compression="zlib")
        path = target.with_name(target.name + ".tif")
    write_bytes(path, stream.getvalue())
    return path
