"""Refuses the network to this process, with an audit hook that cannot be taken out again.

Python imports a module of this name at start, so putting this folder on PYTHONPATH covers the child processes that the
tests start as well. Local sockets (AF_UNIX) stay allowed. Rule: reliability.md 7, P1.
"""

import os
import socket
import sys

LOCAL = {getattr(socket, "AF_UNIX", None), socket.AF_UNSPEC}
LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "urllib.Request"}

LOG = "MEDSAPIENS_NETWORK_LOG"  # names a file to which every process adds its attempts, also those that were hidden
ROLL = "MEDSAPIENS_NETWORK_ROLL"  # names a file to which every process that is guarded adds its command line

attempts: list[str] = []


class NetworkUseError(BaseException):
    """Not an Exception, so that no `except Exception` in the code under test hides it."""


def _note(variable, text):
    if os.environ.get(variable):
        handle = os.open(os.environ[variable], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{os.getpid()} {text}\n".encode())
        os.close(handle)


def _watch(event, args):
    if event in LOOKUPS or (event == "socket.__new__" and args[1] not in LOCAL):
        attempts.append(f"{event}{args[1:]!r}")
        _note(LOG, attempts[-1])
        raise NetworkUseError(f"the network was used: {attempts[-1]}")


def attempts_of_children() -> list[str]:
    """What other processes have tried since this was last asked."""
    path = os.environ.get(LOG, "")
    if not os.path.exists(path):  # noqa: PTH110 (this module is loaded by every process, as early as can be)
        return []
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        lines = stream.read().splitlines()
    os.unlink(path)  # noqa: PTH108
    return [line for line in lines if not line.startswith(f"{os.getpid()} ")]


sys.addaudithook(_watch)
_note(ROLL, " ".join(sys.orig_argv))
