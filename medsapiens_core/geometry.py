"""The only place where points change space.

Spaces: `image` (pixels of the stored image), `input` (pixels of the network input), `heatmap` (cells) and `mm`.
In every pixel space x is the column, y the row, and an integer is the CENTRE of a pixel: an image W x H has centres
0..W-1 and covers -0.5..W-0.5. Sizes are (width, height). All arithmetic is float64.
Source: UDP (Huang et al., arXiv 1911.07524) and the Sapiens pose code's affine; methods.md 1.1-1.2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Size = tuple[int, int]


@dataclass(frozen=True)
class Affine2D:
    """An affine map of the plane, `xy_out = matrix[:, :2] @ xy_in + matrix[:, 2]`; `matrix` is (2, 3) float64."""

    matrix: Array

    def __post_init__(self) -> None:
        matrix = np.array(self.matrix, dtype=np.float64).reshape(2, 3)
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)

    def apply(self, xy: ArrayLike) -> Array:
        """Map points (..., 2); NaN stays NaN."""
        result: Array = np.asarray(xy, dtype=np.float64) @ self.matrix[:, :2].T + self.matrix[:, 2]
        return result

    def apply_covariance(self, covariance: ArrayLike) -> Array:
        """Map covariances (..., 2, 2)."""
        linear = self.matrix[:, :2]
        result: Array = linear @ np.asarray(covariance, dtype=np.float64) @ linear.T
        return result

    @property
    def mean_scale(self) -> float:
        """Length of the image of a unit length, averaged so that areas come out right."""
        return math.sqrt(abs(float(np.linalg.det(self.matrix[:, :2]))))

    def inverse(self) -> Affine2D:
        """The map back. Raises `numpy.linalg.LinAlgError` where there is none."""
        linear = np.linalg.inv(self.matrix[:, :2])
        return Affine2D(np.column_stack([linear, -linear @ self.matrix[:, 2]]))

    def __matmul__(self, other: Affine2D) -> Affine2D:
        """`(a @ b).apply(p) == a.apply(b.apply(p))`."""
        linear = self.matrix[:, :2] @ other.matrix[:, :2]
        return Affine2D(np.column_stack([linear, self.apply(other.matrix[:, 2])]))


def scaling(sx: float, sy: float) -> Affine2D:
    """Scale about the centre of pixel (0, 0)."""
    return Affine2D(np.array([[sx, 0.0, 0.0], [0.0, sy, 0.0]]))


def udp_affine(
    image_size: Size,
    input_size: Size,
    *,
    box: tuple[float, float, float, float] | None = None,
    padding: float = 1.0,
    rotation: float = 0.0,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
    reference: bool = False,
) -> Affine2D:
    """Return the map image -> input that shows `box` (default: the whole image) padded and centred in the input.

    `box` is x1, y1, x2, y2 in image pixels; `rotation` in radians turns the content clockwise on screen; `scale`
    above 1 shows a larger part of the image; `shift` moves the centre by that share of the padded box.
    `reference=True` repairs the aspect with W/H as the original code does (0.03 % anisotropic, needed for parity);
    `False` uses (W-1)/(H-1), which is exactly isotropic.
    """
    (width, height), (w_in, h_in) = image_size, input_size
    x1, y1, x2, y2 = box if box is not None else (0.0, 0.0, width - 1.0, height - 1.0)
    size_x, size_y = max(x2 - x1, 1e-6) * padding * scale, max(y2 - y1, 1e-6) * padding * scale
    aspect = w_in / h_in if reference else (w_in - 1) / (h_in - 1)
    if size_x > aspect * size_y:
        size_y = size_x / aspect
    else:
        size_x = aspect * size_y
    centre = np.array([(x1 + x2) / 2 + shift[0] * size_x, (y1 + y2) / 2 + shift[1] * size_y])
    stretch = np.diag([(w_in - 1) / size_x, (h_in - 1) / size_y])
    turn = np.array([[math.cos(rotation), -math.sin(rotation)], [math.sin(rotation), math.cos(rotation)]])
    linear = stretch @ turn
    return Affine2D(np.column_stack([linear, stretch @ np.array([size_x / 2, size_y / 2]) - linear @ centre]))


def input_to_heatmap(input_size: Size, heatmap_size: Size) -> Affine2D:
    """Return the map input -> heatmap; first and last centres coincide, so the ratio is (W_h-1)/(W_i-1)."""
    (w_in, h_in), (w_hm, h_hm) = input_size, heatmap_size
    return scaling((w_hm - 1) / (w_in - 1), (h_hm - 1) / (h_in - 1))


def mirror_x(xy: ArrayLike, width: float) -> Array:
    """Mirror points (..., 2) left-right in a picture `width` pixels wide: x becomes (width - 1) - x."""
    result = np.array(xy, dtype=np.float64)
    result[..., 0] = (width - 1) - result[..., 0]
    return result


def image_to_mm(xy_image: ArrayLike, row_mm: float, col_mm: float) -> Array:
    """Map image points (..., 2) to millimetres from the centre of pixel (0, 0): x by `col_mm`, y by `row_mm`."""
    return scaling(col_mm, row_mm).apply(xy_image)


def radial_error(xy: ArrayLike, truth: ArrayLike, row_mm: float = 1.0, col_mm: float = 1.0) -> Array:
    """Distance (...,) between points (..., 2), in mm for a spacing in mm, in pixels for 1, 1; NaN where either is."""
    difference = np.asarray(xy, dtype=np.float64) - np.asarray(truth, dtype=np.float64)
    result: Array = np.hypot(difference[..., 0] * col_mm, difference[..., 1] * row_mm)
    return result
