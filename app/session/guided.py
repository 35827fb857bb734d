"""What a review session does with its guide: the review order, many landmarks at once, exchanged ones (ux.md 6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.session import transitions
from app.session.review_order import review_order
from app.session.suggestions import suggested
from app.translate import trn
from medsapiens_core.data.annotation import BULK

if TYPE_CHECKING:
    from app.session.review_session import ReviewSession

    Session = ReviewSession
else:
    Session = object


class Guided(Session):
    """A part of `ReviewSession`, which holds the fields."""

    def confirm_all(self, landmarks: Iterable[str]) -> None:
        """Accept these predicted points as one step, each marked as confirmed in bulk."""
        states = {landmark: self.annotation[landmark] for landmark in landmarks}
        self._change(BULK, {landmark: transitions.confirm(state) for landmark, state in states.items()})
        if self.annotation[self.current].is_decided:
            self.go_to_next_undecided()

    def swap(self, first: str, second: str) -> None:
        """Exchange the places of two landmarks as one step; both are then corrected (or stay estimated)."""
        one, two = self.annotation[first], self.annotation[second]
        if one.x is None or one.y is None or two.x is None or two.y is None:
            return
        after = {
            first: transitions.move(one, two.x, two.y, self.prediction_xy(first)),
            second: transitions.move(two, one.x, one.y, self.prediction_xy(second)),
        }
        self._change("swap", after)

    def suggested(self) -> frozenset[str]:
        """Decided landmarks that a newer prediction would put elsewhere; R takes its place."""
        return suggested(self.annotation, self.prediction, self._history) if self.is_open else frozenset()

    def judge_again(self, *, reorder: bool = False) -> None:
        """What the judge knows has changed: show its new view, in a new order if asked for."""
        if self.is_open:
            self._judge()
            if reorder:
                self._renew_order()
            self.annotation_changed.emit(self.annotation)

    def set_order_mode(self, mode: str) -> None:
        """Choose the review order."""
        self.order_mode = mode
        self._renew_order()
        if self.is_open:
            self.annotation_changed.emit(self.annotation)

    def _renew_order(self) -> None:
        scores = self.scores()
        ranks = {m.id: self.guide.rank(m.id, m.tolerance_mm, scores.get(m.id)) for m in self.template.landmarks}
        self.order = review_order(self.template.ids, ranks, self.order_mode, self.guide.by_landmark)

    def _judge(self) -> None:
        self.guide = self.judge(self.case, self.annotation, self.prediction)

    def _reviewed_at(self) -> str:
        return next((edit.utc for edit in reversed(self._history) if edit.kind == "review"), "")

    def _name_undecided(self) -> None:
        undecided = [id_ for id_ in self.template.ids if not self.annotation[id_].is_decided]
        names = ", ".join(self._name(id_) for id_ in undecided[:5]) + (", …" if len(undecided) > 5 else "")
        self.undecided_left.emit(
            trn(
                "%n landmark has no decision: {names}.",
                "%n landmarks have no decision: {names}.",
                len(undecided),
                names=names,
            )
        )

    def go_to_undecided(self, position: int, *, template_order: bool = False) -> None:
        """Go to the first (0) or last (-1) landmark in review order, or template order, that has no decision."""
        order = self.template.ids if template_order else self.order
        undecided = [id_ for id_ in order if not self.annotation[id_].is_decided]
        if undecided:
            self.set_current(undecided[position])
