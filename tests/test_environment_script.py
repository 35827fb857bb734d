"""packaging/environment.sh, driven through bash with real files; nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "packaging" / "environment.sh"
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the start scripts are for bash")


def bash(code, **variables):
    environment = {"PATH": os.environ["PATH"], **{key: str(value) for key, value in variables.items()}}
    return subprocess.run(
        ["bash", "-c", f'set -euo pipefail; source "{SCRIPT}"; {code}'],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libxcb-icccm.so.4", "libxcb-icccm4"),
        ("libxcb-render-util.so.0", "libxcb-render-util0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libxcb.so.1", "libxcb1"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
    ],
)
def test_a_missing_library_is_named_by_its_debian_package(library, package):
    assert bash(f"debian_package {library}").stdout.strip() == package


def test_missing_libraries_are_found_and_the_exact_command_is_printed(tmp_path):
    plugin = tmp_path / "venv/lib/python3.11/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    executable(
        tmp_path / "bin/ldd",
        "printf '\\tlibxcb-cursor.so.0 => not found\\n\\tlibEGL.so.1 => not found\\n\\tlibc.so.6 => /lib/libc.so.6\\n'",
    )
    executable(tmp_path / "bin/id", "echo 1000")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    code = "has_fonts() { true; }; ensure_qt_libraries platforms/libqxcb.so"
    result = bash(code, PATH=path, MEDSAPIENS_VENV=tmp_path / "venv")
    assert result.returncode == 1
    assert "sudo apt-get install libegl1 libxcb-cursor0\n" in result.stderr


def test_nothing_is_asked_for_when_qt_finds_everything(tmp_path):
    code = "has_fonts() { true; }; ensure_qt_libraries platforms/libqxcb.so"
    result = bash(code, MEDSAPIENS_VENV=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    result = bash("make_venv", MEDSAPIENS_VENV=tmp_path / "mine")
    assert result.returncode == 2
    assert "Move it aside" in result.stderr
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_an_interpreter_that_is_too_old_or_broken_is_passed_over(tmp_path):
    for name in ("python3.11", "python3.12"):
        executable(tmp_path / name, "exit 127")
    found = bash("find_python", PATH=f"{tmp_path}:{os.environ['PATH']}", MEDSAPIENS_PYTHON=tmp_path / "gone")
    assert found.returncode == 0
    assert found.stdout.strip() in {"python3.13", "python3", "python"}


def test_without_python_it_says_what_is_needed(tmp_path):
    code = "usable_python() { false; }; apt_install() { false; }; make_venv"
    result = bash(code, MEDSAPIENS_VENV=tmp_path / "venv")
    assert result.returncode == 2
    assert "Python 3.11 or newer" in result.stderr


def test_packages_are_installed_once_for_each_lock(tmp_path):
    executable(tmp_path / "venv/bin/python", f'echo "$*" >> "{tmp_path}/log"')
    code = "install_locked runtime requirements.lock; install_locked runtime requirements.lock"
    assert bash(code, MEDSAPIENS_VENV=tmp_path / "venv").returncode == 0
    installs = [line for line in (tmp_path / "log").read_text().splitlines() if " install " in line]
    assert len(installs) == 3
    assert "--require-hashes" in installs[0]
    assert installs[1].endswith("torch==2.13.0")
    assert installs[2].endswith(f"--editable {ROOT}")


def test_an_interrupted_install_is_done_again(tmp_path):
    executable(tmp_path / "venv/bin/python", "exit 1")
    result = bash("install_locked runtime requirements.lock", MEDSAPIENS_VENV=tmp_path / "venv")
    assert result.returncode != 0
    assert not (tmp_path / "venv/.installed-runtime").exists()


def test_torch_can_come_from_another_index(tmp_path):
    executable(tmp_path / "venv/bin/python", f'echo "$*" >> "{tmp_path}/log"')
    bash(
        "install_locked runtime requirements.lock",
        MEDSAPIENS_VENV=tmp_path / "venv",
        MEDSAPIENS_TORCH_INDEX="file:///mirror",
    )
    assert "--index-url file:///mirror torch==2.13.0" in (tmp_path / "log").read_text()
