"""The values of the cases of a project: which set is in use, and the records that tables and reports are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from medsapiens_core.data.annotation import Annotation
from medsapiens_core.errors import UserError
from medsapiens_core.measurements.case_points import case_points
from medsapiens_core.measurements.definitions import MeasureSet
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.measurements.point_errors import Repeatability, point_errors
from medsapiens_core.measurements.set_file import fits, set_from_json, shipped_sets
from medsapiens_core.measurements.tables import TABLES, CaseRecord, write_named
from medsapiens_core.store.cases import CaseRow
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.calibrations import Calibrations
from medsapiens_core.transfer.importing import all_cases

Progress = Callable[[int, int], bool]
"""Told (done, total); answers whether to go on."""


def go_on(_done: int, _total: int) -> bool:
    """Never stop."""
    return True


def sets_of(project: Project) -> dict[str, MeasureSet]:
    """Set id -> set, of those that fit the project's template: the shipped ones, and its own in their place."""
    own = (set_from_json(value) for value in project.measurements.sets())
    known = {**shipped_sets(), **{measures.id: measures for measures in own}}
    return {set_id: measures for set_id, measures in known.items() if fits(measures, project.template)}


def set_in_use(project: Project, wanted: str | None = None) -> MeasureSet:
    """The named set, else the chosen one, else the first that fits. Raises UserError that lists what there is."""
    known = sets_of(project)
    if not known:
        raise UserError(
            f"There is no measurement set for the template {project.template.id}. Make one in the window with "
            "Measure > Edit measurements."
        )
    set_id = wanted or project.measurements.choice().get("set") or next(iter(known))
    if set_id in known:
        return known[set_id]
    if wanted:
        raise UserError(f"There is no measurement set {wanted!r}. There are: {', '.join(known)}.")
    return next(iter(known.values()))


def records(
    project: Project,
    measures: MeasureSet,
    calibrations: Calibrations,
    *,
    repeatability: Mapping[str, Repeatability] | None = None,
    unreviewed: bool = False,
    progress: Progress = go_on,
) -> Iterator[CaseRecord]:
    """One record for each reading of each case, in the order they were added; by default the reviewed ones only.

    Ends early when `progress(done, total)` answers False.
    """
    cases = all_cases(project)
    for done, case in enumerate(cases):
        if not progress(done, len(cases)):
            return
        for reader in project.annotations.readers(case.id):
            annotation = project.annotations.load(case.id, reader=reader)
            if annotation.reviewed or unreviewed:
                yield record_of(project, case, annotation, measures, calibrations, repeatability=repeatability)


def record_of(
    project: Project,
    case: CaseRow,
    annotation: Annotation,
    measures: MeasureSet,
    calibrations: Calibrations,
    *,
    repeatability: Mapping[str, Repeatability] | None = None,
) -> CaseRecord:
    """The values of one reading."""
    shown = annotation.prediction_id
    prediction = project.predictions.get(shown) if shown else None
    points = case_points(annotation, project.template, case.spacing)
    errors = point_errors(points, calibrations.covariances(prediction), repeatability)
    return CaseRecord(
        case.name,
        case.image_sha256,
        case.frame,
        case.width,
        case.height,
        case.spacing,
        annotation,
        annotation.reader or _last_reader(project, case.id),
        prediction.model_id if prediction else "",
        evaluate(measures, points, errors, project.measurements.locks(case.id)),
    )


def export_tables(
    project: Project,
    measures: MeasureSet,
    calibrations: Calibrations,
    out: Path,
    *,
    table: str = "measurements-wide",
    unreviewed: bool = False,
    repeatability: Mapping[str, Repeatability] | None = None,
    progress: Progress = go_on,
) -> tuple[list[Path], int]:
    """Write one table to a .csv file, or all four into a folder. Returns the files and the number of readings.

    Nothing is written when `progress(done, total)` answers False before the end: then there are no files. Raises
    UserError when something is already there, or when no case can be written.
    """
    single = out.suffix.lower() == ".csv"
    targets = {table: out} if single else {name: out / f"{name}.csv" for name in TABLES}
    taken = [path for path in targets.values() if path.exists()]
    if taken:
        raise UserError(f"{taken[0]} is already there, and nothing is overwritten. Choose another name.")
    stopped = False

    def ask(done: int, total: int) -> bool:
        nonlocal stopped
        stopped = stopped or not progress(done, total)
        return not stopped

    chosen = records(project, measures, calibrations, repeatability=repeatability, unreviewed=unreviewed, progress=ask)
    found = list(chosen)
    if stopped:
        return [], 0
    if not found:
        raise UserError("No case is reviewed yet, so there is nothing to write. Mark cases reviewed, or ask for all.")
    (out.parent if single else out).mkdir(parents=True, exist_ok=True)
    for name, path in targets.items():
        write_named(path, name, project.template, measures, found)
    return list(targets.values()), len(found)


def _last_reader(project: Project, case_id: int) -> str:
    named = [edit.reader for edit in project.annotations.history(case_id) if edit.reader]
    return named[-1] if named else ""
