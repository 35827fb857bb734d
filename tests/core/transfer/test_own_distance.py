"""How far a reader's own points lie from the consensus, landmark by landmark."""

import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.readers import CONSENSUS, Reader
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.double_readings import read_cases
from medsapiens_core.transfer.own_distance import own_distances

from ..store.building import TEMPLATE, add_case
from .test_double_readings import read


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        for code in ("AB", "CD"):
            made.readers.add(Reader(code))
        yield made


def shifted(px):
    return {mark: (5.0 + px, 5.0 + k) for k, mark in enumerate(TEMPLATE.ids)}


def settle(project, case, points):
    annotation = project.annotations.load(case.id, reader=CONSENSUS)
    edit = annotation.change("place", {mark: placed(*xy, None) for mark, xy in points.items()})
    project.annotations.commit(edit, case.id, expected_revision=annotation.revision, reader=CONSENSUS)


def test_the_mean_distance_from_three_cases_on(project):
    for number in range(3):
        case = add_case(project, number)
        project.readings.assign([case.id], "CD", by="AB")
        read(project, case, "", shifted(2.0 + number))
        read(project, case, "CD", shifted(0.0))
        if number == 2:
            assert own_distances(read_cases(project), "AB") == {}, "two cases tell nothing of a person"
        settle(project, case, shifted(0.0))
    found = own_distances(read_cases(project), "AB")
    assert set(found) == set(TEMPLATE.ids)
    one = found[TEMPLATE.ids[0]]
    assert (one.n, one.unit) == (3, "mm") and one.mean == pytest.approx(3.0 * 0.2)  # pixels of 0.2 mm across
    assert own_distances(read_cases(project), "CD")[TEMPLATE.ids[0]].mean == pytest.approx(0.0)
    assert own_distances(read_cases(project), "EF") == {}
