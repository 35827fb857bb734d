"""Cards one above the other, each kept as long as its key is there, so that focus and scroll stay too."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.views.widgets import GAP, label


class CardColumn(QScrollArea):
    """`make` builds a card; `empty` is said while there is none."""

    def __init__(self, make: Callable[[], QWidget], name: str, empty: str) -> None:
        super().__init__()
        self._make = make
        self._cards: dict[Hashable, QWidget] = {}
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        inner.setProperty("role", "panel")
        self._layout = QVBoxLayout(inner)
        self._layout.setContentsMargins(0, 0, GAP, 0)
        self._layout.setSpacing(GAP)
        self._empty = label(empty, "caption", wrap=True)
        self._layout.addWidget(self._empty)
        self._layout.addStretch(1)
        self.setWidget(inner)

    def renew(self, states: list[tuple[Hashable, Any]]) -> list[tuple[Any, Any, bool]]:
        """Bring the cards in line with the keys; gives each state its card and whether that card is new."""
        wanted = {key for key, _ in states}
        for key in [key for key in self._cards if key not in wanted]:
            card = self._cards.pop(key)
            card.hide()
            card.deleteLater()
        self._empty.setVisible(not states)
        return [self._renew_one(place, key, state) for place, (key, state) in enumerate(states)]

    def fit_width(self) -> None:
        """Be as wide as the widest card needs, so that no button is cut off."""
        widest = max((card.minimumSizeHint().width() for card in self._cards.values()), default=0)
        self.setMinimumWidth(widest + GAP + self.verticalScrollBar().sizeHint().width())

    def card(self, key: Hashable) -> Any:
        """The card of a key."""
        return self._cards[key]

    def _renew_one(self, place: int, key: Hashable, state: Any) -> tuple[Any, Any, bool]:
        is_new = key not in self._cards
        if is_new:
            self._cards[key] = self._make()
        card = self._cards[key]
        if self._layout.indexOf(card) != place + 1:
            self._layout.insertWidget(place + 1, card)
        return state, card, is_new
