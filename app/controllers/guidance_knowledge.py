"""What guiding rests on, read once from the store and the library: calibrations, usual shapes, dismissed warnings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.guidance.shape_limits import Floats, ShapeLimits
from medsapiens_core.inference.placement import in_order, mean_points, mirrored
from medsapiens_core.models.package_files import read_config
from medsapiens_core.store.guidance import BulkRule
from medsapiens_core.store.library import ModelLibrary
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations


@dataclass(frozen=True, eq=False)
class Knowledge:
    """`calibrations` by model id; `means` are usual shapes (K, 2), one for each side a film may show."""

    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    limits: ShapeLimits | None = None
    means: tuple[Floats, ...] = ()
    dismissed: Mapping[int, frozenset[str]] = field(default_factory=dict)
    rule: BulkRule = field(default_factory=BulkRule)
    reviewed: int = 0


def read_knowledge(project: Project, library: ModelLibrary, calibrations: Calibrations, reader: str) -> Knowledge:
    """Read all of it. A damaged model does not hide what the others know."""
    template = project.template
    dismissed: dict[int, set[str]] = defaultdict(set)
    for case_id, warning in project.guidance.all_dismissed(reader):
        dismissed[case_id].add(warning)
    return Knowledge(
        calibrations=calibrations.all(),
        limits=project.guidance.limits(),
        means=_means(library, template),
        dismissed={case_id: frozenset(keys) for case_id, keys in dismissed.items()},
        rule=project.guidance.bulk_rule(),
        reviewed=project.cases.counts()["reviewed"],
    )


def _means(library: ModelLibrary, template: Template) -> tuple[Floats, ...]:
    """The mean shape that came with the model in use, in the template's order; and mirrored where films are."""
    try:
        entry = library.current(template.id)
        config = None if entry is None else read_config(entry.folder)
    except (UserError, OSError):
        return ()
    if config is None or template.id not in config.templates:
        return ()
    channels = config.templates[template.id]
    if channels.placement is None or set(channels.landmarks) != set(template.ids):
        return ()
    placement = in_order(channels.placement, config.landmark_order(template))
    size = config.for_template(template.id).input_size
    sides = [placement, mirrored(placement, template.flip_index)] if placement.either_side else [placement]
    return tuple(mean_points(side, size) for side in sides)
