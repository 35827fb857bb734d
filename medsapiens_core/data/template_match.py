"""Which landmark of a model, or of another template, stands for which of a project's template (ux.md 8.4, M20).

Ids are identities: what has the same id is the same landmark. Anything else is for a person to say; names only make a
proposal for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from medsapiens_core.data.template import Landmark, Template

Match = Mapping[str, str]
"""Landmark id of the template -> id of the landmark that stands for it."""


def same_ids(template: Template, other: Template) -> dict[str, str]:
    """The landmarks that both have."""
    return {mark: mark for mark in template.ids if mark in other.index}


def proposed(template: Template, other: Template) -> dict[str, str]:
    """As `same_ids`, and for what is left the landmark of the same name, where just one has it."""
    match = same_ids(template, other)
    free = [mark for mark in other.landmarks if mark.id not in match.values()]
    for mark in template.landmarks:
        alike = [one.id for one in free if _plain(one.name) == _plain(mark.name)]
        if mark.id not in match and len(alike) == 1:
            match[mark.id] = alike[0]
    return match


def checked(match: Match, template: Template, other: Template) -> dict[str, str]:
    """The match without what either no longer has. Raises ValueError when one landmark would stand for two."""
    known = {mark: one for mark, one in match.items() if mark in template.index and one in other.index}
    if len(set(known.values())) != len(known):
        raise ValueError("one landmark stands for two")
    return known


def with_ids_of(template: Template, other: Template, match: Match) -> Template:
    """`other` with the ids of `template` for what was matched, so that labels go on belonging to their landmarks.

    A landmark of `other` that was not matched but has an id of `template` gets a new id: it is another landmark.
    """
    turned = {one: mark for mark, one in match.items()}
    taken = {*template.ids, *(one for one in other.ids if one not in turned)}
    for one in other.ids:
        if one not in turned:
            turned[one] = _free(one, taken) if one in template.index else one
            taken.add(turned[one])
    example = other.example
    if example is not None:
        example = replace(example, points=tuple((turned[mark], x, y) for mark, x, y in example.points))
    return replace(
        other,
        landmarks=tuple(_renamed(mark, turned) for mark in other.landmarks),
        lines=tuple((turned[a], turned[b]) for a, b in other.lines),
        example=example,
    )


def _renamed(mark: Landmark, ids: Match) -> Landmark:
    return replace(mark, id=ids[mark.id], pair=None if mark.pair is None else ids[mark.pair])


def _free(wanted: str, taken: set[str]) -> str:
    number: Sequence[int] = range(2, len(taken) + 3)
    return next(f"{wanted}_{n}" for n in number if f"{wanted}_{n}" not in taken)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
