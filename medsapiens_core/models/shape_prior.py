"""Where landmarks should be, from shapes that are known: each is turned, scaled and shifted onto what was found.

The fit is a similarity (no shear: a patient is not slanted), made robust against wrong points by iterated weights
(Geman and McClure's), and then bent locally towards the points around. All shapes are in heatmap cells.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDS = 8
LEAST_SCALE = 1.5  # cells: points nearer than this to their place are never thought wrong
REACH = 12.0  # cells: how far around it a point bends the shape


def transfer(
    shapes: Tensor, found: Tensor, weights: Tensor, points: Tensor, *, of_themselves: bool = False
) -> tuple[Tensor, Tensor]:
    """Map `points` (M, K, 2) of M examples to a new image by what was `found` (A, 2) of their `shapes` (M, A, 2).

    `weights` (M, A) are 0 where an example lacks a point. `of_themselves`: the points are those of the shapes, and none
    bends its own place. Returns the points (M, K, 2) and the root mean square distance (M,) of the good points.
    """
    trust = weights
    for _ in range(ROUNDS):
        turn, shift = _similarity(shapes, found, trust)
        away = found - _apply(turn, shift, shapes)
        distance = away.norm(dim=-1)
        scale = _weighted_median(distance, weights).clamp(min=LEAST_SCALE)[:, None]
        trust = weights / (1 + (distance / scale) ** 2) ** 2
    residual = ((trust * distance**2).sum(1) / trust.sum(1).clamp(min=1e-9)).sqrt()
    moved = _apply(turn, shift, points)
    return moved + _bend(_apply(turn, shift, shapes), away, trust, moved, of_themselves), residual


def _similarity(shapes: Tensor, found: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Complex factor and shift (M,) that map each shape onto `found` with the least weighted square error."""
    share = weights / weights.sum(1, keepdim=True).clamp(min=1e-9)
    source, target = _complex(shapes), _complex(found).expand(len(shapes), -1)
    centre, goal = (share * source).sum(1), (share * target).sum(1)
    source, target = source - centre[:, None], target - goal[:, None]
    power = (share * source.abs() ** 2).sum(1)
    turn = (share * source.conj() * target).sum(1) / power.clamp(min=1e-9)
    turn = torch.where(power > 1e-6, turn, torch.ones_like(turn))  # one point says nothing of size and direction
    return turn, goal - turn * centre


def _complex(points: Tensor) -> Tensor:
    return torch.complex(points[..., 0], points[..., 1])


def _apply(turn: Tensor, shift: Tensor, points: Tensor) -> Tensor:
    return torch.view_as_real(turn[:, None] * _complex(points) + shift[:, None])


def _weighted_median(values: Tensor, weights: Tensor) -> Tensor:
    """Median (M,) of values (M, A) whose weight is above 0; 0 where there is none."""
    known = values.masked_fill(weights <= 0, torch.nan)
    return known.nanmedian(1).values.nan_to_num()


def _bend(places: Tensor, away: Tensor, trust: Tensor, moved: Tensor, of_themselves: bool) -> Tensor:
    """Shift (M, K, 2) of `moved` by the mean of how far the points around are off; nothing where none is near."""
    near = torch.exp(-((moved[:, :, None] - places[:, None]) ** 2).sum(-1) / (2 * REACH**2)) * trust[:, None]
    if of_themselves:
        near = near * (1 - torch.eye(near.shape[-1], dtype=near.dtype, device=near.device))
    return (near[..., None] * away[:, None]).sum(2) / (near.sum(-1, keepdim=True) + trust.mean(1)[:, None, None])
