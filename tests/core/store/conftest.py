from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import pytest

from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE

FIXTURES = Path(__file__).parent / "fixtures"


RAM = Path("/dev/shm")


@pytest.fixture(scope="session")
def ram_disk(tmp_path_factory):
    """A folder in memory where there is one: these tests sync thousands of times, and a kill loses no cache."""
    if not os.access(RAM, os.W_OK):
        yield tmp_path_factory.mktemp("store")
        return
    with tempfile.TemporaryDirectory(dir=RAM, prefix="medsapiens-tests-") as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path(ram_disk):
    with tempfile.TemporaryDirectory(dir=ram_disk) as folder:
        yield Path(folder)


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
