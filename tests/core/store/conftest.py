from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "skulls.mss", name="Skulls", template=TEMPLATE) as project:
        yield project


@pytest.fixture
def schema_1(tmp_path):
    """A project that the program wrote when its schema was 1."""
    with zipfile.ZipFile(FIXTURES / "schema_1.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / "schema_1.mss"
