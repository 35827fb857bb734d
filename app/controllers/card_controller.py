"""The definition card: definition, exemplars made in the background, history, notes (ux.md 6.2, 3.1, 4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QImage

from app.session.card_state import CardState, card_state
from app.session.review_session import ReviewSession
from app.tasks.task_runner import IO, STORE, Task, TaskRunner
from app.translate import tr, trn
from medsapiens_core.data.annotation import PointState
from medsapiens_core.data.template import Template
from medsapiens_core.decoding import read_image
from medsapiens_core.errors import UserError
from medsapiens_core.io.crops import crop_around
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.exemplars import ExemplarPlace
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.own_distance import OwnDistance

SIDE = 264  # of a cut-out, so that it is sharp at twice the size on screen
CACHE = "exemplars"
NONE_YET = "No examples yet: they come from reviewed cases of other patients."
Pictures = Sequence[tuple[QImage, str]]


class CardView(Protocol):
    """What this needs of the card."""

    page: str
    page_changed: SignalInstance
    restore_requested: SignalInstance
    note_committed: SignalInstance

    def set_state(self, state: CardState | None) -> None:
        """Describe the current landmark."""

    def set_exemplars(self, landmark: str, pictures: Pictures, reason: str = "") -> None:
        """Show examples of a landmark."""


class CardController(QObject):
    """`noted(case id)` once a note is stored."""

    noted = Signal(int)

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        session: ReviewSession,
        card: CardView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._session, self._card = runner, project, session, card
        self._case: CaseRow | None = None
        self._shown: tuple[int, str] | None = None
        self._task: Task | None = None
        self._own: Mapping[str, str] = {}
        for signal in (session.annotation_changed, session.current_changed):
            signal.connect(self._show_all)
        session.case_closed.connect(self._show)
        card.page_changed.connect(self._page_changed)
        card.restore_requested.connect(self._restore)
        card.note_committed.connect(self._keep_note)

    def open(self, case: CaseRow, notes: Mapping[str, str]) -> None:
        """Another case has come on screen."""
        self._case, self._shown = case, None
        self._session.set_notes(notes)
        self._show_all()

    def know_own(self, distances: Mapping[str, OwnDistance]) -> None:
        """How far the reader lies from the consensus at each landmark."""
        self._own = {
            mark: trn(
                "You: {distance} from the consensus (%n case)",
                "You: {distance} from the consensus (%n cases)",
                one.n,
                distance=f"{one.mean:.1f} {one.unit}",
            )
            for mark, one in distances.items()
        }
        self._show()

    def close(self) -> None:
        """Let go of the card, which outlives the project."""
        self._card.page_changed.disconnect(self._page_changed)
        self._card.restore_requested.disconnect(self._restore)
        self._card.note_committed.disconnect(self._keep_note)
        self._card.set_state(None)

    # --- showing

    def _show_all(self, _value: object = None) -> None:
        self._show()
        if self._card.page == "exemplars":
            self._look_for_exemplars()

    def _show(self) -> None:
        self._card.set_state(card_state(self._session, self._own))

    def _page_changed(self, page: str) -> None:
        if page == "exemplars":
            self._look_for_exemplars()

    def _restore(self, landmark: str, state: PointState) -> None:
        if self._session.is_open:
            self._session.restore(landmark, state)

    # --- notes

    def _keep_note(self, landmark: str, text: str) -> None:
        case = self._case
        if case is None or not self._session.is_open or text.strip() == self._session.notes.get(landmark, ""):
            return
        reader = self._session.annotation.reader
        self._runner.submit(
            STORE,
            lambda: self._project.notes.set(case.id, landmark, text, reader=reader),
            on_done=lambda _none: self._note_kept(case.id, landmark, text.strip()),
            on_error=lambda error: self._session.message.emit(str(error)),
        )

    def _note_kept(self, case_id: int, landmark: str, text: str) -> None:
        if self._case is not None and self._case.id == case_id:
            notes = {**self._session.notes, landmark: text}
            self._session.set_notes({mark: note for mark, note in notes.items() if note})
        self.noted.emit(case_id)

    # --- exemplars

    def _look_for_exemplars(self) -> None:
        session, case = self._session, self._case
        if case is None or not session.is_open or self._shown == (case.id, session.current):
            return
        self._shown = (case.id, session.current)
        if self._task is not None:
            self._task.cancel()
        landmark, points = session.current, _known_points(session)
        self._task = self._runner.submit(
            STORE,
            self._project.exemplars.similar,
            case,
            landmark,
            points,
            on_done=lambda places: self._make(landmark, places),
            on_error=lambda error: self._card.set_exemplars(landmark, (), str(error)),
        )

    def _make(self, landmark: str, places: Sequence[ExemplarPlace]) -> None:
        folder = self._project.folder / "cache" / CACHE
        self._task = self._runner.submit(
            IO,
            make_pictures,
            folder,
            self._project.template,
            landmark,
            places,
            on_done=lambda made: self._show_pictures(landmark, made),
            on_error=lambda error: self._card.set_exemplars(landmark, (), str(error)),
        )

    def _show_pictures(self, landmark: str, made: Sequence[tuple[NDArray[np.uint8], str]]) -> None:
        pictures = [(_to_qimage(pixels), text) for pixels, text in made]
        self._card.set_exemplars(landmark, pictures, "" if pictures else tr(NONE_YET))


def make_pictures(
    folder: Path, template: Template, landmark: str, places: Sequence[ExemplarPlace]
) -> list[tuple[NDArray[np.uint8], str]]:
    """Cut-outs with a text each: the template's own example first. One that cannot be read is left out."""
    found = [(own, tr("Example of the template"))] if (own := _from_template(template, landmark)) is not None else []
    for place in places:
        pixels = _cached(folder, landmark, place)
        if pixels is not None:
            found.append((pixels, place.case.name))
    return found


def _cached(folder: Path, landmark: str, place: ExemplarPlace) -> NDArray[np.uint8] | None:
    said = f"{place.case.image_sha256} {place.case.frame} {place.case.axis} {landmark} {place.x!r} {place.y!r}"
    path = folder / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}.png"
    if path.is_file():
        known: Any = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        if known is not None:
            return np.asarray(known, dtype=np.uint8)
    try:
        image = read_image(place.case.path, frame=place.case.frame, axis=place.case.axis)
    except (UserError, OSError):
        return None
    pixels = crop_around(image, place.x, place.y, SIDE)
    _keep(path, pixels)
    return pixels


def _keep(path: Path, pixels: NDArray[np.uint8]) -> None:
    """A cache may be missing, e.g. in a project that is open to read only from a disk that cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    except OSError:
        return


def _from_template(template: Template, landmark: str) -> NDArray[np.uint8] | None:
    example = template.example
    point = example.point(landmark) if example is not None else None
    if example is None or point is None:
        return None
    pixels: Any = cv2.imdecode(np.frombuffer(example.picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        return None
    field = 0.16 * float(np.hypot(example.width, example.height))
    step, middle = field / SIDE, (SIDE - 1) / 2
    back = np.array([[step, 0.0, point[0] - step * middle], [0.0, step, point[1] - step * middle]])
    cut = cv2.warpAffine(pixels, back, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return np.asarray(cut, dtype=np.uint8)


def _known_points(session: ReviewSession) -> dict[str, tuple[float, float]]:
    pairs = zip(session.annotation.landmark_ids, session.annotation.states, strict=True)
    return {mark: (state.x, state.y) for mark, state in pairs if state.x is not None and state.y is not None}


def _to_qimage(pixels: NDArray[np.uint8]) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    kind = QImage.Format.Format_RGB888 if pixels.ndim == 3 else QImage.Format.Format_Grayscale8
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()
