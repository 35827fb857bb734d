"""Where the names of landmarks go: beside their marker, off the neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

XY = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
NEAREST = 18.0  # names are hidden where markers are closer than this, in logical pixels
GAP = 10.0
ARMS = 24.0  # the current marker has arms, its name stays clear of them


def place_names(points: Sequence[XY], sizes: Sequence[XY], current: int | None) -> Mapping[int, XY]:
    """Top-left corner of the name of each point that gets one; (N) points and name sizes in logical pixels.

    The current landmark always has its name and chooses first; a name that fits nowhere is left out.
    """
    crowded = _crowded(points)
    placed: dict[int, XY] = {}
    taken: list[Box] = []
    for i in sorted(range(len(points)), key=lambda i: i != current):
        if i == current or i not in crowded:
            box = _free_box(i, points, sizes[i], i == current, taken)
            if box is not None:
                placed[i] = box[:2]
                taken.append(box)
    return placed


def _free_box(own: int, points: Sequence[XY], size: XY, is_current: bool, taken: Sequence[Box]) -> Box | None:
    boxes = _candidates(points[own], size, is_current)
    for box in boxes:
        if not any(_overlap(box, other) for other in taken) and not _covers_marker(box, points, own):
            return box
    return boxes[0] if is_current else None


def _candidates(point: XY, size: XY, is_current: bool) -> list[Box]:
    """Right, left, above, below, then the four diagonals."""
    (x, y), (w, h) = point, size
    side, up = (ARMS, ARMS) if is_current else (GAP, GAP - 2)
    near = 6.0
    corners = [
        (x + side, y - h / 2),
        (x - side - w, y - h / 2),
        (x - w / 2, y - up - h),
        (x - w / 2, y + up),
        (x + near, y - near - h),
        (x + near, y + near),
        (x - near - w, y - near - h),
        (x - near - w, y + near),
    ]
    return [(left, top, left + w, top + h) for left, top in corners]


def _crowded(points: Sequence[XY]) -> set[int]:
    by_x = sorted(range(len(points)), key=lambda i: points[i][0])
    crowded: set[int] = set()
    for place, i in enumerate(by_x):
        for j in by_x[place + 1 :]:
            if points[j][0] - points[i][0] >= NEAREST:
                break
            if abs(points[j][1] - points[i][1]) < NEAREST:
                crowded.update((i, j))
    return crowded


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _covers_marker(box: Box, points: Sequence[XY], own: int) -> bool:
    r = 7.0
    return any(
        i != own and box[0] - r < x < box[2] + r and box[1] - r < y < box[3] + r for i, (x, y) in enumerate(points)
    )
