"""What the import of landmarks needs of the window that shows its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.session.import_state import (
    DrawnPoint,
    FilesState,
    NamesState,
    PicturePreview,
    PicturesState,
    PointRow,
    PreviewState,
)


class ImportView(Protocol):
    """What this needs of the window with the pages."""

    files_changed: SignalInstance
    read_requested: SignalInstance
    names_changed: SignalInstance
    names_done: SignalInstance
    map_load_requested: SignalInstance
    map_save_requested: SignalInstance
    pictures_done: SignalInstance
    pictures_folder_chosen: SignalInstance
    row_chosen: SignalInstance
    choice_changed: SignalInstance
    swap_changed: SignalInstance
    import_requested: SignalInstance
    back_requested: SignalInstance
    stop_requested: SignalInstance
    left: SignalInstance

    def show_files(self, state: FilesState) -> None:
        """The first page."""

    def show_names(self, state: NamesState) -> None:
        """The page of unknown names."""

    def show_names_problem(self, text: str) -> None:
        """Why the names are not settled yet, "" when they are."""

    def show_pictures(self, state: PicturesState) -> None:
        """The page of readings without a sure picture."""

    def show_preview(self, state: PreviewState) -> None:
        """The page of what would change; the chosen line stays."""

    def show_points(self, number: int, rows: Sequence[PointRow], drawn: Sequence[DrawnPoint]) -> None:
        """The landmarks of the chosen case."""

    def show_film(self, film: PicturePreview) -> None:
        """The picture of the chosen case."""

    def show_running(self, text: str, done: int, total: int) -> None:
        """Something is at work; `total` 0: nobody knows how long."""

    def tell(self, text: str) -> None:
        """Say what went wrong, on the page that is shown."""

    def end(self) -> None:
        """Close the window."""
