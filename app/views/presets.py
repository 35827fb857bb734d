"""Grey ranges to choose from: what the file says, all values, and the file's own presets."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu

from app.session.view_state import ImageState
from app.views.film_view import FilmView
from app.views.menus import fill

Preset = tuple[str, float, float]


class Presets:
    """Fills the presets menu for each picture and steps through it."""

    def __init__(self, view: FilmView, menu: QMenu) -> None:
        self._view = view
        self._menu = menu
        self._entries: list[Preset] = []
        self._place = 0
        view.image_changed.connect(self._renew)
        self._renew(None)

    @property
    def entries(self) -> list[Preset]:
        """Name, low, high of each."""
        return list(self._entries)

    def next(self) -> None:
        """Use the next one."""
        if self._entries:
            self._use((self._place + 1) % len(self._entries))

    def _use(self, place: int) -> None:
        self._place = place
        self._view.set_window(*self._entries[place][1:])

    def _renew(self, image: ImageState | None) -> None:
        self._place = 0
        self._entries = [] if image is None else _presets(image)
        entries = [(entry[0], lambda place=place: self._use(place)) for place, entry in enumerate(self._entries)]
        fill(self._menu, entries, "No picture")


def _presets(image: ImageState) -> list[Preset]:
    low, high = float(image.pixels.min()), float(image.pixels.max())
    return [("As the file says", *image.window), ("Full range", low, max(high, low + 1)), *image.presets]
