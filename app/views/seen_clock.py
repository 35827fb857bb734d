"""For how long each landmark has been in view with the overlays on, since the case was opened (ux.md 6.5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping


class SeenClock:
    """Told at every drawing which landmarks are in view; they count as seen until the next drawing says otherwise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds: dict[str, float] = {}
        self._in_view: frozenset[str] = frozenset()
        self._since = clock()

    def note(self, in_view: Iterable[str]) -> None:
        """From now on these are in view."""
        self._count()
        self._in_view = frozenset(in_view)

    def reset(self) -> None:
        """Another case: nothing has been seen of it."""
        self._seconds.clear()
        self.note(())

    def seconds(self) -> Mapping[str, float]:
        """Seconds in view by landmark; those never seen are missing."""
        self._count()
        return dict(self._seconds)

    def _count(self) -> None:
        now = self._clock()
        for landmark in self._in_view:
            self._seconds[landmark] = self._seconds.get(landmark, 0.0) + now - self._since
        self._since = now
