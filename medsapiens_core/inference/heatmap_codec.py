"""Points to heatmaps and back, in one object that training and inference share.

Spaces: `input` is pixels of the network input, `heatmap` its cells; first and last centres of both coincide. Source:
methods.md 1.3-1.5 and 1.7; UDP (Huang et al., arXiv 1911.07524).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medsapiens_core.geometry import Affine2D, Size, input_to_heatmap
from medsapiens_core.inference import heatmap_reference
from medsapiens_core.inference.heatmap_fit import fit_peaks

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]


@dataclass(frozen=True)
class HeatmapCodec:
    """Encode and decode heatmaps of peak 1.

    `input_size` and `heatmap_size` are (width, height), `sigma` is in cells. `reference=True` reproduces the targets
    and the decoding of the original Sapiens pose code with its defects, for comparison with its results.
    """

    input_size: Size
    heatmap_size: Size
    sigma: float
    reference: bool = False

    @property
    def to_heatmap(self) -> Affine2D:
        """The map input -> heatmap."""
        return input_to_heatmap(self.input_size, self.heatmap_size)

    def encode(self, xy_input: ArrayLike, visible: ArrayLike) -> tuple[Maps, Maps]:
        """Make training targets.

        `xy_input` (K, 2) input pixels, `visible` (K,) with 0 for unlabelled. Returns heatmaps (K, h, w) float32 and
        weights (K,) float32; the weight is 0 and the map empty for an unlabelled point and for one outside the input.
        """
        xy = np.asarray(xy_input, dtype=np.float64).reshape(-1, 2)
        weights = np.minimum(np.asarray(visible, dtype=np.float64).reshape(-1), 1.0)
        xy_heatmap = self.to_heatmap.apply(xy)
        if self.reference:
            return heatmap_reference.encode(xy_heatmap, weights, self.heatmap_size, self.sigma)
        inside = np.all((xy >= -0.5) & (xy <= np.array(self.input_size) - 0.5), axis=1)  # False for NaN
        weights = np.where(inside & (weights >= 0.5), weights, 0.0)
        columns, rows = (
            np.exp(-((np.arange(n) - np.nan_to_num(mu)[:, None]) ** 2) / (2 * self.sigma**2))
            for n, mu in zip(self.heatmap_size, xy_heatmap.T, strict=True)
        )
        rows[weights == 0] = 0.0
        maps = rows[:, :, None].astype(np.float32) * columns[:, None, :].astype(np.float32)
        return maps, weights.astype(np.float32)

    def decode(self, heatmaps: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return points (K, 2) and scores (K,) of heatmaps (K, h, w).

        The score is the peak's height. A flat, negative or non-finite map gives NaN and score 0. With `reference` the
        points are in the original's own scale, up to one pixel beyond input pixels at the far edge (methods.md 1.4).
        """
        if self.reference:
            return heatmap_reference.decode(heatmaps, self.input_size)
        xy_input, scores, _, _ = self.decode_full(heatmaps)
        return xy_input, scores

    def decode_full(self, heatmaps: NDArray[np.floating]) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Decode by the log-quadratic fit, whatever `reference` says, with the shape of the peak.

        Returns points (K, 2) input pixels, scores (K,), covariance of the peak (K, 2, 2) in input px^2 (uncalibrated)
        and `weak` (K,), True where the peak is not a hill and the centre of mass (or NaN) was given instead.
        """
        peaks = fit_peaks(heatmaps)
        back = self.to_heatmap.inverse()
        return back.apply(peaks.xy), peaks.scores, back.apply_covariance(peaks.covariance), peaks.weak


def merge_flipped(
    heatmaps: NDArray[np.floating], mirrored: NDArray[np.floating], flip_index: Sequence[int]
) -> NDArray[np.floating]:
    """Average the heatmaps (..., K, h, w) of an image with those of its mirror image.

    `flip_index[k]` is the channel that landmark k becomes in a mirrored picture (`Template.flip_index`). No shift is
    needed: under UDP the mirrored column is (w-1) - column exactly (methods.md 1.7).
    """
    result: NDArray[np.floating] = (heatmaps + mirrored[..., list(flip_index), :, ::-1]) * 0.5
    return result
