"""Where the names of landmarks go: beside their marker, off the neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

XY = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
NEAREST = 18.0  # names are hidden where markers are closer than this, in logical pixels
GAP = 10.0
MARK = 7.0  # a marker is so large in every direction
ARMS = 24.0  # the current marker has arms, its name stays clear of them


def place_names(points: Sequence[XY], sizes: Sequence[XY], current: int | None) -> Mapping[int, XY]:
    """Top-left corner of the name of each point that gets one; (N) points and name sizes in logical pixels.

    The current landmark always has its name and chooses first; a name that fits nowhere is left out.
    """
    crowded = _crowded(points)
    marks = sorted((x, y, i) for i, (x, y) in enumerate(points))
    placed: dict[int, XY] = {}
    taken: list[Box] = []
    for i in sorted(range(len(points)), key=lambda i: i != current):
        if i == current or i not in crowded:
            boxes = _candidates(points[i], sizes[i], i == current)
            box = _free_box(i, boxes, marks, i == current, taken)
            if box is not None:
                placed[i] = box[:2]
                taken.append(box)
    return placed


class NamePlaces:
    """Places of names that stay as they are while all points move together, as they do when the film is panned."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._beside: dict[int, XY] = {}  # point -> from it to the corner of its name

    def of(self, points: Sequence[XY], sizes: Sequence[XY], current: int | None) -> dict[int, XY]:
        """As `place_names`; worked out again only where the points lie otherwise to each other."""
        x0, y0 = points[0] if points else (0.0, 0.0)
        key = (current, tuple(sizes), tuple((round(x - x0, 2), round(y - y0, 2)) for x, y in points))
        if key != self._key:
            placed = place_names(points, sizes, current)
            self._key = key
            self._beside = {i: (x - points[i][0], y - points[i][1]) for i, (x, y) in placed.items()}
        return {i: (points[i][0] + dx, points[i][1] + dy) for i, (dx, dy) in self._beside.items()}


def _free_box(
    own: int, boxes: Sequence[Box], marks: Sequence[tuple[float, float, int]], is_current: bool, taken: Sequence[Box]
) -> Box | None:
    for box in boxes:
        if not any(_overlap(box, other) for other in taken) and not _covers_marker(box, marks, own):
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


def _covers_marker(box: Box, marks: Sequence[tuple[float, float, int]], own: int) -> bool:
    """`marks` are sorted by x, so that only those beside the box are looked at."""
    left, top, right, bottom = box[0] - MARK, box[1] - MARK, box[2] + MARK, box[3] + MARK
    first = bisect_right(marks, left, key=lambda mark: mark[0])
    last = bisect_left(marks, right, key=lambda mark: mark[0])
    return any(top < y < bottom and i != own for _, y, i in marks[first:last])
