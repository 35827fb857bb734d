"""TIFF through tifffile, page by page; what needs a codec that tifffile lacks goes through Pillow (formats.md 1.7)."""

from __future__ import annotations

from typing import Any

import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from medsapiens_core.data.image import Image, Provenance
from medsapiens_core.io.exif import upright_pixels, upright_size, valid_orientation
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.limits import TOO_LARGE_HINT, size_problem
from medsapiens_core.io.raster import ALPHA_NOTE, CMYK_NOTE, COLOUR_DEPTH_NOTE, display_window, grey_if_equal, on_black
from medsapiens_core.io.refusal import unreadable
from medsapiens_core.io.resolution import resolution_candidates
from medsapiens_core.io.source import Source

_OWN_CODECS = {1, 8, 32773, 32946}  # none, Deflate (both numbers), PackBits
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE = 0, 1, 2, 3
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_UNITS_PER_INCH = {2: 1.0, 3: 2.54}
_ALPHA_IN_COLOURS = 1  # ExtraSamples: associated alpha
_VARIANT_HINT = "Save it as an ordinary TIFF or as PNG with another program."


def read(source: Source, frame: int | None, _axis: int | None) -> Image:
    """Decode page `frame` (0-based among the full-size pages, default the first). Raises UnreadableImageError."""
    with _open(source) as tiff:
        pages = _full_pages(tiff)
        chosen = 0 if frame is None else frame
        if not 0 <= chosen < len(pages):
            raise unreadable(source.path, f"there is no page {chosen + 1}", f"Choose a page from 1 to {len(pages)}.")
        page = pages[chosen]
        _check(source, page)
        notes: list[str] = []
        pixels = _pixels(source, page, notes)
        dots = _dots_per_inch(page)
    orientation = _orientation(page)
    upright = upright_pixels(grey_if_equal(pixels), orientation)
    provenance = Provenance(
        path=source.path,
        sha256=source.sha256,
        reader=f"tifffile {tifffile.__version__}",
        frame=chosen,
        frame_count=len(pages),
        exif_orientation=orientation,
        warnings=tuple(notes),
    )
    inverted = int(page.photometric) == _WHITE_IS_ZERO
    candidates = resolution_candidates(dots, orientation)
    return Image(upright, provenance, window=display_window(upright), inverted=inverted, candidates=candidates)


def probe(source: Source) -> ImageHeader:
    """Size of the first page as seen upright, and the number of full-size pages."""
    with _open(source) as tiff:
        pages = _full_pages(tiff)
        _check(source, pages[0])
        size = upright_size((pages[0].imagewidth, pages[0].imagelength), _orientation(pages[0]))
        return ImageHeader(source.path, "tiff", *size, frames=len(pages))


def _open(source: Source) -> Any:
    source.stream.seek(0)
    return tifffile.TiffFile(source.stream, name=source.path.name)


def _full_pages(tiff: Any) -> list[Any]:
    """Pages that are pictures of their own: no thumbnails, no levels of a pyramid, no masks."""
    pages = [page for page in tiff.pages if not page.is_reduced and not page.is_mask]
    return pages or [tiff.pages[0]]


_TURN_BACK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}  # Pillow turns a TIFF upright while it loads it


def _orientation(page: Any) -> int:
    tag = page.tags.get(274)
    return valid_orientation(int(tag.value)) if tag is not None else 1


def _dots_per_inch(page: Any) -> tuple[float, float] | None:
    """XResolution and YResolution when their unit is an inch or a centimetre; a mere ratio has no unit."""
    values = [page.tags.get(code) for code in (_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT)]
    if any(value is None for value in values[:2]):
        return None
    per_inch = _UNITS_PER_INCH.get(2 if values[2] is None else int(values[2].value))
    ratios = [value.value for value in values[:2]]
    if per_inch is None or any(len(ratio) != 2 or not ratio[1] for ratio in ratios):
        return None
    x, y = (ratio[0] / ratio[1] * per_inch for ratio in ratios)
    return x, y


def _check(source: Source, page: Any) -> None:
    samples = int(page.samplesperpixel)
    if page.dtype is None or page.dtype.kind not in "uifb" or page.imagedepth != 1 or samples > 8:
        raise unreadable(source.path, "its kind of pixels cannot be read", _VARIANT_HINT)
    problem = size_problem(page.imagewidth, page.imagelength, page.dtype.itemsize * samples)
    if problem:
        raise unreadable(source.path, problem, TOO_LARGE_HINT)
    ends = [o + n for o, n in zip(page.dataoffsets, page.databytecounts, strict=False)]
    if not ends or max(ends) > source.size or min(page.databytecounts) == 0:
        raise unreadable(source.path, "the file is incomplete", "Copy or export it again from where it came from.")
    if int(page.compression) == 1 and sum(page.databytecounts) * 8 < _stored_bits(page):
        raise unreadable(source.path, "its pixel data are shorter than the header says", _VARIANT_HINT)


def _stored_bits(page: Any) -> int:
    bits = page.bitspersample if isinstance(page.bitspersample, int) else min(page.bitspersample)
    return int(page.imagewidth) * int(page.imagelength) * int(page.samplesperpixel) * int(bits)


def _pixels(source: Source, page: Any, notes: list[str]) -> NDArray[Any]:
    if int(page.compression) not in _OWN_CODECS or int(page.photometric) not in (0, 1, 2, 3) or int(page.predictor) > 2:
        return _through_pillow(source, page, notes)
    pixels = np.asarray(page.asarray())
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8) * 255
    if page.planarconfig == 2 and pixels.ndim == 3:
        pixels = np.moveaxis(pixels, 0, -1)
    if int(page.photometric) == _PALETTE:
        colours_of = np.moveaxis(np.asarray(page.colormap), 0, -1)
        return np.asarray(colours_of[pixels] >> 8, dtype=np.uint8)
    colours = 3 if int(page.photometric) == _RGB else 1
    separate = _ALPHA_IN_COLOURS not in (int(kind) for kind in page.extrasamples)
    return _colour_part(source, pixels, colours, notes, separate_alpha=separate)


def _colour_part(
    source: Source, pixels: NDArray[Any], colours: int, notes: list[str], *, separate_alpha: bool = True
) -> NDArray[Any]:
    """Grey or RGB out of (H, W) or (H, W, samples). One extra sample is taken for alpha, which the colours may have in
    them already (`separate_alpha=False`).
    """
    if pixels.ndim == 2:
        return pixels
    colour = pixels[..., 0] if colours == 1 else pixels[..., :3]
    if pixels.shape[2] == colours + 1 and pixels.dtype.kind == "u":
        notes.append(ALPHA_NOTE)
        colour = on_black(colour, pixels[..., colours]) if separate_alpha else colour
    elif pixels.shape[2] != colours:
        raise unreadable(source.path, "it has more channels than a picture", _VARIANT_HINT)
    return _eight_bit_colour(source, grey_if_equal(colour), notes)


def _eight_bit_colour(source: Source, pixels: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    if pixels.ndim == 2 or pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype.kind != "u":
        raise unreadable(source.path, "its colours are signed or fractional numbers", _VARIANT_HINT)
    notes.append(COLOUR_DEPTH_NOTE)
    return (pixels >> (8 * pixels.dtype.itemsize - 8)).astype(np.uint8)


def _through_pillow(source: Source, page: Any, notes: list[str]) -> NDArray[Any]:
    source.stream.seek(0)
    opened = PIL.Image.open(source.stream, formats=("TIFF",))
    opened.seek(page.index)
    picture: PIL.Image.Image = opened
    if picture.mode in ("CMYK", "LAB"):
        notes.append(CMYK_NOTE)
        picture = picture.convert("RGB")
    elif picture.mode in ("P", "YCbCr"):
        picture = picture.convert("RGB")
    elif picture.mode == "1":
        picture = picture.convert("L")
    turned = np.asarray(picture)
    pixels = upright_pixels(turned.astype(turned.dtype.newbyteorder("="), copy=False), _TURN_BACK[_orientation(page)])
    if int(page.photometric) == _WHITE_IS_ZERO and pixels.dtype == np.uint8:
        pixels = 255 - pixels  # Pillow has turned 8-bit values already; the polarity is applied in one place only
    return _colour_part(source, pixels, 3 if picture.mode.startswith("RGB") else 1, notes)
