"""Mutations of real files: cut, change, extreme lengths, delete, insert, splice (reliability.md 12.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

HEADER = 6000  # bytes; most mutations hit the beginning, where the structure is
EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\xfe\xff\xff\xff")


def mutant(seeds: Sequence[bytes], rng: np.random.Generator) -> bytes:
    """One of the seeds with one to three mutations."""
    data = bytearray(seeds[int(rng.integers(len(seeds)))])
    for _ in range(int(rng.integers(1, 4))):
        if len(data) > 8:
            _mutate(data, seeds, rng)
    return bytes(data)


def _mutate(data: bytearray, seeds: Sequence[bytes], rng: np.random.Generator) -> None:
    reach = min(len(data), HEADER) if rng.random() < 0.7 else len(data)
    start = int(rng.integers(0, reach))
    kind = int(rng.integers(6))
    if kind == 0:
        del data[start:]
    elif kind == 1:
        for place in rng.integers(0, reach, int(rng.integers(1, 33))).tolist():
            data[place] = int(rng.integers(256))
    elif kind == 2:
        data[start : start + 4] = EXTREMES[int(rng.integers(len(EXTREMES)))]
    elif kind == 3:
        del data[start : start + int(rng.integers(1, 65))]
    elif kind == 4:
        data[start:start] = rng.bytes(int(rng.integers(1, 65)))
    else:
        other = seeds[int(rng.integers(len(seeds)))]
        data[start:] = other[min(start, len(other)) :]
