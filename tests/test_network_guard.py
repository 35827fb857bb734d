"""The guard itself, here and in the child processes that tests start."""

import socket
import subprocess
import sys
import urllib.request

import pytest
from sitecustomize import NetworkUseError, attempts, attempts_of_children


@pytest.mark.parametrize(
    "use",
    [
        lambda: socket.socket(socket.AF_INET),
        lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        lambda: socket.create_connection(("localhost", 9)),
        lambda: socket.gethostbyname("localhost"),
        lambda: urllib.request.urlopen("http://localhost:9/"),
    ],
)
def test_the_network_is_refused(use):
    with pytest.raises(NetworkUseError):
        use()
    assert attempts
    attempts.clear()


def test_local_sockets_are_allowed():
    left, right = socket.socketpair()
    with left, right:
        left.sendall(b"x")
        assert right.recv(1) == b"x"


def test_child_processes_are_covered():
    code = "import socket; socket.socket(socket.AF_INET)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert child.returncode != 0
    assert "NetworkUseError" in child.stderr
    assert len(attempts_of_children()) == 1


def test_what_a_child_process_hides_is_seen():
    code = "import socket\ntry:\n    socket.socket(socket.AF_INET)\nexcept BaseException:\n    pass"
    subprocess.run([sys.executable, "-c", code], check=True)
    (attempt,) = attempts_of_children()
    assert "socket.__new__" in attempt


def test_no_module_of_the_program_connects_or_loads_the_network_parts_of_qt_when_imported():
    """Start, import, prediction, fine-tuning and export run under the same guard in the tests of each."""
    code = (
        "import importlib, pkgutil, sys, app, medsapiens_core\n"
        "skipped = ('.__main__', '.migrations')\n"
        "for package in (app, medsapiens_core):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not any(part in found.name for part in skipped):\n"
        "            importlib.import_module(found.name)\n"
        "print(sorted({'PySide6.QtNetwork', 'aiohttp', 'requests', 'pynetdicom'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (child.returncode, child.stdout.strip()) == (0, "[]"), child.stderr
    assert attempts_of_children() == []
