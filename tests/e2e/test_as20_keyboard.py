"""AS20: AS01 without a mouse at 150 %, dark and light: the focus is always seen, markers differ without colour."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEAST_RING = 100  # device pixels that a focus ring changes at the least
LEAST_DIFFERENCE = 12.0  # greys, on average over a marker


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_as20_as01_without_a_mouse_at_150_percent(pack_a, tmp_path, theme):
    pictures = Path(os.environ.get("MEDSAPIENS_PICTURES", tmp_path))
    command = [sys.executable, "-m", "tests.e2e.keyboard_run", pack_a.home, pack_a.folder, theme, pictures]
    own = {"QT_SCALE_FACTOR": "1.5", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **own}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    seen = json.loads(run.stdout.splitlines()[-1])
    assert seen["ratio"] == 1.5
    assert seen["toast"] == "Confirm 14 below 2.0 mm? Shift+Space again"
    assert (seen["keys"], seen["decided"], seen["reviewed"]) == (8, 19, "A01.dcm marked reviewed.")
    assert {"welcome", "image", "Cases", "Landmarks"} <= set(seen["rings"])
    assert min(seen["rings"].values()) >= LEAST_RING, seen["rings"]
    assert set(seen["states"]) == {"confirmed", "corrected", "estimated", "predicted"}
    assert min(seen["alike"].values()) >= LEAST_DIFFERENCE, seen["alike"]
