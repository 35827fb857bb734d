"""Where 3D Slicer puts the pixels of an image file: index to LPS millimetres, read by the same library (ITK).

For a film without orientation this is (x * col_mm, y * row_mm, 0) with what ITK takes from the file as pixel size, 1.0
where it finds none; that is why the program's own idea of the spacing plays no part here (formats.md 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import SimpleITK
from numpy.typing import NDArray

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.convention import Point, Size
from medsapiens_core.geometry import Affine2D
from medsapiens_core.io.exif import TRANSPOSED, upright_affine, upright_size, valid_orientation
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.read import probe
from medsapiens_core.io.refusal import guarded

SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)

_ORIENTATION_TAG = 274


@dataclass(frozen=True, eq=False)
class Space:
    """`matrix` (3, 4) takes (column, row, slice) of the stored picture to LPS mm; `upright` turns stored to upright.

    `size` is that of the upright picture, `slices` how many there are along `axis` (None for a picture or film).
    `row_mm`, `col_mm` are Slicer's pixel size of the upright picture.
    """

    matrix: NDArray[np.float64]
    upright: Affine2D
    size: Size
    slices: int
    axis: int | None
    row_mm: float
    col_mm: float

    def to_lps(self, x: float, y: float, frame: int) -> tuple[float, float, float]:
        """The position in mm of image point (x, y) of slice `frame`."""
        column, row = self.upright.inverse().apply([x, y])
        a, b, c = self.matrix[:, :3] @ [column, row, frame] + self.matrix[:, 3]
        return float(a), float(b), float(c)

    def from_lps(self, position: Sequence[float]) -> tuple[Point, float]:
        """Image point (x, y) and slice (a fraction beside the slices' planes) of a position in mm."""
        column, row, depth = np.linalg.solve(self.matrix[:, :3], np.asarray(position) - self.matrix[:, 3])
        x, y = self.upright.apply([column, row])
        return (float(x), float(y)), float(depth)


def image_space(path: Path, axis: int | None = None) -> Space:
    """The space of an image file, slices counted along array axis `axis` (default: the header's).

    Raises UserError when it has no orientation or Slicer would see another picture than we do.
    """
    header = probe(path)
    axis = header.axis if axis is None else axis
    with guarded(path, []):
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        orientation = _orientation(header)
    if header.kind == "nifti" and all(_code(reader, name) == 0 for name in ("qform_code", "sform_code")):
        raise UserError(f"{path.name} does not say how it lies in the body, so its points have no place in Slicer.")
    if header.kind == "tiff" and orientation != 1:
        raise UserError(f"{path.name} is stored turned. Save an upright copy for 3D Slicer.")
    return _space(reader, header, axis, orientation)


def _space(reader: Any, header: ImageHeader, axis: int | None, orientation: int) -> Space:
    sizes, steps, matrix = _grid(reader)
    row, column = (2 - other for other in range(3) if other != (axis or 0))
    depth = 2 - (axis or 0)
    stored = (sizes[column], sizes[row])
    size = upright_size(stored, orientation)
    slices = max(header.frames, 1) if header.shape is None else header.shape[axis or 0]
    expected = size if header.shape is not None else (header.width, header.height)
    if size != expected or (sizes[depth] not in (1, slices)):
        raise UserError(f"{header.path.name} would look different in 3D Slicer; its points cannot be placed.")
    turned = orientation in TRANSPOSED
    col_mm, row_mm = (steps[row], steps[column]) if turned else (steps[column], steps[row])
    order = [column, row, depth, 3]
    upright = upright_affine(stored, orientation)
    return Space(matrix[:, order], upright, size, slices, axis, row_mm, col_mm)


def _grid(reader: Any) -> tuple[list[int], list[float], NDArray[np.float64]]:
    """Sizes, steps in mm and (3, 4) index-to-LPS matrix in ITK's order x, y, z; a 2D picture gets one slice at z 0."""
    dimension = reader.GetDimension()
    used = min(dimension, 3)
    sizes, steps = np.ones(3, dtype=int), np.ones(3)
    direction, origin = np.eye(3), np.zeros(3)
    sizes[:used], steps[:used] = reader.GetSize()[:used], reader.GetSpacing()[:used]
    direction[:used, :used] = np.reshape(reader.GetDirection(), (dimension, dimension))[:used, :used]
    origin[:used] = reader.GetOrigin()[:used]
    return sizes.tolist(), steps.tolist(), np.column_stack([direction * steps, origin])


def _orientation(header: ImageHeader) -> int:
    if header.kind not in ("jpeg", "png", "tiff"):
        return 1
    with PIL.Image.open(header.path) as picture:
        return valid_orientation(picture.getexif().get(_ORIENTATION_TAG))


def _code(reader: Any, name: str) -> int:
    return int(reader.GetMetaData(name)) if reader.HasMetaDataKey(name) else 0
