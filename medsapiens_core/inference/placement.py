"""Whether found landmarks lie as on ordinary films, and where to look again if they do not. Needs no torch.

A film may fill only part of a photograph or stand askew. The first look's points say how (a similarity onto the mean
shape of the training films); the second look shows the network the same film in its usual place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.geometry import Affine2D, Size
from medsapiens_core.models.config import Placement

Floats = NDArray[np.float64]
SLACK = 1.1  # how far beyond the training films' range a film may stray before it is looked at again
IMPLAUSIBLE = 1.6  # times the training films' largest residual: these points are not that anatomy


@dataclass(frozen=True)
class Pose:
    """How points lie against the mean shape. `residual` is over the size of the shape (root mean square radius)."""

    scale: float
    rotation_deg: float
    shift: float  # of the centre, over the input's height
    residual: float
    to_mean: Affine2D  # from the points' place to the mean shape's, input pixels


def mean_points(placement: Placement, input_size: Size) -> Floats:
    """The mean shape (K, 2) in input pixels."""
    return np.array(placement.mean) * (np.array(input_size) - 1.0)


def measure_pose(xy_input: Floats, weights: Floats, placement: Placement, input_size: Size) -> Pose | None:
    """Fit the mean shape onto points (K, 2) in input pixels by a weighted similarity; None for under two points.

    Least squares of one complex factor (scale and turn) about the weighted centres: Umeyama (1991) for the plane.
    """
    mean = mean_points(placement, input_size)
    used = np.isfinite(xy_input).all(axis=1) & (weights > 0)
    if np.count_nonzero(used) < 2:
        return None
    w = weights[used] / weights[used].sum()
    found, usual = (points[used] @ np.array([1, 1j]) for points in (xy_input, mean))
    centre_found, centre_usual = w @ found, w @ usual
    a, b = usual - centre_usual, found - centre_found
    radius = math.sqrt(float(w @ abs(a) ** 2))
    factor = (w @ (a.conj() * b)) / radius**2
    if not abs(factor) > 1e-6:
        return None
    residual = math.sqrt(float(w @ abs(b / factor - a) ** 2)) / radius
    back = 1 / factor
    offset = centre_usual - back * centre_found
    matrix = np.array([[back.real, -back.imag, offset.real], [back.imag, back.real, offset.imag]])
    shift = abs(centre_found - centre_usual) / input_size[1]
    return Pose(abs(factor), math.degrees(np.angle(factor)), shift, residual, Affine2D(matrix))


def best_pose(
    xy_input: Floats, weights: Floats, placement: Placement, flip_index: Sequence[int], input_size: Size
) -> Pose | None:
    """The pose against the mean shape, or against its mirror image where that fits better and may be."""
    pose = measure_pose(xy_input, weights, placement, input_size)
    if pose is None or not placement.either_side:
        return pose
    other = measure_pose(xy_input, weights, mirrored(placement, flip_index), input_size)
    return other if other is not None and other.residual < pose.residual else pose


def mirrored(placement: Placement, flip_index: Sequence[int]) -> Placement:
    """The placement of mirrored films."""
    mean = tuple((1 - placement.mean[k][0], placement.mean[k][1]) for k in flip_index)
    return placement.model_copy(update={"mean": mean})


def in_order(placement: Placement, order: Sequence[int]) -> Placement:
    """The placement with its landmarks in another order; `order` holds positions in the present one."""
    return placement.model_copy(update={"mean": tuple(placement.mean[k] for k in order)})


def is_usual(pose: Pose, placement: Placement) -> bool:
    """True when a film lies as the training films do."""
    low, high = placement.scale
    return (
        low / SLACK <= pose.scale <= high * SLACK
        and abs(pose.rotation_deg) <= placement.rotation * SLACK
        and pose.shift <= placement.shift * SLACK
    )


def is_plausible(pose: Pose | None, placement: Placement) -> bool:
    """False when the points do not form the template's shape by far."""
    return pose is not None and pose.residual <= IMPLAUSIBLE * placement.residual


def summarise_placement(shapes: list[Floats], input_size: Size, *, either_side: bool = False) -> Placement | None:
    """Mean shape and range of training films: (K, 2) input pixels each, NaN where unlabelled; None when too few.

    Landmarks that no film has make a placement impossible (None).
    """
    stack = np.array(shapes) if shapes else np.empty((0, 0, 2))
    if len(stack) < 3 or not np.isfinite(stack).any(axis=0).all():
        return None
    mean = np.nanmean(stack, axis=0)
    relative = mean / (np.array(input_size) - 1.0)
    draft = Placement(
        mean=tuple((float(x), float(y)) for x, y in relative),
        scale=(1, 1),
        rotation=0,
        shift=0,
        residual=0,
        either_side=either_side,
    )
    weights = [np.isfinite(shape).all(axis=1).astype(float) for shape in stack]
    poses = [measure_pose(shape, w, draft, input_size) for shape, w in zip(stack, weights, strict=True)]
    known = [pose for pose in poses if pose is not None]
    scales = [pose.scale for pose in known]
    return draft.model_copy(
        update={
            "scale": (min(scales), max(scales)),
            "rotation": max(abs(pose.rotation_deg) for pose in known),
            "shift": max(pose.shift for pose in known),
            "residual": max(pose.residual for pose in known),
        }
    )
