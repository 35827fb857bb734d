"""Read the next picture while the network is busy with the present one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


def read_ahead(function: Callable[[Given], Result], items: Iterable[Given]) -> Iterator[Result]:
    """Yield `function(item)` in order, computed one item ahead in another thread; its error is raised in its turn."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        waiting = iter(items)
        following = [pool.submit(function, item) for item in _first(waiting)]
        while following:
            present = following.pop()
            following = [pool.submit(function, item) for item in _first(waiting)]
            yield present.result()


def _first(items: Iterator[Given]) -> list[Given]:
    for item in items:
        return [item]
    return []
