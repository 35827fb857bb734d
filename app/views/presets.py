"""The menu of grey ranges: what fits the picture, and three of the project's own."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from app.session.presets import OWN, Preset, presets
from app.session.view_state import ImageState
from app.translate import tr
from app.views.film_view import FilmView
from app.views.menus import Entry, fill


class Presets(QObject):
    """Fills the presets menu for each picture and steps through it.

    `store_requested(slot, modality, low, high)`: the range on screen is to become own preset 1, 2 or 3.
    `used(name)`: a preset was chosen.
    """

    store_requested = Signal(int, str, float, float)
    used = Signal(str)

    def __init__(self, view: FilmView, menu: QMenu) -> None:
        super().__init__(view)
        self._view = view
        self._menu = menu
        self._own: dict[str, dict[int, tuple[float, float]]] = {}
        self._entries: list[Preset] = []
        self._place = 0
        view.image_changed.connect(self._renew)
        self._renew(None)

    @property
    def entries(self) -> list[Preset]:
        """Name, low, high of each."""
        return list(self._entries)

    def set_own(self, own: Mapping[str, Mapping[int, tuple[float, float]]]) -> None:
        """The project's own presets: modality -> slot -> low, high."""
        self._own = {modality: dict(slots) for modality, slots in own.items()}
        self._renew(self._view.image)

    def next(self) -> None:
        """Use the next one."""
        if self._entries:
            self._use((self._place + 1) % len(self._entries))

    def menu_entries(self) -> list[Entry]:
        """What the menu holds: every preset, then where to keep the range on screen."""
        chosen = [(entry[0], lambda place=place: self._use(place)) for place, entry in enumerate(self._entries)]
        kept = [(tr("Keep this window as own {slot}", slot=slot), lambda slot=slot: self._store(slot)) for slot in OWN]
        return [*chosen, *kept] if chosen else []

    def _use(self, place: int) -> None:
        self._place = place
        self._view.set_window(*self._entries[place][1:])
        self.used.emit(self._entries[place][0])

    def _store(self, slot: int) -> None:
        image = self._view.image
        if image is not None:
            self.store_requested.emit(slot, image.modality, *self._view.window_range)

    def _renew(self, image: ImageState | None) -> None:
        self._place = 0
        self._entries = [] if image is None else presets(image, self._own.get(image.modality))
        fill(self._menu, self.menu_entries(), tr("No picture"))
