"""Pixel sizes that a person sets: kept apart from the file's, with who and when, taken back by choosing again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from medsapiens_core.data.spacing import Spacing, SpacingSource, from_ruler
from medsapiens_core.store import tables
from medsapiens_core.store.errors import UnknownRecordError
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.exporting import readings_of
from tests.core.store.building import add_case, image_of, review, write_picture

RULER = from_ruler((10.0, 5.0), (110.0, 5.0), 9.8)


def add(project, number, *, device="", size=None, spacing=True):
    path = project.folder / "pictures" / f"film {number}.png"
    pixels = write_picture(path, number).pixels
    image = replace(image_of(path, pixels, spacing=spacing), device=device)
    if size is not None:
        image = replace(image, pixels=pixels[: size[1], : size[0]])
    return project.cases.add(image, path=path)


def test_a_ruler_overrides_the_file_and_says_who_when_and_how(project):
    case, other = add_case(project, 1), add_case(project, 2)
    detail = {"line": [[10.0, 5.0], [110.0, 5.0]], "length_mm": 9.8}

    (changed,) = project.calibrations.choose([case.id], "ruler", RULER, reader="AB", detail=detail)

    assert changed.spacing == Spacing(0.098, 0.098, SpacingSource.USER, chosen=True)
    assert changed.is_spacing_set and changed.file_spacing == case.spacing
    assert project.cases.get(case.id) == changed
    assert project.cases.get(other.id) == other
    (choice,) = project.calibrations.history(case.id)
    assert (choice.way, choice.reader, choice.detail, choice.cases_at_once) == ("ruler", "AB", detail, 1)
    assert choice.spacing == RULER and choice.utc.startswith("20")
    row = project.audit.rows()[-1]
    assert (row.op, row.body["cases"], row.body["reader"]) == ("case.spacing", [case.id], "AB")
    assert project.check() == []


def test_choosing_again_takes_it_back_and_nothing_is_forgotten(project):
    case = add_case(project, 1)
    project.calibrations.choose([case.id], "ruler", RULER, reader="AB")
    (pixels,) = project.calibrations.choose([case.id], "pixels", None, reader="CD")
    assert pixels.spacing is None and pixels.is_spacing_set
    (back,) = project.calibrations.choose([case.id], "file", None, reader="CD")
    assert back == case
    assert [choice.way for choice in project.calibrations.history(case.id)] == ["ruler", "pixels", "file"]


def test_a_choice_survives_closing_and_travels_into_exports_and_snapshots(project):
    case = add_case(project, 1)
    review(project, case)
    project.calibrations.choose([case.id], "ruler", RULER, reader="AB")
    folder = project.folder
    project.close()
    with Project.open(folder) as again:
        assert again.cases.get(case.id).spacing == RULER
        (reading,) = readings_of(again).readings
        assert reading.image.spacing == RULER
        snapshot = again.snapshots.freeze()
        assert again.snapshots.get(snapshot.id).items[0].spacing == RULER


def test_changing_it_behind_the_log_is_found(project):
    case = add_case(project, 1)
    project.calibrations.choose([case.id], "ruler", RULER, reader="AB")
    forged = json.dumps({"row_mm": 0.2, "col_mm": 0.2, "source": "user"})
    with project.database.write() as connection:
        connection.execute(sa.update(tables.cases).values(spacing_set=forged))
    assert any("spacing_set" in problem for problem in project.check())


def test_an_unknown_case_changes_none(project):
    case = add_case(project, 1)
    with pytest.raises(UnknownRecordError):
        project.calibrations.choose([case.id, 99], "ruler", RULER, reader="AB")
    assert project.cases.get(case.id) == case and project.calibrations.history(case.id) == []


def test_all_of_a_device_are_those_of_the_same_device_with_the_same_size_in_the_file(project):
    first = add(project, 1, device="ACME / X1 / ROOM 2")
    same = add(project, 2, device="ACME / X1 / ROOM 2", size=(30, 20))
    add(project, 3, device="ACME / X1 / ROOM 3")
    add(project, 4, device="ACME / X1 / ROOM 2", spacing=False)
    add(project, 5)
    assert project.calibrations.same_device(first.id) == [first.id, same.id]


def test_an_unknown_device_means_the_same_size_and_modality(project):
    first, same = add(project, 1, spacing=False), add(project, 2, spacing=False)
    add(project, 3, spacing=False, size=(30, 20))
    add(project, 4, device="ACME / X1", spacing=False)
    assert project.calibrations.same_device(first.id) == [first.id, same.id]
    changed = project.calibrations.choose([first.id, same.id], "ruler", RULER, reader="AB")
    assert [row.spacing for row in changed] == [RULER, RULER]
    assert project.calibrations.history(same.id)[0].cases_at_once == 2


def test_areas_of_a_size_are_kept(project):
    path = project.folder / "pictures" / "us.png"
    image = image_of(path, write_picture(path, 7).pixels)
    spacing = Spacing(0.1, 0.1, SpacingSource.US_REGION, areas=((2.0, 3.0, 20.0, 15.0),))
    case = project.cases.add(replace(image, spacing=spacing), path=path)
    assert project.cases.get(case.id).spacing == spacing
