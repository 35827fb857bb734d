"""The guard itself, here and in the child processes that tests start."""

import socket
import subprocess
import sys
import urllib.request

import pytest
from sitecustomize import NetworkUseError, attempts


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
