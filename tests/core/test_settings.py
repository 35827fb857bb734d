from pathlib import Path

from medsapiens_core import settings


def test_the_variable_moves_home(monkeypatch, tmp_path):
    monkeypatch.setenv(settings.VARIABLE, str(tmp_path / "not yet there"))
    assert settings.home() == tmp_path / "not yet there"
    assert not settings.home().exists()


def test_a_relative_home_does_not_follow_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(settings.VARIABLE, "here")
    assert settings.home() == tmp_path / "here"


def test_without_the_variable_home_is_the_system_place(monkeypatch):
    monkeypatch.delenv(settings.VARIABLE, raising=False)
    assert settings.home().is_absolute()
    assert settings.home() != Path.home()
