"""Which landmark an unknown name may mean: offered to a person, who confirms each; nothing is taken by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange.mapping import LEAVE_OUT

LEAST = 0.6  # likeness from which a name is worth offering
MOST = 3
_NUMBERED = re.compile(r"^(?:k|kp|p|pt|point|lm|landmark|keypoint)?[ _-]?(\d{1,4})$", re.IGNORECASE)
_FIRST_BY_LETTER = {"k", "kp"}  # MedSapiens and COCO writers count K0, K1, ...


def suggestions(names: Sequence[str], template: Template, given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Unknown name -> landmark ids that it may mean, the likeliest first; only those that `given` leaves free.

    By likeness of the words to id, name and abbreviation; names that are numbers, such as K0 to K18, by their place.
    """
    taken = {target for target in given.values() if target != LEAVE_OUT}
    free = [mark for mark in template.landmarks if mark.id not in taken]
    by_place = _by_place(names, template)
    found = {}
    for name in names:
        ranked = sorted(((_likeness(name, mark), mark.id) for mark in free), key=lambda pair: -pair[0])
        likely = [mark for likeness, mark in ranked if likeness >= LEAST][:MOST]
        place = by_place.get(name)
        found[name] = tuple(dict.fromkeys([*([place] if place and place not in taken else []), *likely]))
    return found


def settled(names: Sequence[str], template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The first suggestion of each name, each landmark once: the likeliest pair first. For a person to confirm."""
    offers = suggestions(names, template, given)
    marks = {mark.id: mark for mark in template.landmarks}
    pairs = [(-_likeness(name, marks[ids[0]]), name, ids[0]) for name, ids in offers.items() if ids]
    result: dict[str, str] = {}
    for _, name, landmark in sorted(pairs):
        if landmark not in result.values():
            result[name] = landmark
    return result


def _by_place(names: Sequence[str], template: Template) -> dict[str, str]:
    """Names that only count: "K0" or "0" is the first where a zero is among them, else "1" is."""
    numbers = {name: int(match[1]) for name in names if (match := _NUMBERED.match(name.strip()))}
    if not numbers or len(numbers) < len(names) / 2:
        return {}
    first = 0 if 0 in numbers.values() or _all_from_zero(numbers) else 1
    places = {name: number - first for name, number in numbers.items()}
    return {name: template.ids[place] for name, place in places.items() if 0 <= place < len(template)}


def _all_from_zero(numbers: Mapping[str, int]) -> bool:
    return all(re.sub(r"[\d _-]", "", name).lower() in _FIRST_BY_LETTER for name in numbers)


def _likeness(name: str, mark: Landmark) -> float:
    wanted = _plain(name)
    if not wanted:
        return 0.0
    return max(_alike(wanted, _plain(text)) for text in (mark.id, mark.name, mark.abbreviation))


def _alike(wanted: str, known: str) -> float:
    if not known:
        return 0.0
    if wanted == known:
        return 1.0
    if len(known) < 3:  # an abbreviation of two letters is part of too many words
        return 0.0
    return SequenceMatcher(None, wanted, known, autojunk=False).ratio()


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
