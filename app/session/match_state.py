"""Landmarks that have to be told apart by hand: what is wanted, what is offered, and a proposal (M20)."""

from __future__ import annotations

from dataclasses import dataclass, field

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_match import proposed


@dataclass(frozen=True)
class MatchState:
    """`wanted` and `offered` are (id, name); `match` maps ids of `wanted` to ids of `offered`."""

    title: str
    text: str
    wanted: tuple[tuple[str, str], ...]
    offered: tuple[tuple[str, str], ...]
    match: dict[str, str] = field(default_factory=dict)


def match_state(title: str, text: str, template: Template, other: Template) -> MatchState:
    """The landmarks of a project's template, and which of `other` may stand for each."""
    wanted, offered = (tuple((mark.id, mark.name) for mark in one.landmarks) for one in (template, other))
    return MatchState(title, text, wanted, offered, proposed(template, other))
