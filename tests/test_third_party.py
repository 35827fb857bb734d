import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).resolve().parents[1] / "packaging" / "third_party.py"))


@pytest.mark.parametrize("text", ["GPL-3.0-only", "AGPL-3.0-or-later", "GPL-2.0-only OR GPL-3.0-only", "GNU GPL"])
def test_gpl_is_recognised(text):
    assert SCRIPT["is_gpl_only"](text)


@pytest.mark.parametrize(
    "text", ["MIT", "LGPL-3.0-only OR GPL-2.0-only", "LGPL-3.0-only (of the choices offered)", "BSD-3-Clause (GPL-3.0)"]
)
def test_other_licences_pass(text):
    assert not SCRIPT["is_gpl_only"](text)


def test_nothing_at_run_time_is_gpl_only_or_without_a_licence():
    for package in [*SCRIPT["locked"]("requirements.lock"), "torch"]:
        licence = SCRIPT["licence"](package)
        assert licence != "UNKNOWN", package
        assert not SCRIPT["is_gpl_only"](licence), package


def test_the_table_names_every_locked_package():
    text = SCRIPT["TARGET"].read_text(encoding="utf-8")
    for package in [*SCRIPT["locked"]("requirements.lock"), "torch"]:
        assert f"| {package} |" in text
