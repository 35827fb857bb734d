"""SLEAP files as we write them: format 1.3, image lists, the four tables (formats.md 4.1)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.files import write_bytes

FORMAT_ID = 1.3
_MAX_ATTRIBUTE = 64_000  # HDF5 holds 64 KiB in an attribute
_POINT = [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")]
_INSTANCE = [
    ("instance_id", "i8"), ("instance_type", "u1"), ("frame_id", "u8"), ("skeleton", "u4"), ("track", "i4"),
    ("from_predicted", "i8"), ("score", "f4"), ("point_id_start", "u8"), ("point_id_end", "u8"),
    ("tracking_score", "f4"),
]  # fmt: skip
_FRAME = [
    ("frame_id", "u8"), ("video", "u4"), ("frame_idx", "u8"), ("instance_id_start", "u8"), ("instance_id_end", "u8"),
]  # fmt: skip


@dataclass(frozen=True)
class NewInstance:
    """One set of points: (x, y, visible, complete, score) in skeleton order; `track` -1 for none."""

    is_predicted: bool
    track: int
    points: Sequence[tuple[float, float, bool, bool, float]]


@dataclass(frozen=True)
class NewFrame:
    """One image, by video and place in its list."""

    video: int
    index: int
    instances: Sequence[NewInstance]


@dataclass(frozen=True)
class NewVideo:
    """A list of images of one size."""

    names: Sequence[str]
    width: int | None
    height: int | None


def write_file(
    target: Path,
    template: Template,
    *,
    videos: Iterable[NewVideo],
    tracks: Iterable[str],
    frames: Iterable[NewFrame],
    provenance: dict[str, Any],
) -> None:
    """Write the file, whole or not at all. Raises UserError when the landmark names are too long for SLEAP."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        metadata = file.create_group("metadata")
        metadata.attrs["format_id"] = FORMAT_ID
        metadata.attrs["json"] = _skeleton_text(template)
        file.create_dataset("provenance_json", data=np.bytes_(_json(provenance)))
        _texts(file, "videos_json", [_json(_video(video)) for video in videos])
        _texts(file, "tracks_json", [_json([0, name]) for name in tracks])
        _texts(file, "suggestions_json", [])
        for name, rows in _tables(frames).items():
            file.create_dataset(name, data=rows)
    write_bytes(target, buffer.getvalue())


def _tables(frames: Iterable[NewFrame]) -> dict[str, np.ndarray[Any, Any]]:
    points: list[Any] = []
    predicted: list[Any] = []
    instances: list[Any] = []
    rows: list[Any] = []
    for number, frame in enumerate(frames):
        first = len(instances)
        for new in frame.instances:
            part = predicted if new.is_predicted else points
            start = len(part)
            part.extend(tuple(point) if new.is_predicted else tuple(point[:4]) for point in new.points)
            scores = [point[4] for point in new.points if np.isfinite(point[4])] if new.is_predicted else []
            score = sum(scores) / len(scores) if scores else 0.0
            kind = int(new.is_predicted)
            instances.append((len(instances), kind, number, 0, new.track, -1, score, start, len(part), 0.0))
        rows.append((number, frame.video, frame.index, first, len(instances)))
    return {
        "points": np.array(points, dtype=_POINT),
        "pred_points": np.array(predicted, dtype=[*_POINT, ("score", "f8")]),
        "instances": np.array(instances, dtype=_INSTANCE),
        "frames": np.array(rows, dtype=_FRAME),
    }


def _texts(file: h5py.File, name: str, rows: Sequence[str]) -> None:
    file.create_dataset(name, data=[row.encode() for row in rows], shape=(len(rows),), dtype=h5py.string_dtype("ascii"))


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _video(video: NewVideo) -> dict[str, Any]:
    names = list(video.names)
    size = {"height_": video.height, "width_": video.width, "channels_": 1, "grayscale": True}
    shape = None if video.height is None or video.width is None else [len(names), video.height, video.width, 1]
    backend = {"type": "ImageVideo", "shape": shape, "filename": names[0], "filenames": names, **size, "fps": None}
    return {"filename": names, "backend": backend}


def _skeleton_text(template: Template) -> np.bytes_:
    """The description of the skeleton: lines are its edges, pairs its symmetries."""
    place = template.index
    lines = [(place[a], place[b]) for a, b in template.lines]
    pairs = [(k, place[mark.pair]) for k, mark in enumerate(template.landmarks) if mark.pair and place[mark.pair] > k]
    links = [_link(1, a, b) | {"edge_insert_idx": number} for number, (a, b) in enumerate(lines)]
    links += [_link(2, a, b) for a, b in pairs]
    skeleton = {
        "directed": True, "multigraph": True, "graph": {"name": template.id, "num_edges_inserted": len(lines)},
        "links": links, "nodes": [{"id": number} for number in range(len(template))],
    }  # fmt: skip
    metadata = {
        "version": "2.0.0", "skeletons": [skeleton], "nodes": [{"name": name, "weight": 1.0} for name in template.ids],
        "videos": [], "tracks": [], "suggestions": [], "negative_anchors": {}, "provenance": {},
    }  # fmt: skip
    text = _json(metadata).encode()
    if len(text) > _MAX_ATTRIBUTE:
        raise UserError(f"Template {template.id} has too many or too long landmark names for a SLEAP file.")
    return np.bytes_(text)


def _link(kind: int, source: int, target: int) -> dict[str, Any]:
    """1 is an edge, 2 a symmetry; SLEAP wants the kind as a tag of its own class."""
    tag = {"py/reduce": [{"py/type": "sleap.skeleton.EdgeType"}, {"py/tuple": [kind]}]}
    return {"key": 0, "source": source, "target": target, "type": tag}
