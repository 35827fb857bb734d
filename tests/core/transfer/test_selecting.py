"""What an export takes of a project, and an older export in its way: it is replaced whole, or stays whole."""

import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import EnvironmentProblemError
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.exporting import readings_of
from medsapiens_core.transfer.selecting import in_the_way, set_aside, slots_of

from ...app.building import add_case


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=find_template("chest-6")) as project:
        for number in range(3):
            case = add_case(project, number)
            for reader in ("", "AB")[: number + 1]:
                annotation = project.annotations.load(case.id, reader=reader)
                edit = annotation.change("move", {"lung1_apex": placed(5.0 + number, 6.0, None)})
                project.annotations.commit(edit, case.id, expected_revision=0, reader=reader)
        yield project


def test_cases_and_readers_can_be_chosen_and_the_reading_stopped(project):
    assert slots_of(project) == ["", "AB"]
    cases = project.cases.page(sort="added")
    assert len(readings_of(project).readings) == 5
    assert [r.reader for r in readings_of(project, slots=["AB"]).readings] == ["AB", "AB"]
    (one,) = readings_of(project, cases=cases[:1]).readings
    assert one.image.sha256 == cases[0].image_sha256
    assert len(readings_of(project, go_on=lambda done, _total: done < 1).readings) == 1


def test_an_older_export_comes_back_when_the_new_one_fails_and_goes_when_it_is_written(tmp_path):
    target = tmp_path / "a.csv"
    names = ("a.csv", "a.csv.report.json")
    for name in names:
        (tmp_path / name).write_text("old")
    (tmp_path / "a.csv.images").mkdir()
    (tmp_path / "a.csv.images" / "1.png").write_text("old")
    old = in_the_way(target)
    assert [path.name for path in old] == [*names, "a.csv.images"]
    with pytest.raises(EnvironmentProblemError), set_aside(old):
        target.write_text("half")
        raise EnvironmentProblemError("The disk is full.")
    assert target.read_text() == "old" and (tmp_path / "a.csv.images" / "1.png").read_text() == "old"
    with set_aside(old):
        assert not target.exists()
        target.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"] and target.read_text() == "new"
