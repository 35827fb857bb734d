import sys
from pathlib import Path

import pytest

from medsapiens_core import resources
from medsapiens_core.errors import EnvironmentProblemError
from medsapiens_core.resources import resource_path


def test_the_source_tree_is_found_without_any_setting(monkeypatch):
    monkeypatch.delenv(resources.VARIABLE, raising=False)
    assert resource_path("templates", "ceph-19.json").is_file()


def test_the_variable_wins(monkeypatch, tmp_path):
    monkeypatch.setenv(resources.VARIABLE, str(tmp_path))
    assert resource_path("icons") == tmp_path / "icons"


def test_a_bundled_build_is_found(monkeypatch, tmp_path):
    (tmp_path / "resources").mkdir()
    monkeypatch.delenv(resources.VARIABLE, raising=False)
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "elsewhere" / "package" / "resources.py"))
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert resource_path("templates") == tmp_path / "resources" / "templates"


def test_a_missing_folder_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv(resources.VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(EnvironmentProblemError, match=r"gone.*Install the program again"):
        resource_path("templates")


def test_nothing_outside_the_folder_is_needed_to_name_a_file():
    assert isinstance(resource_path("models", "x"), Path)
