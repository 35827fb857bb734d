"""What models are worth is read once from their packages and shared by all who ask."""

import pytest

from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.transfer import calibrations
from medsapiens_core.transfer.calibrations import Calibrations

from ...e2e.pack_models import add_stand_in

TEMPLATE = find_template("chest-6")


@pytest.fixture
def library(tmp_path):
    return ModelLibrary(tmp_path / "home", embedded=tmp_path / "none")


@pytest.fixture
def readings(monkeypatch):
    """The folders of the packages that are read."""
    folders, read = [], calibrations.read_calibrations
    monkeypatch.setattr(calibrations, "read_calibrations", lambda folder: folders.append(folder.name) or read(folder))
    return folders


def test_each_package_is_read_once_whoever_asks(library, readings):
    first = add_stand_in(library, TEMPLATE, "s1")
    shared = Calibrations(library, TEMPLATE)
    assert not shared.knows(first.id)
    assert set(shared.all()) == {first.id} and shared.knows(first.id)
    shared.read(first.id)
    assert shared.all()[first.id].n_images == 400
    second = add_stand_in(library, TEMPLATE, "s2")
    assert set(shared.all()) == {first.id, second.id}
    assert readings == ["s1", "s2"]


def test_a_damaged_model_does_not_hide_the_others(library):
    sound, damaged = add_stand_in(library, TEMPLATE, "s1"), add_stand_in(library, TEMPLATE, "s2")
    next(damaged.folder.glob("calibration*")).write_text("{")
    shared = Calibrations(library, TEMPLATE)
    assert set(shared.all()) == {sound.id}
    assert shared.knows(damaged.id) and shared.covariances(None) == {}


def test_a_model_of_another_template_and_an_unknown_one_are_worth_nothing(library):
    other = add_stand_in(library, find_template("ceph-19"), "skulls")
    shared = Calibrations(library, TEMPLATE)
    shared.read("gone@1")
    assert shared.knows("gone@1") and shared.all() == {}
    shared.read(other.id)
    assert shared.knows(other.id) and shared.all() == {}
