"""Labelled images from a COCO keypoints file, matched to a template by landmark name. Torch-free.

The file is parsed as for an exchange (`exchange.coco_file`). Keypoints are `x, y, v` in image pixels; v 0 means
unlabelled. Coordinates are taken as they stand (integer = pixel centre). A size or a name that does not agree is
refused: points in another frame look right and are wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.image import Image, Spacing
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import located
from medsapiens_core.exchange.coco_file import (
    CocoAnnotation,
    CocoCategory,
    CocoFile,
    CocoImage,
    Id,
    parse_file,
    spacing_of,
)
from medsapiens_core.io import probe, read_image

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CocoItem:
    """One labelled image. `xy_image` (K, 2) image pixels in template order, NaN where `visibility` (K,) is 0.

    `spacing` is what the annotation file says; the image file's own goes before it (`read_labelled`).
    """

    path: Path
    width: int
    height: int
    xy_image: Floats
    visibility: NDArray[np.int64]
    spacing: Spacing | None


def read_coco(file: Path, images_dir: Path, template: Template) -> list[CocoItem]:
    """Read the annotated images in the order of the file; images without an annotation are left out.

    Raises UserError when the file is no COCO keypoints file, its keypoint names are not the template's landmarks,
    an image is missing, or its size differs from the one that the file states.
    """
    document = parse_file(file)
    category, order = _matching_category(document, template, file)
    by_image: dict[Id, CocoAnnotation] = {}
    for annotation in document.annotations:
        if annotation.category_id != category.id:
            continue
        if annotation.image_id in by_image:
            raise UserError(f"{file.name}: image {annotation.image_id} is annotated twice; keep one annotation of it.")
        by_image[annotation.image_id] = annotation
    items = [
        _item(image, by_image[image.id], order, images_dir, file) for image in document.images if image.id in by_image
    ]
    if not items:
        raise UserError(f"{file.name} has no annotated image. Check that image_id and id agree.")
    return items


def read_labelled(item: CocoItem) -> tuple[Image, Spacing | None]:
    """Read the image, and its spacing: the image file's own if it has one, else the annotation file's."""
    image = read_image(item.path)
    if image.size != (item.width, item.height):
        raise _size_error(item.path, image.size, (item.width, item.height))
    return image, image.spacing or item.spacing


def _matching_category(document: CocoFile, template: Template, file: Path) -> tuple[CocoCategory, list[int]]:
    """The category with the template's landmarks, and for each landmark its position among the keypoints."""
    candidates = [category for category in document.categories if category.keypoints]
    for category in candidates:
        if sorted(category.keypoints) == sorted(template.ids):
            return category, [category.keypoints.index(name) for name in template.ids]
    names = set(candidates[0].keypoints) if candidates else set()
    missing, unknown = sorted(set(template.ids) - names), sorted(names - set(template.ids))
    raise UserError(
        f"The keypoints of {file.name} are not the landmarks of template {template.id}: "
        f"missing {_some(missing)}; unknown {_some(unknown)}. Choose the right template or rename the keypoints."
    )


def _some(names: list[str]) -> str:
    return (", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")) or "none"


def _item(image: CocoImage, annotation: CocoAnnotation, order: list[int], images_dir: Path, file: Path) -> CocoItem:
    if len(annotation.keypoints) != 3 * len(order):
        raise UserError(
            f"{file.name}: {image.file_name} has {len(annotation.keypoints)} keypoint numbers, not {3 * len(order)}."
        )
    path = _inside(images_dir, image.file_name)
    header = probe(path)
    if (header.width, header.height) != (image.width, image.height):
        raise _size_error(path, (header.width, header.height), (image.width, image.height))
    points = np.array(annotation.keypoints, dtype=np.float64).reshape(-1, 3)[order]
    visibility = points[:, 2].astype(np.int64)
    xy = np.where(visibility[:, None] > 0, points[:, :2], np.nan)
    with located(f"{file.name}: {image.file_name}"):
        return CocoItem(path, image.width, image.height, xy, visibility, spacing_of(image))


def _inside(folder: Path, name: str) -> Path:
    relative = PurePosixPath(name.replace("\\", "/"))
    if relative.is_absolute() or ".." in relative.parts or ":" in relative.parts[0]:
        raise UserError(f"The file name {name!r} leads out of the images folder; names must lie within it.")
    path = folder / relative
    if not path.is_file():
        raise UserError(f"The image {path} is missing. Check the folder given with --images.")
    return path


def _size_error(path: Path, found: tuple[int, int], stated: tuple[int, int]) -> UserError:
    return UserError(
        f"{path.name} is {found[0]} x {found[1]} pixels, but the annotation file says {stated[0]} x {stated[1]}: "
        "its points belong to another version of the picture."
    )
