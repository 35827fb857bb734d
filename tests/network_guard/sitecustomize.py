"""Refuses the network to this process, with an audit hook that cannot be taken out again.

Python imports a module of this name at start, so putting this folder on PYTHONPATH covers the child processes that the
tests start as well. Local sockets (AF_UNIX) stay allowed. Rule: reliability.md 7, P1.
"""

import socket
import sys

LOCAL = {getattr(socket, "AF_UNIX", None), socket.AF_UNSPEC}
LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "urllib.Request"}

attempts: list[str] = []


class NetworkUseError(BaseException):
    """Not an Exception, so that no `except Exception` in the code under test hides it."""


def _watch(event, args):
    if event in LOOKUPS or (event == "socket.__new__" and args[1] not in LOCAL):
        attempts.append(f"{event}{args[1:]!r}")
        raise NetworkUseError(f"the network was used: {attempts[-1]}")


sys.addaudithook(_watch)
