"""PNG, JPEG and BMP through Pillow, with what Pillow gets wrong put right (formats.md 1.7)."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import PIL
import PIL.Image
from numpy.typing import NDArray

from medsapiens_core.data.image import Image, Provenance
from medsapiens_core.data.rendering import window_bounds
from medsapiens_core.io.exif import upright_pixels, upright_size, valid_orientation
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import TOO_LARGE_HINT, size_problem
from medsapiens_core.io.refusal import unreadable
from medsapiens_core.io.resolution import resolution_candidates
from medsapiens_core.io.source import Source

_FORMATS = ("PNG", "JPEG", "BMP", "DIB")
_ORIENTATION_TAG = 274
ALPHA_NOTE = "Transparent parts are shown on black."
COLOUR_DEPTH_NOTE = "Colours with more than 8 bits were reduced to 8 bits."
CMYK_NOTE = "Printing colours (CMYK) were converted to RGB."


def read(source: Source, frame: int | None, _axis: int | None) -> Image:
    """Decode the picture upright. Raises UnreadableImageError."""
    if frame not in (None, 0):
        raise unreadable(source.path, "it has only one picture", "Leave the frame out.")
    picture = _open(source)
    orientation = valid_orientation(picture.getexif().get(_ORIENTATION_TAG))
    notes: list[str] = []
    pixels = upright_pixels(grey_if_equal(_pixels(source, picture, notes)), orientation)
    provenance = Provenance(
        path=source.path,
        sha256=source.sha256,
        reader=f"Pillow {PIL.__version__}",
        exif_orientation=orientation,
        warnings=tuple(notes),
    )
    candidates = resolution_candidates(picture.info.get("dpi"), orientation)
    return Image(pixels, provenance, window=display_window(pixels), candidates=candidates)


def probe(source: Source) -> ImageHeader:
    """Size as seen upright."""
    picture = _open(source)
    size = upright_size(picture.size, valid_orientation(picture.getexif().get(_ORIENTATION_TAG)))
    kind = {"MPO": "jpeg", "DIB": "bmp"}.get(picture.format or "", (picture.format or "").lower())
    return ImageHeader(source.path, kind, *size)


def display_window(pixels: NDArray[Any]) -> tuple[float, float]:
    """0..255 for 8-bit pictures, which are made for the screen, else the percentiles."""
    return (0.0, 255.0) if pixels.dtype == np.uint8 else window_bounds(pixels)


def grey_if_equal(pixels: NDArray[Any]) -> NDArray[Any]:
    """(H, W) when the three channels of (H, W, 3) are the same, as in films saved as colour pictures."""
    if pixels.ndim == 3 and all(np.array_equal(pixels[..., 0], pixels[..., channel]) for channel in (1, 2)):
        return pixels[..., 0]
    return pixels


def on_black(colour: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Composite (H, W) or (H, W, 3) on black by `alpha` (H, W) of the same integer type, rounded."""
    opaque = float(np.iinfo(alpha.dtype).max)
    share = alpha.astype(np.float64) / opaque
    mixed = colour * (share if colour.ndim == 2 else share[..., None])
    return np.rint(mixed).astype(colour.dtype)


def _open(source: Source) -> PIL.Image.Image:
    source.stream.seek(0)
    picture = PIL.Image.open(source.stream, formats=_FORMATS)
    problem = size_problem(*picture.size, max(len(picture.getbands()), 2))
    if problem:
        raise unreadable(source.path, problem, TOO_LARGE_HINT)
    return picture


def _pixels(source: Source, picture: PIL.Image.Image, notes: list[str]) -> NDArray[Any]:
    if picture.format == "PNG" and _png_depth(source.head) == 16 and _png_colour(source.head) != 0:
        return _deep_png(source, notes)
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    elif picture.mode in ("L", "RGB") and "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode in ("CMYK", "YCbCr"):
        notes.append(CMYK_NOTE)
        picture = picture.convert("RGB")
    pixels = np.asarray(picture)
    if picture.mode in ("LA", "RGBA"):
        notes.append(ALPHA_NOTE)
        colour = pixels[..., 0] if picture.mode == "LA" else pixels[..., :3]
        return on_black(colour, pixels[..., -1])
    return _narrow(pixels)


def _narrow(pixels: NDArray[Any]) -> NDArray[Any]:
    """16-bit greys that Pillow hands out as 32-bit numbers, in 16 bits again."""
    if pixels.dtype == np.int32 and pixels.min() >= 0 and pixels.max() < 2**16:
        return pixels.astype(np.uint16)
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def _png_depth(head: bytes) -> int:
    return head[24]


def _png_colour(head: bytes) -> int:
    return head[25]


def _deep_png(source: Source, notes: list[str]) -> NDArray[Any]:
    """Grey with alpha, and colours, of 16 bits, which Pillow would cut to 8: equal channels stay a 16-bit grey."""
    data = _bytes(source)
    PIL.Image.open(io.BytesIO(data), formats=("PNG",)).load()  # OpenCV shows a cut file half black; this refuses it
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("the PNG reader gave no 16-bit picture")
    pixels: NDArray[Any] = np.asarray(decoded)
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        notes.append(ALPHA_NOTE)
        pixels = on_black(pixels[..., :3], pixels[..., 3])
    pixels = grey_if_equal(pixels)
    if pixels.ndim == 2:
        return pixels
    notes.append(COLOUR_DEPTH_NOTE)
    return (pixels[..., ::-1] >> 8).astype(np.uint8)


def _bytes(source: Source) -> bytes:
    source.stream.seek(0)
    return source.stream.read()
