"""The heatmap of the current landmark: asked of the prediction process while wanted, and said while on its way."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject, SignalInstance

from app.session.review_session import ReviewSession
from app.session.view_state import HeatmapState
from app.translate import tr
from medsapiens_core.store.cases import CaseRow

KEPT = 40  # heatmaps of the open case, so that going back and forth asks nothing anew


class HeatmapView(Protocol):
    """What this controller needs of the image view."""

    heatmap_wanted: SignalInstance

    def set_heatmap(self, state: HeatmapState | None) -> None:
        """Show a heatmap, or none."""

    def set_heatmap_note(self, text: str) -> None:
        """Say what is shown, or that it is on its way."""


class HeatmapSource(Protocol):
    """What this controller needs of the inference controller."""

    heatmap_arrived: SignalInstance
    heatmap_failed: SignalInstance

    def ask_heatmap(self, row: CaseRow, landmark: str) -> None:
        """Ask for one; the answer comes by signal."""


class HeatmapController(QObject):
    """Follows the current landmark while the overlay is on."""

    def __init__(
        self, session: ReviewSession, view: HeatmapView, source: HeatmapSource, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._view, self._source = session, view, source
        self._is_on = False
        self._known: dict[str, HeatmapState] = {}
        view.heatmap_wanted.connect(self._switch)
        source.heatmap_arrived.connect(self._arrived)
        source.heatmap_failed.connect(self._failed)
        session.case_opened.connect(self._forget)
        session.case_closed.connect(self._forget)
        session.current_changed.connect(self._renew)
        session.prediction_shown.connect(self._forget)

    def _switch(self, wanted: int) -> None:
        self._is_on = bool(wanted)
        self._renew()

    def _forget(self, _what: object = None) -> None:
        self._known.clear()
        self._renew()

    def _renew(self, _landmark: str = "") -> None:
        case, landmark = self._session.case, self._session.current
        if not self._is_on or self._session.is_blind or not isinstance(case, CaseRow):
            self._show(None, "")
        elif landmark in self._known:
            self._show(self._known[landmark], tr("Heatmap of {name}", name=self._name(landmark)))
        else:
            self._show(None, tr("Heatmap of {name}: being computed …", name=self._name(landmark)))
            self._source.ask_heatmap(case, landmark)

    def _arrived(self, state: HeatmapState) -> None:
        case = self._session.case
        if case is None or state.case_id != case.id:
            return
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[state.landmark] = state
        if state.landmark == self._session.current and self._is_on and not self._session.is_blind:
            self._show(state, tr("Heatmap of {name}", name=self._name(state.landmark)))

    def _failed(self, text: str) -> None:
        if self._is_on:
            self._show(None, tr("No heatmap: {reason}", reason=text))

    def _show(self, state: HeatmapState | None, note: str) -> None:
        self._view.set_heatmap(state)
        self._view.set_heatmap_note(note)

    def _name(self, landmark: str) -> str:
        template = self._session.template
        return template.landmarks[template.index[landmark]].name


def heatmap_state(case_id: int, landmark: str, answer: Mapping[str, Any]) -> HeatmapState:
    """What the prediction process answered, as the view shows it."""
    height, width = answer["shape"]
    values = np.frombuffer(base64.b64decode(answer["values"]), np.uint8).reshape(height, width)
    along, down = (tuple(float(value) for value in row) for row in answer["to_image"])
    return HeatmapState(case_id, landmark, values, ((along[0], along[1], along[2]), (down[0], down[1], down[2])))
