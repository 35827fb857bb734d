"""Drawings of the report as inline SVG; every text goes through `html.escape`."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.figures import Figure, length

COLOURS = ("#1f6fb4", "#c4622d", "#5b8c3a", "#7a5ba6")
LABEL, PLOT, BAR, GAP = 150, 520, 9, 6  # px: space of names, of bars, height of a bar, space between landmarks
TRUTH, FOUND = "#38d430", "#ff4136"
JPEG_QUALITY = 80


def error_bars(series: Mapping[str, Mapping[str, Figure]], unit: str) -> str:
    """One group of bars for each landmark, one bar with its 95 % interval for each of `series` (name -> landmarks)."""
    names = list(next(iter(series.values())))
    finite = [v for marks in series.values() for f in marks.values() for v in (f.value, f.high) if np.isfinite(v)]
    scale = PLOT / max([*finite, 1e-9])
    group = BAR * len(series) + GAP
    parts = [_axis(scale, group * len(names), unit)]
    for row, name in enumerate(names):
        top = row * group
        parts.append(f'<text x="{LABEL - 6}" y="{top + group / 2:.1f}" text-anchor="end">{escape(name)}</text>')
        for k, (title, marks) in enumerate(series.items()):
            said = f"{name}, {title}: {length(marks[name], unit)}"
            parts.append(_bar(marks[name], top + BAR * k, scale, COLOURS[k % len(COLOURS)], said))
    height = group * len(names) + 24
    width = LABEL + PLOT + 40
    return f'<svg class="bars" viewBox="0 0 {width} {height}" width="{width}">{"".join(parts)}</svg>'


def _bar(figure: Figure, top: float, scale: float, colour: str, title: str) -> str:
    if not np.isfinite(figure.value):
        return ""
    middle = top + BAR / 2
    bar = f'<rect x="{LABEL}" y="{top}" width="{figure.value * scale:.1f}" height="{BAR - 1}" fill="{colour}"/>'
    if np.isfinite([figure.low, figure.high]).all():
        low, high = LABEL + figure.low * scale, LABEL + figure.high * scale
        bar += (
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6" class="w"/>'
        )
    return f"<g><title>{escape(title)}</title>{bar}</g>"


def _axis(scale: float, height: float, unit: str) -> str:
    step = _round_step(PLOT / scale / 5)
    parts = []
    for k in range(int(PLOT / scale / step) + 1):
        x = LABEL + k * step * scale
        parts.append(f'<path d="M{x:.1f} 0V{height}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{height + 14}" text-anchor="middle">{k * step:g} {escape(unit)}</text>')
    return "".join(parts)


def _round_step(value: float) -> float:
    """1, 2 or 5 times a power of ten, not below `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= value * (1 - 1e-9)))


def legend(names: Sequence[str]) -> str:
    """Which colour is whose."""
    marks = (
        f'<span style="color:{COLOURS[k % len(COLOURS)]}">&#9632;</span> {escape(name)}' for k, name in enumerate(names)
    )
    return f"<p>{' &nbsp; '.join(marks)}</p>"


def film_picture(
    grey: NDArray[np.uint8], truth: NDArray[np.float64], found: NDArray[np.float64], names: Sequence[str], side: int
) -> str:
    """A film reduced to at most `side` px with true (circles) and found points (crosses), joined by their vectors.

    `truth` and `found` are (K, 2) in px of `grey`, NaN where there is none.
    """
    factor = min(1.0, side / max(grey.shape))
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    encoded = cv2.imencode(
        ".jpg", cv2.resize(grey, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    )[1]
    data = base64.b64encode(encoded.tobytes()).decode()
    ratio = np.array(size) / grey.shape[::-1]  # (x + 0.5) because a drawing counts from the edge of the first pixel
    marks = "".join(
        _mark((true + 0.5) * ratio, (point + 0.5) * ratio, name)
        for true, point, name in zip(truth, found, names, strict=True)
    )
    return (
        f'<svg viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}">'
        f'<image href="data:image/jpeg;base64,{data}" width="{size[0]}" height="{size[1]}"/>{marks}</svg>'
    )


def _mark(true: NDArray[np.float64], found: NDArray[np.float64], name: str) -> str:
    parts = [f"<title>{escape(name)}</title>"]
    seen = np.isfinite(true).all(), np.isfinite(found).all()
    if all(seen):
        parts.append(f'<path d="M{true[0]:.1f} {true[1]:.1f}L{found[0]:.1f} {found[1]:.1f}" stroke="#ffdc00"/>')
    if seen[0]:
        parts.append(f'<circle cx="{true[0]:.1f}" cy="{true[1]:.1f}" r="3.5" fill="none" stroke="{TRUTH}"/>')
    if seen[1]:
        x, y = found
        parts.append(f'<path d="M{x - 3:.1f} {y - 3:.1f}l6 6m0 -6l-6 6" stroke="{FOUND}"/>')
    return f"<g>{''.join(parts)}</g>"
