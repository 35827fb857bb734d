"""How long one frame of the image view takes while a large film is panned, zoomed and windowed.

`QT_QPA_PLATFORM=offscreen python -m bench.view_speed [WIDTHxHEIGHT ...]`, by default 3080x9036 and 20000x15000, 16 bit.
Prints processor time of the window's thread (what it takes on a machine that does nothing else) and the clock's.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from app.qt_application import make_qt_application
from app.session.view_state import ImageState, MarkerState
from app.views.image_view import ImageView
from medsapiens_core.io.pyramid import build_pyramid

SIZES = ("3080x9036", "20000x15000")
VIEW = (1280, 860)
FRAMES = 40
LANDMARKS = 68


def film(width: int, height: int) -> NDArray[np.uint16]:
    """A grey ramp with noise, 16 bit, made in strips."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 2000, (512, width), dtype=np.uint16)
    pixels = np.empty((height, width), np.uint16)
    across = np.linspace(0, 20000, width, dtype=np.uint16)
    for top in range(0, height, 512):
        rows = min(512, height - top)
        pixels[top : top + rows] = across + np.uint16(top * 40000 // height) + noise[:rows]
    return pixels


def markers(width: int, height: int) -> Iterator[MarkerState]:
    """Landmarks all over the film, each with its region."""
    rng = np.random.default_rng(1)
    for k, (x, y) in enumerate(rng.uniform((0, 0), (width - 1, height - 1), (LANDMARKS, 2)).tolist()):
        name = f"Landmark {k + 1}"
        yield MarkerState(
            name,
            k + 1,
            name,
            f"L{k + 1}",
            "predicted",
            x,
            y,
            0.5,
            not k,
            prediction_xy=(x, y),
            region=(60.0, 30.0, 20.0),
        )


def frame_times(view: ImageView, act: Callable[[int], object]) -> list[float]:
    """Of each act with everything that is drawn because of it: median and 95 % of processor ms, then of clock ms."""
    busy, taken = [], []
    for number in range(FRAMES):
        start, own = time.perf_counter(), time.thread_time()
        act(number)
        view.viewport().repaint()
        busy.append(1000 * (time.thread_time() - own))
        taken.append(1000 * (time.perf_counter() - start))
    return [round(float(np.percentile(times, share)), 1) for times in (busy, taken) for share in (50, 95)]


def measure(view: ImageView, width: int, height: int) -> dict[str, object]:
    """Every kind of movement at fit, 100 % and 800 %."""
    pixels = film(width, height)
    start = time.perf_counter()
    pyramid = build_pyramid(pixels)
    figures: dict[str, object] = {"film": f"{width}x{height}", "pyramid_s": round(time.perf_counter() - start, 2)}
    view.set_image(ImageState(1, "film", pixels, (0.0, 65535.0), pyramid=pyramid))
    view.set_markers(list(markers(width, height)))
    view.layer.regions = "all"
    middle = QPointF(VIEW[0] / 2, VIEW[1] / 2)
    acts: dict[str, Callable[[int], object]] = {
        "pan": lambda k: view.pan(9 if k % 20 < 10 else -9, 5),
        "zoom": lambda k: view.zoom_by(1.15 if k % 10 < 5 else 1 / 1.15, middle),
        "window": lambda k: view.change_window(100.0 * k, 60000.0 - 300 * k),
    }
    for name, zoom in (("fit", 0.0), ("100 %", 1.0), ("800 %", 8.0)):
        view.fit()
        if zoom:
            view.look_at((width / 2, height / 2), zoom)
        view.viewport().repaint()
        for what, act in acts.items():
            figures[f"{what} {name}"] = frame_times(view, act)
    view.set_image(None)
    return figures


def main() -> None:
    """Print a table and one JSON line for each film."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=SIZES)
    make_qt_application()
    view = ImageView()
    view.resize(*VIEW)
    view.show()
    QApplication.processEvents()
    for size in parser.parse_args().sizes:
        width, height = (int(side) for side in size.split("x"))
        figures = measure(view, width, height)
        print(f"{figures['film']}  16 bit, {LANDMARKS} landmarks, reduced copies made in {figures['pyramid_s']} s")
        for name, value in figures.items():
            if isinstance(value, list):
                busy, busy_95, clock, clock_95 = value
                print(
                    f"  {name:14s} processor {busy:6.1f} ms, 95 % {busy_95:6.1f}   clock {clock:6.1f}, {clock_95:6.1f}"
                )
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
