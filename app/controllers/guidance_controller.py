"""Guides the reader: certainty and warnings for the session, dismissing them, learning limits, confirming in bulk."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.controllers.fill_words import BLIND
from app.controllers.guidance_knowledge import Knowledge, read_knowledge
from app.session.bulk import bulk_landmarks, preview_text
from app.session.guide import Guide
from app.session.review_session import ReviewSession
from app.tasks.task_runner import STORE, TaskRunner
from app.translate import tr
from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.guidance.shape_limits import FEWEST_CASES, ShapeLimits
from medsapiens_core.guidance.warnings import Usual, Warning, find_warnings
from medsapiens_core.inference.uncertainty import radius_95
from medsapiens_core.store.guidance import BulkRule
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations

NONE_FIT = "No landmark can be confirmed at once: none is below {limit} {unit}, without a warning, and seen."
TOO_FEW = "The usual shape is learned from 30 reviewed cases; there are {count}."


class GuidanceImageView(Protocol):
    """What this controller needs of the image view."""

    def seen_seconds(self) -> Mapping[str, float]:
        """For how long each landmark of this case has been in view."""

    def set_preview(self, landmarks: Collection[str]) -> None:
        """Mark landmarks that are about to be confirmed."""


class GuidancePanel(Protocol):
    """What this controller needs of the landmark panel."""

    warning_dismissed: SignalInstance
    swap_requested: SignalInstance


class GuidanceController(QObject):
    """`told(text)` says something for a moment, `asked(text)` waits for an answer, `answered()` ends that.

    `bulk_changed(reason)` follows when bulk confirm becomes possible ("") or not (why).
    """

    told = Signal(str)
    asked = Signal(str)
    answered = Signal()
    bulk_changed = Signal(str)
    known = Signal(object)  # Knowledge, when it was read
    counted = Signal(int)  # how many cases are reviewed

    def __init__(
        self,
        runner: TaskRunner,
        project: Project,
        library: ModelLibrary,
        calibrations: Calibrations,
        session: ReviewSession,
        *,
        view: GuidanceImageView,
        panel: GuidancePanel,
        model_in_use: Callable[[], str | None],
        is_unlocked: Callable[[], bool],
        weigh: Callable[[], Mapping[str, float]] = dict,
        watch: Callable[[], Sequence[Warning]] = list,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner, self._project, self._library, self._calibrations = runner, project, library, calibrations
        self._session, self._view = session, view
        self._model_in_use, self._is_unlocked = model_in_use, is_unlocked
        self._weigh, self._watch = weigh, watch
        self._knowledge = Knowledge()
        self._preview: tuple[str, ...] = ()
        self._is_learning = False
        session.judge = self.judge
        session.annotation_changed.connect(self._annotation_changed)
        session.case_closed.connect(self.cancel_preview)
        panel.warning_dismissed.connect(self.dismiss)
        panel.swap_requested.connect(session.swap)

    def refresh(self, *, reorder: bool = False) -> None:
        """Read again what guiding rests on: at the start, after another model or a review."""
        self._runner.submit(
            STORE,
            read_knowledge,
            self._project,
            self._library,
            self._calibrations,
            "",
            on_done=lambda knowledge: self._know(knowledge, reorder),
        )

    def judge(self, case: Any, annotation: Annotation, prediction: Prediction | None) -> Guide:
        """Certainty and warnings of a case (see `Session.judge`)."""
        spacing, template = case.spacing, self._session.template
        usual = Usual(self._knowledge.limits, self._knowledge.means)
        dismissed = self._knowledge.dismissed.get(case.id, frozenset())
        if self._session.is_blind:  # where the usual shape would have a point is a proposal, too
            usual = Usual(None, ())
        warnings = find_warnings(annotation, template, (case.width, case.height), spacing, usual)
        warnings += self._watch()
        return Guide(
            self._radii(prediction, spacing),
            "px" if spacing is None else "mm",
            tuple(warning for warning in warnings if warning.key not in dismissed),
            self._weigh(),
        )

    def dismiss(self, key: str) -> None:
        """The reader has looked at a warning and does not want to see it again in this case."""
        case = self._session.case
        if case is None:
            return
        before = self._knowledge.dismissed.get(case.id, frozenset())
        dismissed = {**self._knowledge.dismissed, case.id: before | {key}}
        self._knowledge = replace(self._knowledge, dismissed=dismissed)
        if not self._session.read_only:
            self._runner.submit(STORE, self._project.guidance.dismiss, case.id, key)
        self._session.judge_again()

    # --- the usual shape

    @property
    def may_learn(self) -> bool:
        """True where there are limits, and enough reviewed cases to learn others from."""
        known = self._knowledge
        return known.limits is not None and known.reviewed >= FEWEST_CASES and not self._project.read_only

    def reviewed(self) -> None:
        """A case was marked reviewed or opened again: count, and learn limits when they are due for the first time."""
        self._runner.submit(STORE, lambda: self._project.cases.counts()["reviewed"], on_done=self._counted)

    def learn(self) -> None:
        """Learn the limits of the usual shape anew from the reviewed cases."""
        if self._knowledge.reviewed < FEWEST_CASES:
            self.told.emit(tr(TOO_FEW, count=self._knowledge.reviewed))
        elif not self._is_learning:
            self._is_learning = True
            self._runner.submit(
                STORE, self._project.guidance.learn_limits, on_done=self._learned, on_error=self._not_learned
            )

    def _counted(self, reviewed: int) -> None:
        self._knowledge = replace(self._knowledge, reviewed=reviewed)
        self.counted.emit(reviewed)
        self.tell_bulk()
        if self._knowledge.limits is None and reviewed >= FEWEST_CASES and not self._project.read_only:
            self.learn()

    def _learned(self, limits: ShapeLimits | None) -> None:
        self._is_learning = False
        if limits is not None:
            self._knowledge = replace(self._knowledge, limits=limits)
            self._session.judge_again()
            self.told.emit(tr("Warnings now rest on {n} reviewed cases.", n=limits.n_cases))

    def _not_learned(self, error: Exception) -> None:
        self._is_learning = False
        self.told.emit(tr("The usual shape could not be learned: {reason}", reason=error))

    # --- many at once

    @property
    def rule(self) -> BulkRule:
        """The project's rule of bulk confirm."""
        return self._knowledge.rule

    def set_rule(self, rule: BulkRule) -> None:
        """Put another rule in use, and keep it with the project."""
        self._knowledge = replace(self._knowledge, rule=rule)
        self._runner.submit(STORE, self._project.guidance.set_bulk_rule, rule)
        self.cancel_preview()
        self.tell_bulk()

    def bulk(self) -> None:
        """First press: show what would be confirmed; second press: confirm it as one step."""
        reason = self.bulk_refusal()
        if reason:
            self.told.emit(reason)
        elif self._preview:
            chosen, self._preview = self._preview, ()
            self._end_preview()
            self._session.confirm_all(chosen)
        else:
            self._start_preview()

    def cancel_preview(self) -> bool:
        """Confirm nothing; False when nothing was about to be."""
        was_shown, self._preview = bool(self._preview), ()
        if was_shown:
            self._end_preview()
        return was_shown

    def bulk_refusal(self) -> str:
        """Why nothing can be confirmed at once now, "" if it can."""
        session, rule = self._session, self._knowledge.rule
        if not rule.is_allowed:
            return tr("Bulk confirm is switched off in this project by its Owner.")
        if not self._is_unlocked() and self._knowledge.reviewed < rule.unlock_after:
            return tr(
                "Bulk confirm opens after {n} reviewed cases ({so_far} so far), or in Settings > Review.",
                n=rule.unlock_after,
                so_far=self._knowledge.reviewed,
            )
        if session.is_open and getattr(session.case, "part", "") == "locked":
            return tr("Cases of the locked set are read one landmark at a time.")
        if session.is_open and session.is_blind:
            return tr(BLIND)
        return self._prediction_refusal(session.prediction) if session.is_open else ""

    def _prediction_refusal(self, prediction: Prediction | None) -> str:
        if prediction is None:
            return tr("There is no prediction to confirm.")
        if prediction.model_id != self._model_in_use():
            return tr("Only points of the model in use can be confirmed at once. Press F5 for its prediction.")
        if not self._session.guide.radii:
            return tr("This prediction has no calibrated 95 % radius, so each landmark has to be confirmed by itself.")
        return ""

    def _start_preview(self) -> None:
        limit, unit = self._limit(), self._session.guide.unit
        self._preview = bulk_landmarks(self._session, limit, self._view.seen_seconds())
        if self._preview:
            self._view.set_preview(self._preview)
            self.asked.emit(preview_text(self._preview, limit, unit))
        else:
            self.told.emit(tr(NONE_FIT, limit=f"{limit:.1f}", unit=unit))

    def _end_preview(self) -> None:
        self._view.set_preview(())
        self.answered.emit()

    def _limit(self) -> float:
        case: Any = self._session.case
        rule = self._knowledge.rule
        return rule.most_mm if case.spacing is not None else rule.most_share * math.hypot(case.width, case.height)

    # --- inside

    def _know(self, knowledge: Knowledge, reorder: bool) -> None:
        self._knowledge = knowledge
        self.known.emit(knowledge)
        self.counted.emit(knowledge.reviewed)
        self.tell_bulk()
        self._session.judge_again(reorder=reorder)

    def _radii(self, prediction: Prediction | None, spacing: Any) -> dict[str, float]:
        if prediction is None:
            return {}
        calibration = self._knowledge.calibrations.get(prediction.model_id)
        radii = radius_95(prediction, self._session.template, calibration, spacing).tolist()
        pairs = zip(self._session.template.ids, radii, strict=True)
        return {mark: radius for mark, radius in pairs if math.isfinite(radius)}

    def _annotation_changed(self, _annotation: Annotation) -> None:
        self.cancel_preview()
        self.tell_bulk()

    def tell_bulk(self) -> None:
        """Say again whether landmarks can be confirmed at once, and why not."""
        self.bulk_changed.emit(self.bulk_refusal())
