"""Made-up states for the views; nothing here comes from a file."""

import numpy as np

from app.session.view_state import CaseListRow, ImageState, LandmarkRow, MarkerState

NAMES = ("Sella", "Nasion", "Orbitale", "Porion", "A point", "B point", "Pogonion", "Menton", "Gnathion", "Gonion")
NAMES = (*NAMES, "Lower incisor", "Upper incisor")


def image(width=400, height=300, case_id=1, *, dtype=np.uint16, row_mm=None, col_mm=None, **more):
    top = 255 if dtype == np.uint8 else 4095
    pixels = np.linspace(0, top, width * height).reshape(height, width).astype(dtype)
    pixels.setflags(write=False)
    return ImageState(case_id, f"case {case_id}", pixels, (0.0, float(top)), row_mm=row_mm, col_mm=col_mm, **more)


def marker(number, x, y, label="predicted", *, current=False, ghost=None):
    name = NAMES[number - 1]
    shown = ghost or ((x, y) if label in ("predicted", "confirmed") else None)
    return MarkerState(name.lower(), number, name, name[:2], label, x, y, 0.5, current, ghost, prediction_xy=shown)


def row(number, label="predicted", **more):
    name = NAMES[number - 1]
    return LandmarkRow(number, name.lower(), name, name[:2], label, 0.5, definition=f"Where {name} is.", **more)


def case(case_id, state="new", decided=0, flagged=False, part="train"):
    return CaseListRow(case_id, f"case {case_id}", state, flagged, decided, 12, 0.4, part)
