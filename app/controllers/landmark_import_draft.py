"""An import that is being talked about: what was read, what a person has said of it so far, and where the talk is."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.controllers.landmark_import_work import unclear_names
from app.session.import_state import FILES, NAMES, PICTURES, PREVIEW, FilesAnswer
from app.translate import tr
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.batch import Batch
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.transfer.binding import PictureQuestion
from medsapiens_core.transfer.importing import Kind
from medsapiens_core.transfer.label_files import LabelFiles
from medsapiens_core.transfer.preview import Choice, Preview

NOTHING = Batch((), ())
NAMED = 5  # missing landmarks that are named


@dataclass
class Draft:
    """`given` are names -> landmarks, `cases` readings -> cases, `choices` and `swapped` readings -> answers.

    `batch` has landmark ids, `files.batch` the names of the files.
    """

    answer: FilesAnswer = field(default_factory=lambda: FilesAnswer((), ""))
    files: LabelFiles = field(default_factory=lambda: LabelFiles(find_format("csv"), (), NOTHING))
    given: dict[str, str] = field(default_factory=dict)
    batch: Batch = NOTHING
    missing: tuple[str, ...] = ()
    questions: list[PictureQuestion] = field(default_factory=list)
    cases: dict[int, CaseRow | None] = field(default_factory=dict)
    shown: Preview = field(default_factory=lambda: Preview("prediction", ()))
    choices: dict[int, Choice] = field(default_factory=dict)
    swapped: dict[int, bool] = field(default_factory=dict)
    page: str = FILES
    row: int = -1
    film_of: int = -1

    @property
    def kind(self) -> Kind:
        """As what the points are taken."""
        return "prediction" if self.answer.as_prediction else "reading"

    def refused(self) -> list[tuple[str, str]]:
        """Files and readings that are left out, with the reason."""
        left_out = [q.problem for q in self.questions if self.cases.get(q.position) is None]
        problems = [*left_out, *(p for p in self.shown.problems if p not in left_out)]
        return [*self.files.refused, *((problem.partition(":")[0], problem) for problem in problems)]

    def notes(self, template: Template) -> list[str]:
        """What else to know before anything is written."""
        notes = [*self.files.batch.messages, *self.shown.notes]
        if self.missing:
            names = {mark.id: mark.name for mark in template.landmarks}
            some = ", ".join(names[mark] for mark in self.missing[:NAMED]) + (" …" if len(self.missing) > NAMED else "")
            notes.append(tr("The file does not have: {names}.", names=some))
        return notes

    def page_before(self, template: Template) -> str:
        """The page that had something to ask before this one."""
        names = NAMES if unclear_names(self.files.batch, template) else FILES
        earlier = {PREVIEW: PICTURES if self.questions else names, PICTURES: names}
        return earlier.get(self.page, FILES)
