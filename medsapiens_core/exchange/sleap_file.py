"""What a SLEAP file says, in plain values: skeletons, videos, and instances with their points (formats.md 4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_landmarks, checked_name, located
from medsapiens_core.exchange.files import MAX_BYTES
from medsapiens_core.exchange.sleap_hdf5 import json_attribute, json_rows, node, table, whole

_POINT = ("x", "y", "visible", "complete")
_INSTANCE = ("instance_type", "skeleton", "track", "point_id_start", "point_id_end")
_FRAME = ("video", "frame_idx", "instance_id_start", "instance_id_end")
_TABLES = ("points", "pred_points", "instances", "frames")
_Table = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Video:
    """`names` are the images of a list, or the one film (`is_list` False). Sizes in pixels, of a list its first's."""

    names: tuple[str, ...]
    is_list: bool
    width: int | None
    height: int | None


@dataclass(frozen=True, eq=False)
class Instance:
    """One set of points of a frame: `xy` (K, 2), NaN where not placed; `scores` (K,) are NaN for a person's points."""

    video: int
    frame: int
    is_predicted: bool
    track: int
    names: tuple[str, ...]
    xy: NDArray[np.float64]
    complete: NDArray[np.bool_]
    scores: NDArray[np.float64]
    hidden: int  # points that have a position but are marked invisible, which SLEAP takes for missing


@dataclass(frozen=True, eq=False)
class SleapFile:
    """All of a file that concerns us. `format_id` below 1.1 counts from the corner of the first pixel."""

    format_id: float
    skeletons: tuple[tuple[str, ...], ...]
    videos: tuple[Video, ...]
    tracks: tuple[str, ...]
    instances: tuple[Instance, ...]
    provenance: dict[str, Any]


def read_file(path: Path) -> SleapFile:
    """Read a `.slp` file. Raises UserError with the reason when it cannot be used."""
    if not path.is_file():
        raise UserError(f"{path.name} cannot be read: it is not a file.")
    if path.stat().st_size > MAX_BYTES:
        raise UserError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB. Save it without its images.")
    with located(f"{path.name} cannot be used"):
        try:
            with h5py.File(path, "r", locking="best-effort") as file:
                return _contents(file)
        except (OSError, RuntimeError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise UserError("it is damaged or no SLEAP file") from error


def _contents(file: h5py.File) -> SleapFile:
    group = node(file, "metadata")
    metadata = json_attribute(group, "json") if isinstance(group, h5py.Group) else None
    if not isinstance(group, h5py.Group) or not isinstance(metadata, dict):
        raise UserError("it has no description of its skeleton")
    format_id = float(group.attrs.get("format_id", 1.0))
    missing = [name for name in _TABLES if node(file, name) is None]
    if missing or not 0 <= format_id < 100:
        raise UserError(f"it has SLEAP format {format_id:g} without the tables {', '.join(missing)}")
    skeletons = tuple(_skeletons(metadata))
    videos, numbers = _videos(file)
    tracks = tuple(str(row[1]) for row in json_rows(file, "tracks_json"))
    provenance = next(iter(json_rows(file, "provenance_json")), metadata.get("provenance"))
    instances = tuple(_instances(file, skeletons, numbers, videos))
    return SleapFile(
        format_id, skeletons, videos, tracks, instances, provenance if isinstance(provenance, dict) else {}
    )


def _skeletons(metadata: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Landmark names of each skeleton; nodes are given by their place in the list of all nodes."""
    nodes = [checked_name(entry["name"]) for entry in metadata["nodes"]]
    checked_landmarks(len(nodes))
    for skeleton in metadata["skeletons"]:
        ids = [entry["id"] for entry in skeleton.get("nx_graph", skeleton)["nodes"]]
        if not all(isinstance(number, int) and 0 <= number < len(nodes) for number in ids):
            raise UserError("a skeleton names a node that is not in the file")
        names = tuple(nodes[number] for number in ids)
        if len(set(names)) != len(names):
            raise UserError("a skeleton has the same node twice")
        yield names


def _videos(file: h5py.File) -> tuple[tuple[Video, ...], dict[int, int]]:
    """The videos, and the place of each by the number that embedded ones carry (`video15/video`)."""
    videos, numbers = [], {}
    for place, entry in enumerate(json_rows(file, "videos_json")):
        backend = entry["backend"]
        dataset = str(backend.get("dataset") or "")
        found = re.fullmatch(r"video([0-9]{1,9})/video", dataset)
        numbers[int(found[1]) if found else place] = place
        embedded = found and backend.get("filename", entry.get("filename")) == "."
        source = _source(file, f"video{found[1]}") if found and embedded else None
        videos.append(_video(source or entry))
    return tuple(videos), numbers


def _source(file: h5py.File, name: str) -> Any:
    """The video that embedded images were taken from."""
    group = node(file, name)
    source = node(group, "source_video") if isinstance(group, h5py.Group) else None
    return json_attribute(source, "json") if isinstance(source, h5py.Group) else None


def _video(entry: dict[str, Any]) -> Video:
    backend = entry["backend"]
    names = backend.get("filenames") or backend.get("filename") or entry.get("filename")
    shape = backend.get("shape") or [None, backend.get("height_"), backend.get("width_"), None]
    height, width = (value if isinstance(value, int) and value > 0 else None for value in (shape[1], shape[2]))
    listed = names if isinstance(names, list) else [names]
    return Video(tuple(map(str, listed)), isinstance(names, list), width, height)


def _instances(
    file: h5py.File, skeletons: tuple[tuple[str, ...], ...], numbers: dict[int, int], videos: tuple[Video, ...]
) -> Iterator[Instance]:
    points = {0: table(file, "points", _POINT), 1: table(file, "pred_points", (*_POINT, "score"))}
    rows = {name: whole(column, name) for name, column in table(file, "instances", _INSTANCE).items()}
    frames = {name: whole(column, name) for name, column in table(file, "frames", _FRAME).items()}
    used = set(frames["video"].tolist())
    by_place = len(used) == len(videos) and max(used, default=0) == len(videos) - 1
    count = len(rows["track"])
    for video, frame, start, end in zip(*(frames[name].tolist() for name in _FRAME), strict=True):
        place = video if by_place else numbers.get(video, video)
        if not (0 <= place < len(videos) and 0 <= start <= end <= count and frame >= 0):
            raise UserError("its table of frames does not fit the others")
        for index in range(start, end):
            yield _instance(
                place, frame, {name: int(column[index]) for name, column in rows.items()}, skeletons, points
            )


def _instance(
    video: int, frame: int, row: dict[str, int], skeletons: tuple[tuple[str, ...], ...], points: dict[int, _Table]
) -> Instance:
    kind, start, end = row["instance_type"], row["point_id_start"], row["point_id_end"]
    if kind not in points or not 0 <= row["skeleton"] < len(skeletons):
        raise UserError("its table of instances does not fit the others")
    names, columns = skeletons[row["skeleton"]], points[kind]
    if end - start != len(names) or not 0 <= start <= end <= len(columns["x"]):
        raise UserError("an instance has not as many points as its skeleton")
    part = {name: np.asarray(column[start:end], dtype=np.float64) for name, column in columns.items()}
    xy = np.column_stack([part["x"], part["y"]])
    placed, visible = np.isfinite(xy).all(axis=1), part["visible"] != 0
    xy[~(placed & visible)] = np.nan
    scores = part.get("score", np.full(len(names), np.nan))
    hidden = int((placed & ~visible).sum())
    return Instance(video, frame, kind == 1, row["track"], names, xy, part["complete"] != 0, scores, hidden)
