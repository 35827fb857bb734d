"""The label definition that a CVAT task needs before it takes our skeletons."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from medsapiens_core.data.template import Template

_DOT = (
    '<circle r="1.5" stroke="black" fill="#b3b3b3" cx="{x}" cy="{y}" stroke-width="0.1" data-type="element node" '
    'data-element-id="{n}" data-node-id="{n}" data-label-name="{name}"></circle>'
)
_LINE = (
    '<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="black" data-type="edge" data-node-from="{a}" '
    'stroke-width="0.5" data-node-to="{b}"></line>'
)


def label_definition(template: Template) -> list[dict[str, Any]]:
    """For CVAT's raw label editor: one skeleton label, a points sub-label for each landmark, dots on a grid."""
    at = _grid(len(template))
    lines = []
    for first, second in template.lines:
        a, b = template.index[first], template.index[second]
        (x1, y1), (x2, y2) = at[a], at[b]
        lines.append(_LINE.format(x1=x1, y1=y1, x2=x2, y2=y2, a=a + 1, b=b + 1))
    dots = [
        _DOT.format(x=at[k][0], y=at[k][1], n=k + 1, name=escape(landmark)) for k, landmark in enumerate(template.ids)
    ]
    sublabels = [{"name": landmark, "type": "points", "attributes": []} for landmark in template.ids]
    svg = "".join(lines + dots)
    return [{"name": template.id, "type": "skeleton", "attributes": [], "sublabels": sublabels, "svg": svg}]


def _grid(count: int) -> list[tuple[float, float]]:
    """Places for `count` dots in a square of 100, row by row."""
    columns = max(math.ceil(math.sqrt(count)), 1)
    step = 100 / (columns + 1)
    return [(round((k % columns + 1) * step, 3), round((k // columns + 1) * step, 3)) for k in range(count)]
