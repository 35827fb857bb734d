"""A template in the making: it may be incomplete, and says what is missing (ux.md 2.3, 9.1).

Every act gives a new draft. Ids are made when a landmark is added and stay through renaming, moving and publishing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medsapiens_core.data.template import Example, Landmark, PairRule, Template
from medsapiens_core.data.template_pairs import offered_pairs

MAX_ABBREVIATION = 5
MAX_PASTED = 1000
HINT_DEFINITION = "Readers disagree most on landmarks without a definition."


@dataclass(frozen=True)
class Draft:
    """What will be a `Template`; `base` is the published revision that it starts from, None for a new template."""

    name: str = ""
    marks: tuple[Landmark, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    description: str = ""
    pair_rule: PairRule = "image"
    example: Example | None = None
    base: Template | None = None
    id: str = ""

    @classmethod
    def of(cls, template: Template, base: Template | None = None) -> Draft:
        """A draft that says what the template says; it becomes the next revision of `base`."""
        said = (template.name, template.landmarks, template.lines, template.description)
        return cls(*said, template.pair_rule, template.example, base, base.id if base else template.id)

    @property
    def revision(self) -> int:
        """The number that publishing would give it."""
        return self.base.version + 1 if self.base else 1

    def template(self) -> Template:
        """The draft as a template. Raises ValueError while `problems` finds any."""
        found = problems(self)
        if found:
            raise ValueError(found[0])
        name = self.name.strip()
        shown = {mark.id for mark in self.marks}
        example = self.example
        if example is not None:
            example = replace(example, points=tuple(point for point in example.points if point[0] in shown))
        template_id = self.id or _identifier(name, ())
        return Template(
            template_id, self.revision, name, self.marks, self.lines, self.description, self.pair_rule, example
        )

    # --- rows

    def added(self, name: str, at: int | None = None, abbreviation: str = "", definition: str = "") -> Draft:
        """One more landmark, at the end or before row `at`."""
        taken = [*(mark.id for mark in self.marks), *(self.base.ids if self.base else ())]
        abbreviations = {mark.abbreviation for mark in self.marks}
        abbreviation = abbreviation.strip() or suggested_abbreviation(name, abbreviations)
        mark = Landmark(_identifier(name, taken), name.strip(), abbreviation, definition.strip())
        at = len(self.marks) if at is None else at
        return replace(self, marks=(*self.marks[:at], mark, *self.marks[at:]))

    def duplicated(self, row: int) -> Draft:
        """A copy of a row below it, with a name and an abbreviation of its own, and no pair."""
        mark = self.marks[row]
        names = {other.name for other in self.marks}
        name = next(n for n in (f"{mark.name} {k}" for k in range(2, MAX_PASTED + 3)) if n not in names)
        draft = self.added(name, row + 1, definition=mark.definition)
        copy = replace(draft.marks[row + 1], group=mark.group, tolerance_mm=mark.tolerance_mm, hard_when=mark.hard_when)
        return draft._with(row + 1, copy)

    def removed(self, row: int) -> Draft:
        """Without a row; its pair and its lines go with it."""
        gone = self.marks[row].id
        marks = tuple(replace(m, pair=None) if m.pair == gone else m for m in self.marks if m.id != gone)
        return replace(self, marks=marks, lines=tuple(line for line in self.lines if gone not in line))

    def moved(self, row: int, by: int) -> Draft:
        """A row further up (-1) or down (1); the same draft at the ends."""
        there = row + by
        if not (0 <= row < len(self.marks) and 0 <= there < len(self.marks)):
            return self
        marks = list(self.marks)
        marks[row], marks[there] = marks[there], marks[row]
        return replace(self, marks=tuple(marks))

    def changed(self, row: int, **values: Any) -> Draft:
        """A row with other values; for pairs see `paired`."""
        return self._with(row, replace(self.marks[row], **values))

    def paired(self, first: str, second: str | None) -> Draft:
        """`first` as a pair with `second`, or with none; whoever either was paired with is alone then."""
        apart = {first, second} - {None}
        pair = {first: second, second: first} if second else {first: None}

        def partner(mark: Landmark) -> str | None:
            return pair.get(mark.id, None if mark.pair in apart else mark.pair)

        return replace(self, marks=tuple(replace(mark, pair=partner(mark)) for mark in self.marks))

    # --- lines and example

    def with_line(self, first: str, second: str) -> Draft:
        """With a line between two landmarks, unless it is there."""
        known = {frozenset(line) for line in self.lines}
        if first == second or frozenset((first, second)) in known:
            return self
        return replace(self, lines=(*self.lines, (first, second)))

    def without_line(self, position: int) -> Draft:
        """Without a line."""
        return replace(self, lines=(*self.lines[:position], *self.lines[position + 1 :]))

    def with_point(self, landmark: str, x: float, y: float) -> Draft:
        """With a landmark shown at x, y of the example picture."""
        if self.example is None:
            return self
        others = tuple(point for point in self.example.points if point[0] != landmark)
        return replace(self, example=replace(self.example, points=(*others, (landmark, x, y))))

    def _with(self, row: int, mark: Landmark) -> Draft:
        return replace(self, marks=(*self.marks[:row], mark, *self.marks[row + 1 :]))


def pasted(draft: Draft, text: str) -> tuple[Draft, int]:
    """The draft with one landmark for each line of a list, and how many that were.

    A line holds name, abbreviation and definition, apart by tabs, else by commas; all but the name may be missing.
    Empty lines, a heading "name, abbreviation, ..." and names that are there already are passed over.
    """
    count = 0
    for line in text.splitlines()[:MAX_PASTED]:
        name, abbreviation, definition = _cells(line)
        known = {_folded(mark.name) for mark in draft.marks}
        if name and not _is_heading(name, abbreviation) and _folded(name) not in known:
            draft = draft.added(name, None, abbreviation, definition)
            count += 1
    return draft, count


def problems(draft: Draft) -> list[str]:
    """What keeps the draft from being published, one sentence each."""
    found = [] if draft.name.strip() else ["Give the template a name."]
    if not draft.marks:
        found.append("Add at least one landmark.")
    if any(not mark.name.strip() for mark in draft.marks):
        found.append("A landmark has no name.")
    found += [f"The name {name} occurs twice." for name in _twice(mark.name for mark in draft.marks)]
    old = {mark.id: mark.abbreviation for mark in draft.base.landmarks} if draft.base else {}
    for mark in draft.marks:
        if not mark.abbreviation.strip():
            found.append(f"{mark.name} has no abbreviation.")
        elif len(mark.abbreviation) > MAX_ABBREVIATION and old.get(mark.id) != mark.abbreviation:
            found.append(f"The abbreviation {mark.abbreviation} is longer than {MAX_ABBREVIATION} letters.")
    found += [f"The abbreviation {text} occurs twice." for text in _twice(mark.abbreviation for mark in draft.marks)]
    return found


def hints(draft: Draft) -> list[str]:
    """What may be missing but keeps nobody from publishing."""
    told = []
    bare = [mark.name for mark in draft.marks if not mark.definition.strip()]
    if bare:
        told.append(f"{_named(bare)} no definition. {HINT_DEFINITION}")
    hidden = [mark.name for mark in draft.marks if draft.example and draft.example.point(mark.id) is None]
    if draft.example is None and draft.marks:
        told.append("There is no example picture.")
    elif hidden:
        told.append(f"{_named(hidden)} no point on the example picture.")
    return told


def counts(draft: Draft) -> str:
    """How many landmarks, pairs and lines there are, in words."""
    pairs = sum(mark.pair is not None for mark in draft.marks) // 2
    parts = ((len(draft.marks), "landmark"), (pairs, "pair"), (len(draft.lines), "line"))
    return ", ".join(f"{number} {word}{'' if number == 1 else 's'}" for number, word in parts) + "."


def open_offers(draft: Draft) -> list[tuple[str, str]]:
    """Pairs of landmark ids whose names say left and right and that are not set."""
    free = [mark for mark in draft.marks if mark.pair is None]
    return [(free[a].id, free[b].id) for a, b in offered_pairs([mark.name for mark in free])]


def suggested_abbreviation(name: str, taken: Iterable[str]) -> str:
    """At most five letters of a name, not taken yet: initials of several words, the beginning of one."""
    words = re.findall(r"[^\W_]+", name) or ["L"]
    initials = "".join(word if word.isdigit() else word[0].upper() for word in words)
    first = (initials if len(words) > 1 else words[0][:2].capitalize())[:MAX_ABBREVIATION]
    known = set(taken)
    numbered = (f"{first[: MAX_ABBREVIATION - len(str(k))]}{k}" for k in range(2, 10_000))
    return next(text for text in (first, *numbered) if text not in known)


def _identifier(name: str, taken: Sequence[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:56] or "landmark"
    known = set(taken)
    return next(text for text in (stem, *(f"{stem}_{k}" for k in range(2, 10_000))) if text not in known)


def _cells(line: str) -> tuple[str, str, str]:
    parts = line.split("\t", 2) if "\t" in line else line.split(",", 2)
    cells = [part.strip().strip('"').strip() for part in parts]
    name, abbreviation, definition = (*cells, "", "")[:3]
    return name[:200], abbreviation[:24], definition[:2000]


def _is_heading(name: str, abbreviation: str) -> bool:
    return _folded(name) in ("name", "landmark") and _folded(abbreviation) in ("", "abbreviation", "abbr")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _twice(texts: Iterable[str]) -> list[str]:
    told = [text.strip() for text in texts if text.strip()]
    numbers = Counter(map(_folded, told))
    return list({_folded(text): text for text in told if numbers[_folded(text)] > 1}.values())


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'has' if len(names) == 1 else 'have'}"
