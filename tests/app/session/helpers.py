from dataclasses import dataclass

import numpy as np

from app.session.review_session import ReviewSession
from medsapiens_core.data.annotation import Annotation
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template

SHA = "ab" * 32
TEMPLATE = Template("t", 1, "Test", tuple(Landmark(i, i.upper(), i, f"Point {i}.") for i in ("a", "b", "c")))
PREDICTED_XY = np.array([[10.0, 10.0], [20.0, 20.0], [30.0, 30.0]])


@dataclass(frozen=True)
class Case:
    id: int = 1
    image_sha256: str = SHA
    width: int = 100
    height: int = 80


def prediction(id_="p1", xy=PREDICTED_XY, scores=(0.9, 0.5, 0.7), model="m@1"):
    xy = np.array(xy, dtype=np.float64)
    return Prediction(id_, SHA, "t", 1, model, xy, np.array(scores), None, "2026-11-24T00:00:00+00:00", 0.1)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Harness:
    """A session over a list of edits, which is what the store would get."""

    def __init__(self, with_prediction=True, template=TEMPLATE):
        self.edits, self.messages, self.clock = [], [], Clock()
        self.session = ReviewSession(template, lambda edit, before: self.edits.append((edit, before)), clock=self.clock)
        self.undecided, self.reopened, self.hints = [], [], []
        self.session.message.connect(self.messages.append)
        self.session.undecided_left.connect(self.undecided.append)
        self.session.reopened.connect(self.reopened.append)
        self.session.hint.connect(self.hints.append)
        self.empty = Annotation.empty(1, template, "AB")
        shown = prediction() if with_prediction else None
        annotation = self.empty.apply(self.empty.from_prediction(shown)) if shown else self.empty
        self.start = annotation
        self.session.open_case(Case(), annotation, shown)

    def replayed(self):
        """What the edits that were handed over make of the annotation at the start."""
        annotation = self.start
        for edit, before in self.edits:
            assert before == annotation
            annotation = annotation.apply(edit)
        return annotation
