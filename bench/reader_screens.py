"""The screens about the people who read: a second reader is made up, whose points scatter about those of the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QWidget

from app.check_only import LIMIT_MS, wait_until
from app.views.agreement_window import AgreementWindow
from app.views.who_dialog import WhoDialog
from bench.screens import Stage, screen
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.store.project import Project

SPREAD_PX, SHIFT_PX = 4.0, 14.0  # of the second reader; two landmarks are placed by another definition
SHIFTED = (2, 5)


def read_twice(project: Project) -> None:
    """Every reviewed case is read by AB, and blindly by CD."""
    if project.readers.find("CD") is not None:
        return
    for reader in (Reader("AB", "Anna Berg"), Reader("CD", "Carl Dahl", ("annotator",))):
        if project.readers.find(reader.code) is None:
            project.readers.add(reader)
    reviewed = [row.id for row in project.cases.page("reviewed", limit=100)]
    project.readings.assign(reviewed, "CD", by="AB")
    rng = np.random.default_rng(12)
    for case_id in reviewed:
        first = project.annotations.load(case_id)
        points = first.xy_image + rng.normal(0, SPREAD_PX, first.xy_image.shape)
        points[list(SHIFTED), 0] += SHIFT_PX
        states = {mark: placed(x, y, None) for mark, (x, y) in zip(first.landmark_ids, points.tolist(), strict=True)}
        annotation = project.annotations.load(case_id, reader="CD")
        commit = project.annotations.commit
        edit = replace(annotation.change("place", states), reader="CD")
        annotation = commit(edit, case_id, expected_revision=0, reader="CD")
        edit = replace(annotation.mark_reviewed(), reader="CD")
        commit(edit, case_id, expected_revision=annotation.revision, reader="CD")


@screen("30-who")
def _who(stage: Stage) -> QWidget:
    readers = [Reader("AB", "Anna Berg"), Reader("CD", "Carl Dahl")]
    text = "Several people read in this project. Who are you? It is recorded with every decision."
    dialog = WhoDialog(readers, Reader("EF", "Eva Falk"), text, stage.window)
    dialog.show()
    return dialog


@screen("31-people")
def _people(stage: Stage) -> QWidget:
    read_twice(stage.workspace.project)
    reading = stage.workspace.reading
    reading.people.show()
    wait_until(lambda: bool(reading.people_window.boxes), LIMIT_MS)
    return reading.people_window


@screen("32-agreement")
def _agreement(stage: Stage) -> QWidget:
    read_twice(stage.workspace.project)
    reading = stage.workspace.reading
    reading.agreement.show()
    wait_until(lambda: reading.agreement_window.table.rowCount() > 0, LIMIT_MS)
    return reading.agreement_window


@screen("33-adjudicate")
def _adjudicate(stage: Stage) -> QWidget | None:
    read_twice(stage.workspace.project)
    reading = stage.workspace.reading
    reading.adjudicate()
    window = reading.adjudication_window
    if window is not None:
        wait_until(lambda: window.view.image is not None and bool(window.view.layer.markers), LIMIT_MS)
        window.choose("mean")
    return window


@screen("33-measure-limits")
def _measure_limits(stage: Stage) -> QWidget:
    window = _agreement(stage)
    assert isinstance(window, AgreementWindow)
    window._tabs.setCurrentIndex(1)
    return window


@screen("34-my-figures")
def _figures(stage: Stage) -> QWidget:
    reading = stage.workspace.reading
    reading.show_figures()
    wait_until(lambda: bool(reading.figures_window.values), LIMIT_MS)
    return reading.figures_window


@screen("35-blind")
def _blind(stage: Stage) -> None:
    """The open case as a blind one is seen before anything is placed."""
    session = stage.workspace.session
    case, template = session.case, session.template
    if case is not None:
        session.open_case(case, type(session.annotation).empty(case.id, template), None, blind=True)
