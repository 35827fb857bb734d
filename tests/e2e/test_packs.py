"""The packs are what ux.md 2.7 says; the acceptance scripts rest on it."""

import numpy as np
import pytest

from medsapiens_core.inference.uncertainty import regions
from medsapiens_core.io.read import read_image
from medsapiens_core.models.package_files import read_calibrations
from medsapiens_core.store.project import Project

from .packs import E95_MM, LOCKED, SWAPPED_CORNERS


@pytest.fixture
def project_a(pack_a):
    with Project.open(pack_a.folder) as project:
        yield project


def test_pack_a_has_its_cases_in_their_states(pack_a, project_a):
    rows = {name: project_a.cases.get(case_id) for name, case_id in pack_a.ids.items()}
    assert list(rows) == [f"A{n:02d}" for n in range(1, 25)]
    assert [name for name, row in rows.items() if row.part == "locked"] == LOCKED
    assert {rows[name].state for name in LOCKED} == {"reviewed"}
    assert {row.state for name, row in rows.items() if name not in LOCKED} == {"predicted"}
    assert project_a.annotations.load(pack_a.ids["A21"]).decided_count == 0
    assert project_a.check() == []
    assert project_a.predictions.pending(pack_a.library.current("ceph-19").id) == []


def test_pack_a_films_are_of_the_kinds_named(pack_a, project_a):
    images = {name: read_image(project_a.cases.get(case_id).path) for name, case_id in pack_a.ids.items()}
    assert images["A04"].spacing is None and images["A08"].is_colour
    assert images["A05"].inverted and not images["A01"].inverted
    assert (images["A06"].spacing.row_mm, images["A06"].spacing.col_mm) == (0.12, 0.10)
    assert images["A07"].pixels.max() > 4095
    below = [mark for mark, (_, y) in pack_a.truth["A10"].items() if y > images["A10"].height - 0.5]
    assert below == ["menton"]


def test_regions_of_the_stand_in_have_the_radius_told(pack_a, project_a):
    calibration = read_calibrations(pack_a.library.path_for("s1"))["ceph-19"]
    for name in ("A01", "A04", "A06"):
        row = project_a.cases.get(pack_a.ids[name])
        for mark, region in zip(
            pack_a.template.ids,
            regions(project_a.predictions.latest(row.id), pack_a.template, calibration),
            strict=True,
        ):
            cell = 1.0 if row.spacing is None else row.spacing.row_mm
            assert min(region.semi_axes_px) * cell == pytest.approx(pack_a.e95[name][mark], rel=1e-6)
    assert sum(value < 2.0 for value in E95_MM.values()) == 14


def test_wrong_predictions_are_wrong_as_told(pack_a):
    off = np.subtract(pack_a.predicted["A02"]["gonion"], pack_a.truth["A02"]["gonion"]) * 0.4
    assert np.hypot(*off) == pytest.approx(14.0, abs=0.01)
    upper, lower = "upper_incisor_tip", "lower_incisor_tip"
    assert pack_a.predicted["A03"][upper] == pack_a.truth["A03"][lower]


def test_candidates_pass_and_fail_the_gate(project_a):
    jobs = {job.payload["model"]: job for job in project_a.jobs.list()}
    lines = {
        name: {line["rule"]: line for line in project_a.comparisons.get(job.id)["gate"]} for name, job in jobs.items()
    }
    assert not any(line["blocks"] for line in lines["s2"].values())
    assert lines["s3"]["G2"]["blocks"]


def test_pack_b_has_one_vertebra_with_exchanged_corners(pack_b):
    left, right = SWAPPED_CORNERS
    assert pack_b.predicted["B03"][left] == pack_b.truth["B03"][right]
    assert pack_b.predicted["B02"] == pack_b.truth["B02"]


def test_pack_c_is_long(pack_c):
    with Project.open(pack_c.folder) as project:
        row = project.cases.get(pack_c.ids["C01"])
    assert (row.width, row.height) == (3080, 9036)


def test_a_pack_opens_in_the_window(pack_a, open_pack):
    application = open_pack(pack_a, "A03")
    assert application.workspace.session.annotation.decided_count == 0
    assert application.workspace.inference.worker_pid == 0
