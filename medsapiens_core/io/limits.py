"""How large a picture may be before a decoder is called (formats.md 0.7, 1.1)."""

from __future__ import annotations

import psutil

MAX_PIXELS = 2**29  # a long film of 20000 x 15000 is 3 * 10**8
MAX_FRAMES = 100_000
MAX_INFLATED_BYTES = 2**30
MAX_INFLATE_RATIO = 200
SCRATCH_PREFIX = "medsapiens-"  # of temporary folders, the only place that a reader writes to
MEMORY_SHARE = 0.25  # of the physical memory, for one decoded frame
IN_MEMORY_BYTES = 2**28  # larger files are decoded from the open handle instead of a copy in memory


def size_problem(width: int, height: int, bytes_per_pixel: int, frames: int = 1) -> str | None:
    """Say why a picture of this size is not decoded, None when it may be."""
    if width < 1 or height < 1:
        return "its header states an empty picture"
    if width * height > MAX_PIXELS:
        return f"{width} x {height} pixels are more than the {MAX_PIXELS // 2**20} megapixels that can be opened"
    if frames > MAX_FRAMES:
        return f"{frames} frames are more than the {MAX_FRAMES} that can be opened"
    if width * height * bytes_per_pixel > MEMORY_SHARE * psutil.virtual_memory().total:
        return f"{width} x {height} pixels need more than a quarter of this computer's memory"
    return None


TOO_LARGE_HINT = "Crop or reduce it with another program and open the copy."
