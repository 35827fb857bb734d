"""Revisions of a project's template: read, drafted and published (ux.md 9.1).

Publishing changes no position. Cases get "not placed" for what is new, what was removed stays in the tables unseen,
and what was decided under a definition that has changed is marked. All of it is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from medsapiens_core.data.annotation import NOT_PLACED, Annotation
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import template_from_json, template_to_json
from medsapiens_core.store import tables
from medsapiens_core.store.files import canonical_json, sha256_text

_t = tables.template.c


@dataclass(frozen=True)
class Changes:
    """What a new revision does: `added`, `removed` landmark ids; `redefined` id -> revision of the old definition."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    redefined: Mapping[str, int]


def changes_between(old: Template, new: Template) -> Changes:
    """What publishing `new` after `old` does to cases."""
    before = {mark.id: mark for mark in old.landmarks}
    redefined = {m.id: before[m.id].since for m in new.landmarks if m.id in before and _redefined(before[m.id], m)}
    return Changes(
        tuple(id_ for id_ in new.ids if id_ not in before),
        tuple(id_ for id_ in old.ids if id_ not in new.index),
        redefined,
    )


def next_revision(old: Template, wanted: Template, version: int) -> Template:
    """`wanted` as revision `version`, each landmark telling since when its definition holds."""
    before = {mark.id: mark for mark in old.landmarks}

    def since(mark: Landmark) -> int:
        same = mark.id in before and not _redefined(before[mark.id], mark)
        return before[mark.id].since if same else version

    marks = tuple(replace(mark, since=since(mark)) for mark in wanted.landmarks)
    return replace(wanted, id=old.id, version=version, landmarks=marks)


def stored_revisions(connection: sa.Connection, template_id: str) -> list[Template]:
    """Every published revision, oldest first."""
    query = sa.select(_t.json).where(_t.id == template_id).order_by(_t.version)
    return [_parsed(text) for text in connection.execute(query).scalars()]


def insert_revision(connection: sa.Connection, template: Template) -> str:
    """Store a revision and return its hash."""
    text = canonical_json(template_to_json(template))
    sha256 = sha256_text(text)
    row = {"id": template.id, "version": template.version, "json": text, "sha256": sha256}
    connection.execute(sa.insert(tables.template).values(row))
    return sha256


def every_landmark(connection: sa.Connection, template: Template) -> tuple[str, ...]:
    """Ids of the template's landmarks, then those that only older revisions had."""
    older = (id_ for revision in stored_revisions(connection, template.id) for id_ in revision.ids)
    return tuple(dict.fromkeys((*template.ids, *older)))


def carried(annotation: Annotation, template: Template) -> Annotation:
    """The same states for the landmarks of another revision; what it did not have is not placed."""
    states = dict(zip(annotation.landmark_ids, annotation.states, strict=True))
    return replace(
        annotation,
        landmark_ids=template.ids,
        states=tuple(states.get(id_, NOT_PLACED) for id_ in template.ids),
    )


def aligned(prediction: Prediction, known: tuple[str, ...], template: Template, match: Mapping[str, str]) -> Prediction:
    """A prediction of the landmarks `known`, (K, ...) arrays, in the order of `template`; NaN for what it lacks.

    `match` names for landmarks of the template those of the prediction; without an entry the id must be the same.
    """
    position = {id_: k for k, id_ in enumerate(known)}
    places = [position.get(match.get(id_, id_)) for id_ in template.ids]

    def moved(array: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        if array is None:
            return None
        result = np.full((len(places), *array.shape[1:]), np.nan)
        for k, place in enumerate(places):
            if place is not None:
                result[k] = array[place]
        return result

    points, scores = moved(prediction.xy_image), moved(prediction.scores)
    assert points is not None and scores is not None
    return replace(
        prediction,
        template_version=template.version,
        xy_image=points,
        scores=scores,
        covariance=moved(prediction.covariance),
        radial_error=moved(prediction.radial_error),
    )


def stored_prediction(connection: sa.Connection, text: str) -> Prediction:
    """A stored prediction in the order of the project's present revision, NaN for landmarks that it lacks."""
    prediction = Prediction.from_json(json.loads(text))
    m = tables.meta.c
    now = int(connection.execute(sa.select(m.value).where(m.key == "template_version")).scalar_one())
    if prediction.template_version == now:
        return prediction
    query = sa.select(_t.version, _t.json).where(_t.id == prediction.template_id)
    told = {row.version: row.json for row in connection.execute(query)}
    old, new = (_parsed(told[version]) for version in (prediction.template_version, now))
    return aligned(prediction, old.ids, new, {})


@lru_cache(maxsize=16)
def _parsed(text: str) -> Template:
    return template_from_json(json.loads(text))


def _redefined(before: Landmark, after: Landmark) -> bool:
    return before.definition.split() != after.definition.split()
