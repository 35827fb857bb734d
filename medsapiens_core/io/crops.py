"""Square cut-outs around a point, as a screen shows them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image
from medsapiens_core.data.rendering import to_uint8

FIELD_MM = 20.0
FIELD_SHARE = 0.08  # of the diagonal, where no pixel size is known


def crop_around(image: Image, x: float, y: float, side: int) -> NDArray[np.uint8]:
    """(side, side) or (side, side, 3) uint8 with image point x, y in its middle; black where the picture ends.

    The field is 20 mm, or 8 % of the diagonal where the pixel size is unknown; a pixel that is not square is drawn so
    that lengths are true.
    """
    if image.spacing is not None:
        wide, tall = FIELD_MM / image.spacing.col_mm, FIELD_MM / image.spacing.row_mm
    else:
        wide = FIELD_SHARE * float(np.hypot(image.width, image.height * image.pixel_aspect))
        tall = wide / image.pixel_aspect
    across, down = wide / side, tall / side
    middle = (side - 1) / 2
    back = np.array([[across, 0.0, x - across * middle], [0.0, down, y - down * middle]])
    result: NDArray[np.uint8] = cv2.warpAffine(
        np.ascontiguousarray(to_uint8(image)), back, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    ).astype(np.uint8)
    return result
