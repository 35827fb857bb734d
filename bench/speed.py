"""How long one film of 1935 x 2400 takes on this computer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from bench.contestants import Contestant
from bench.predict_speed import noise_film, seconds
from medsapiens_core.data.template_file import find_template
from medsapiens_core.io import read_image

REAL_FILM = "ceph/images/001.jpg"


@dataclass(frozen=True)
class Speed:
    """Seconds on the CPU. `load` a model, `end_to_end` from file to points, `repeated` on a film in memory; medians."""

    placed_by: str
    template: str
    film: str
    threads: int
    load: float
    end_to_end: float
    repeated: float
    parameters: int
    bytes: int


def measure_speed(load: Callable[[], Contestant], data: Path, repeat: int) -> Speed:
    """Load, then place the points of one film `repeat` times each way, after one call that plans memory and kernels."""
    began = time.perf_counter()
    contestant = load()
    load_seconds = time.perf_counter() - began
    known = sorted(contestant.templates)
    template = find_template("ceph-19" if "ceph-19" in known else known[0])
    with tempfile.TemporaryDirectory() as folder:
        path = data / REAL_FILM if (data / REAL_FILM).is_file() else noise_film(Path(folder))
        image = read_image(path)
        contestant.place(image, template)
        return Speed(
            placed_by=contestant.name,
            template=template.id,
            film=f"{path.name}, {image.width} x {image.height}",
            threads=torch.get_num_threads(),
            load=load_seconds,
            end_to_end=seconds(lambda: contestant.place(read_image(path), template), repeat),
            repeated=seconds(lambda: contestant.place(image, template), repeat),
            parameters=contestant.parameters,
            bytes=contestant.bytes,
        )
