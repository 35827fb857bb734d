"""My figures in words (ux.md 1, 6.5)."""

from __future__ import annotations

import math

from app.session.figures_state import FigureLine, FiguresState
from app.translate import tr, trn
from medsapiens_core.transfer.my_figures import FEWEST_BLIND, Mean, MyFigures

GUARD_BROKEN = (
    "With predictions on screen you are further from the consensus than without. Look at each point before you "
    "confirm it; an Owner can raise the share of blind cases."
)


def figures_state(found: MyFigures) -> FiguresState:
    """What to show of a reader's figures."""
    unit = found.unit
    lines = (
        FigureLine(tr("Blind cases"), str(found.blind), tr("Reviewed without the prediction on screen.")),
        FigureLine(tr("Assisted cases"), str(found.assisted), tr("Reviewed with the prediction on screen.")),
        FigureLine(tr("Cases by hand"), str(found.by_hand), tr("There was no prediction.")),
        FigureLine(
            tr("Time for a case"),
            "–" if math.isnan(found.seconds) else tr("{seconds} s", seconds=f"{found.seconds:.0f}"),
            tr("Median, from the first decision to the review; pauses of more than 2 minutes are left out."),
        ),
        FigureLine(
            tr("Cases read in a hurry"),
            str(found.hurried),
            tr("Less than half a second for each landmark. Nobody else is shown this, and nothing is blocked."),
        ),
        FigureLine(
            tr("From the prediction, blind"),
            _text(found.pull_blind, unit),
            tr("Mean distance between your points and a prediction that you had not seen."),
        ),
        FigureLine(
            tr("From the prediction, assisted"),
            _text(found.pull_assisted, unit),
            tr("The same with the prediction on screen."),
        ),
        FigureLine(
            tr("Pull toward the prediction"), _pull(found), tr("Blind minus assisted. 0: it does not sway you.")
        ),
        FigureLine(
            tr("From the consensus, blind"), _text(found.error_blind, unit), tr("Needs adjudicated cases of yours.")
        ),
        FigureLine(
            tr("From the consensus, assisted"),
            _text(found.error_assisted, unit),
            tr("At most 10 % more than blind, or the predictions do harm."),
        ),
        FigureLine(
            tr("Repeatability"),
            "–" if math.isnan(found.repeat) else f"{found.repeat:.2f} {unit}",
            trn(
                "Dahlberg's error over %n case that you read twice.",
                "Dahlberg's error over %n cases that you read twice.",
                found.repeated,
            ),
        ),
    )
    return FiguresState(found.reader, lines, tr(GUARD_BROKEN) if found.is_guard_broken else "")


def _text(mean: Mean, unit: str) -> str:
    if math.isnan(mean.value):
        return "–"
    interval = "" if math.isnan(mean.low) else f" ({mean.low:.2f} – {mean.high:.2f})"
    return f"{mean.value:.2f} {unit}{interval}"


def _pull(found: MyFigures) -> str:
    if math.isnan(found.pull.value):
        missing = FEWEST_BLIND - found.pull.n
        return trn("after %n more blind case", "after %n more blind cases", missing) if missing > 0 else "–"
    return _text(found.pull, found.unit)
