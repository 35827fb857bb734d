"""Read COCO keypoints (formats.md 2.1)."""

from __future__ import annotations

from pathlib import Path

from medsapiens_core.data.annotation import PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, ReadOptions
from medsapiens_core.exchange.checks import checked_point, located
from medsapiens_core.exchange.coco_file import (
    CocoAnnotation,
    CocoCategory,
    CocoFile,
    CocoImage,
    Id,
    choose_category,
    parse_file,
    spacing_of,
)
from medsapiens_core.exchange.convention import Convention, to_image
from medsapiens_core.exchange.extension import KEY, with_extension
from medsapiens_core.exchange.hints import image_hint
from medsapiens_core.exchange.states import placed_state

NAME = "coco"
_OURS = {
    "file_name", "width", "height", "pixel_spacing_mm", "image_id", "category_id", "keypoints", "num_keypoints", KEY
}  # fmt: skip


def read(path: Path, options: ReadOptions) -> Batch:
    """Read a COCO keypoints file; `v` 2 is visible, 1 estimated, 0 not placed unless our `msl` key says absent.

    Choices: `origin=corner` for tools whose first pixel has its centre at 0.5, 0.5; `category=NAME` and `person=N`
    (1, 2, ...) where a file has several; `flavour=medsapiens` names K0...Kn by the template's order.
    Raises UserError that names the image.
    """
    document = parse_file(path)
    with located(path.name):
        category = choose_category(document, options.choices.get("category"))
        names = _names(category, options)
        images = {image.id: image for image in document.images}
        messages: list[str] = []
        readings = []
        for annotation in _one_for_each_image(document, category, options, messages):
            if annotation.image_id not in images:
                raise UserError("an annotation names an image that is not in the file")
            readings.append(_reading(images[annotation.image_id], annotation, names, options, messages))
    extra = {"top": dict(document.model_extra or {}), "category": category.model_dump(exclude_unset=True)}
    return Batch(tuple(readings), names, tuple(messages), {NAME: extra})


def _names(category: CocoCategory, options: ReadOptions) -> tuple[str, ...]:
    if options.choices.get("flavour") != "medsapiens" or options.template is None:
        return tuple(category.keypoints)
    template = options.template
    if len(template) != len(category.keypoints):
        raise UserError(
            f"the file has {len(category.keypoints)} keypoints, template {template.id} has {len(template)} landmarks; "
            "choose another template"
        )
    return template.ids


def _one_for_each_image(
    document: CocoFile, category: CocoCategory, options: ReadOptions, messages: list[str]
) -> list[CocoAnnotation]:
    """The annotations to read. Several of one image must be several readers' (ours say so) or one be chosen."""
    ours = [found for found in document.annotations if found.category_id == category.id and found.keypoints]
    if len(ours) < len(document.annotations):
        messages.append(f"{len(document.annotations) - len(ours)} annotations without these keypoints were left out.")
    groups: dict[Id, list[CocoAnnotation]] = {}
    for annotation in ours:
        groups.setdefault(annotation.image_id, []).append(annotation)
    kept = []
    for group in groups.values():
        kept.extend(group if all(one.msl is not None for one in group) else [_chosen(group, options)])
    return kept


def _chosen(group: list[CocoAnnotation], options: ReadOptions) -> CocoAnnotation:
    numbers = {str(number): annotation for number, annotation in enumerate(group, 1)}
    person = options.choices.get("person", "")
    if len(group) > 1 and person not in numbers:
        raise UserError(f"an image is annotated {len(group)} times; choose one annotation with person=1, 2, ...")
    return numbers.get(person, group[0])


def _reading(
    image: CocoImage, annotation: CocoAnnotation, names: tuple[str, ...], options: ReadOptions, messages: list[str]
) -> Reading:
    file_name = image_hint(image.file_name)
    with located(file_name):
        points = _points(annotation, names, options, file_name, messages)
        ref = ImageRef(
            file_name, image.width, image.height, spacing=spacing_of(image), path=options.find_image(file_name)
        )
    extra = {
        "image": image.model_dump(exclude=_OURS, exclude_unset=True),
        "annotation": annotation.model_dump(exclude=_OURS, exclude_unset=True),
    }
    return with_extension(Reading(ref, points, extra={NAME: extra}), annotation.msl)


def _points(
    annotation: CocoAnnotation, names: tuple[str, ...], options: ReadOptions, file_name: str, messages: list[str]
) -> dict[str, PointState]:
    numbers = annotation.keypoints
    if len(numbers) != 3 * len(names):
        raise UserError(f"{len(numbers)} keypoint numbers instead of {3 * len(names)}")
    origin = Convention.CORNER if options.choices.get("origin") == "corner" else Convention.CENTRE
    points = {}
    for index, name in enumerate(names):
        u, v, visibility = numbers[3 * index : 3 * index + 3]
        if visibility not in (0, 1, 2):
            raise UserError(f"landmark {name}: the visibility is not 0, 1 or 2")
        if visibility == 0:
            continue
        if u == v == 0:
            messages.append(f"{file_name}: landmark {name} is placed at 0, 0; check that it is not missing.")
        x, y = to_image(*checked_point(u, v), (1, 1), origin)
        points[name] = placed_state(x, y, source="reader", estimated=visibility == 1)
    return points
