from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.data.annotation import Place
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.snapshot import SkippedCase, SnapshotItem, SnapshotLandmark, TrainingSnapshot

numbers = st.floats(-1e6, 1e6)
landmarks = st.one_of(
    st.builds(
        SnapshotLandmark, st.just("sella"), st.just(Place.VISIBLE), numbers, numbers, st.sampled_from([0.5, 1.0])
    ),
    st.builds(SnapshotLandmark, st.just("sella"), st.just(Place.ABSENT), st.none(), st.none(), st.just(0.0)),
)
spacings = st.none() | st.builds(Spacing, st.floats(0.01, 5), st.floats(0.01, 5), st.sampled_from(SpacingSource))
items = st.builds(
    SnapshotItem,
    case_id=st.integers(1, 99),
    path=st.sampled_from([Path("/a/b c.png"), Path("/é/x.dcm")]),
    image_sha256=st.sampled_from(["a" * 64, "b" * 64]),
    frame=st.integers(0, 3),
    axis=st.none() | st.integers(0, 2),
    width=st.just(30),
    height=st.just(20),
    spacing=spacings,
    patient_group=st.integers(1, 9),
    part=st.sampled_from(["train", "val", "locked"]),
    landmarks=st.tuples(landmarks),
    revision=st.integers(1, 9),
    state_hash=st.sampled_from(["c" * 64, "d" * 64]),
)
snapshots = st.lists(items, max_size=4).map(
    lambda found: TrainingSnapshot.of("id", "test", 1, "2026", items=tuple(found), skipped=(SkippedCase(7, "missing"),))
)


@given(snapshots)
def test_a_snapshot_survives_its_file(snapshot):
    assert TrainingSnapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


@given(snapshots, items)
def test_the_hash_covers_the_items_but_not_where_files_lie(snapshot, item):
    def hash_of(*found):
        return TrainingSnapshot.of("other", "test", 1, "later", items=found).sha256

    assert hash_of(*snapshot.items) == snapshot.sha256
    assert hash_of(*snapshot.items, item) != snapshot.sha256
    assert hash_of(replace(item, path=Path("/moved"))) == hash_of(item)
    for change in ({"width": 31}, {"state_hash": "e" * 64}, {"part": "x"}, {"frame": 9}):
        assert hash_of(replace(item, **change)) != hash_of(item)


@given(snapshots, items)
def test_the_locked_hash_covers_the_locked_part_only(snapshot, item):
    longer = TrainingSnapshot.of("id", "test", 1, "2026", items=(*snapshot.items, item))
    assert (longer.locked_sha256 == snapshot.locked_sha256) == (item.part != "locked")


def test_another_format_is_refused():
    value = TrainingSnapshot.of("id", "test", 1, "2026", items=()).to_json()
    with pytest.raises(ValueError, match="mssnapshot/1"):
        TrainingSnapshot.from_json({**value, "format": "mssnapshot/2"})
