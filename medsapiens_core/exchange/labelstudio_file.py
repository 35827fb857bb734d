"""The parts of a Label Studio export, checked; keys that we do not know are kept in `model_extra`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import first_problem
from medsapiens_core.exchange.hints import IMAGE_SUFFIXES, image_hint
from medsapiens_core.exchange.safe_json import read_json

_ADDRESS = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
ABSENT_PREFIX = "absent_"  # our per-image choices are named absent_<reason>
VISIBILITY = "visibility"  # our per-region choice


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class LabelStudioResult(_Part):
    """An annotation or a prediction; `result` is its list of regions and choices."""

    result: list[dict[str, Any]] = []
    was_cancelled: bool | None = None
    model_version: str | int | float | None = None
    completed_by: Any = None
    msl: Any = None


class LabelStudioTask(_Part):
    """One image with all that was said of it."""

    data: dict[str, Any]
    annotations: Annotated[
        list[LabelStudioResult], Field(validation_alias=AliasChoices("annotations", "completions"))
    ] = []
    predictions: list[LabelStudioResult | int] = []


def parse_file(path: Path) -> list[LabelStudioTask]:
    """Read and check the file's form. Raises UserError that names the place in the file."""
    value = read_json(path)
    if not isinstance(value, list):
        raise UserError(f"{path.name} is not a list of Label Studio tasks. Export it as JSON (not JSON-MIN) again.")
    tasks = []
    for number, item in enumerate(value, 1):
        try:
            tasks.append(LabelStudioTask.model_validate(item))
        except ValidationError as error:
            problem = first_problem(error, "the task")
            text = f"{path.name}, task {number}, is not as Label Studio writes it: {problem}."
            raise UserError(text) from error
    return tasks


def image_key(data: dict[str, Any]) -> str:
    """Which entry of a task's data names the image. Raises UserError when that is not clear."""
    if isinstance(data.get("image"), str):
        return "image"
    texts = [key for key, value in data.items() if isinstance(value, str)]
    pictures = [key for key in texts if str(data[key]).lower().endswith(tuple(filter(None, IMAGE_SUFFIXES)))]
    if len(pictures) != 1:
        raise UserError("it is not clear which entry of its data names the image; call that entry 'image'")
    return pictures[0]


def image_name(text: str) -> str:
    """The image's name in a path or an address, which is never fetched; local storage keeps its folders."""
    address = _ADDRESS.match(text)
    if address is None:
        return image_hint(text)
    scheme, path, query = address["scheme"] or "", address["path"], address["query"] or ""
    local = re.search(r"(?:^|&)d=([^&]+)", query) if path.endswith("/local-files/") else None
    if local:
        return image_hint(_plain(local[1].replace("+", " ")))
    if len(scheme) > 1:  # one letter is a drive
        return image_hint(_plain(path).rsplit("/", 1)[-1])
    return image_hint(text)


def _plain(text: str) -> str:
    """Text with its percent signs resolved. By hand, because nothing in this program may import `urllib`."""
    return _PERCENT.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), text)


def region_value(region: dict[str, Any]) -> dict[str, Any]:
    """The `value` of a region, empty when it has none."""
    value = region.get("value")
    return value if isinstance(value, dict) else {}


def region_label(region: dict[str, Any], labels: dict[str, list[Any]]) -> str | None:
    """The landmark that a region marks, None when it is no keypoint; `labels` are those given apart, by region id.

    Raises UserError for a keypoint that has not exactly one label.
    """
    if region.get("type") not in ("keypointlabels", "keypoint"):
        return None
    found = region_value(region).get("keypointlabels") or labels.get(str(region.get("id")), [])
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], str):
        raise UserError("a keypoint has not exactly one label")
    return found[0]


def separate_labels(result: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Labels that are entries of their own (`<Labels>` beside `<KeyPoint>`), by region id."""
    found = {}
    for region in result:
        labels = region_value(region).get("labels")
        if region.get("type") == "labels" and isinstance(labels, list):
            found[str(region.get("id"))] = labels
    return found
