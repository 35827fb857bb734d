"""The parts of a COCO keypoints file, checked; keys that we do not know are kept in `model_extra`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import checked_landmarks, checked_name, checked_points, first_problem, located
from medsapiens_core.exchange.safe_json import read_json

Id = int | str
Side = Annotated[int, Field(ge=1, le=2**31)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False)


class CocoImage(_Part):
    """One image; `pixel_spacing_mm` (row, column) is our own addition."""

    id: Id
    file_name: Annotated[str, Field(min_length=1, max_length=4096)]
    width: Side
    height: Side
    pixel_spacing_mm: tuple[float, float] | None = None


class CocoAnnotation(_Part):
    """One annotation; `keypoints` are x, y, v for each keypoint of the category."""

    id: Id | None = None
    image_id: Id
    category_id: Id
    keypoints: list[Annotated[float, Field(strict=True)]] = []
    num_keypoints: Any = None
    msl: Any = None


class CocoCategory(_Part):
    """One category; only those with `keypoints` concern us."""

    id: Id
    name: str = ""
    keypoints: list[str] = []


class CocoFile(_Part):
    """The whole file."""

    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory]


def parse_file(path: Path) -> CocoFile:
    """Read and check the file's form. Raises UserError that names the place in the file."""
    value = read_json(path)
    if isinstance(value, list):
        raise UserError(
            f"{path.name} is a list of COCO results without images and names. Open the annotation file instead."
        )
    try:
        document = CocoFile.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{path.name} is not a COCO keypoints file: {first_problem(error, 'the file')}.") from error
    with located(path.name):
        checked_points(sum(len(annotation.keypoints) // 3 for annotation in document.annotations))
        _check_ids([image.id for image in document.images])
    return document


def spacing_of(image: CocoImage) -> Spacing | None:
    """The pixel size that the file gives for an image. Raises UserError for one that no pixel has."""
    if image.pixel_spacing_mm is None:
        return None
    try:
        return Spacing(*image.pixel_spacing_mm, SpacingSource.ANNOTATION_FILE)
    except ValueError as error:
        raise UserError(f"{error}.") from error


def choose_category(document: CocoFile, choice: str | None) -> CocoCategory:
    """The category with keypoints that is annotated, or the one whose name or id is `choice`. Raises UserError."""
    used = {annotation.category_id for annotation in document.annotations if annotation.keypoints}
    with_names = [category for category in document.categories if category.keypoints]
    candidates = [category for category in with_names if category.id in used] or with_names
    if choice is not None:
        candidates = [category for category in with_names if choice in (category.name, str(category.id))]
    if len(candidates) == 1:
        return _checked(candidates[0])
    if not candidates:
        raise UserError("no category has keypoints; only COCO keypoint files hold landmarks")
    names = ", ".join(category.name or str(category.id) for category in candidates[:10])
    raise UserError(f"several categories have keypoints ({names}); choose one with category=NAME")


def _checked(category: CocoCategory) -> CocoCategory:
    checked_landmarks(len(category.keypoints))
    for name in category.keypoints:
        checked_name(name)
    if len(set(category.keypoints)) != len(category.keypoints):
        raise UserError("a keypoint name occurs twice in one category; rename one")
    return category


def _check_ids(ids: list[Id]) -> None:
    if len(set(ids)) != len(ids):
        raise UserError("two images have the same id")
