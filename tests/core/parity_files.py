"""The parity files made with the original Sapiens code; they are not part of the repository."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

PARITY = Path(__file__).parents[2] / ".." / "shared" / "parity"


def parity_path(name: str) -> Path:
    path = PARITY / name
    if not path.is_file():
        pytest.skip(f"parity file {name} is not on this computer (expected beside the repository in shared/parity)")
    return path


def parity_arrays(name: str) -> dict[str, NDArray]:
    with np.load(parity_path(name)) as arrays:
        return dict(arrays)
