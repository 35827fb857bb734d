"""Points of a picture whose resolution was changed: scaled by one exact ratio, when somebody says so, and told."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core import cli
from medsapiens_core.data.annotation import absent, placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading
from medsapiens_core.exchange.matching import KnownImages, scale_between
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.binding import bound_by_hand, picture_questions
from medsapiens_core.transfer.preview import preview
from medsapiens_core.transfer.scaling import factor_of, scaled

from ..store.building import TEMPLATE, add_case

SIZE = (32, 24)  # of the pictures of `building`
POINTS = {mark: placed(1.5 + 3 * k, 4.0, None) for k, mark in enumerate(TEMPLATE.ids[:3])}


def reading(name="film 0.png", size=(16, 12), **more):
    return Reading(ImageRef(name, *size, **more), {**POINTS, TEMPLATE.ids[3]: absent()}, "AB")


@pytest.mark.parametrize(
    ("size", "factor"),
    [((16, 12), 2.0), ((64, 48), 0.5), ((48, 36), 2 / 3), ((32, 24), None), ((16, 13), None), ((None, 12), None),
     ((16, 24), None), ((0, 0), None)],
)  # fmt: skip
def test_only_one_exact_ratio_counts(size, factor):
    assert scale_between(ImageRef("a.png", *size), ImageRef("a.png", *SIZE)) == factor


sides, places = st.integers(1, 4000), st.floats(-0.5, 4000)


@given(st.tuples(sides, sides), st.integers(1, 12), st.integers(1, 12), st.tuples(places, places))
def test_corners_stay_corners_and_there_and_back_is_the_same(size, up, down, xy):
    if up == down:
        return
    small, large = (ImageRef("a.png", size[0] * times, size[1] * times) for times in (up, down))
    states = {"a": placed(*xy, None), "corner": placed(-0.5, small.height - 0.5, None)}
    there = scaled(Reading(small, states), large)
    assert there.scaled_from == (small.width, small.height)
    assert factor_of(there) == large.width / small.width
    corner = there.points["corner"]
    assert (corner.x, corner.y) == pytest.approx((-0.5, large.height - 0.5), abs=1e-6)
    back = scaled(there, small).points["a"]
    assert (back.x, back.y) == pytest.approx(xy, abs=1e-6)


def test_it_is_only_ever_offered():
    known = KnownImages([ImageRef("set/film 0.png", *SIZE, sha256="a" * 64, sop_instance_uid="1.2")])
    match = known.match(reading().image)
    assert (match.position, match.scalable) == (None, 0)
    assert "another version" in match.problem and "--scale-to-image scales the points by 2." in match.problem
    other = known.match(reading(size=(16, 13)).image)
    assert (other.position, other.scalable) == (None, None) and "--scale-to-image" not in other.problem
    assert known.match(reading(sha256="b" * 64).image).scalable is None, "other bytes need trust in the name as well"
    assert known.match(reading(sha256="b" * 64).image, trust_names=True).scalable == 0
    with pytest.raises(UserError, match="differ in their ratio"):
        scaled(reading(size=(16, 13)), known.images[0])


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        made.cases_ = [add_case(made, number) for number in range(3)]
        yield made


def test_the_window_offers_it_beside_the_cases_of_the_right_size_and_shows_where_points_come_to_lie(project):
    batch = Batch((reading(), reading("film 1.png", SIZE), reading("film 2.png", (16, 13))), TEMPLATE.ids)
    first, second = picture_questions(project, batch)
    ids = [case.id for case in project.cases_]
    assert (first.position, first.offered, first.by_name) == (0, (), 0)
    assert first.scalable == ((ids[0], "film 0.png", 2.0),)
    assert (second.position, second.scalable) == (2, ())
    assert first.problem.endswith("another version of the picture, in the same proportions: they can be scaled.")
    assert "--" not in first.problem + second.problem and "scaled" not in second.problem
    bound = bound_by_hand(batch, {0: project.cases_[0], 2: None})
    shown = preview(project, bound, "reading")
    assert [factor_of(case.reading) for case in shown.cases] == [2.0, 1.0]
    sella = shown.cases[0].points[0].theirs
    assert (sella.x, sella.y) == (3.5, 8.5)
    assert shown.notes == ("The points of 1 readings were scaled: film 0.png from 16 x 12 to 32 x 24 pixels.",)
    with pytest.raises(UserError, match="differ in their ratio"):
        bound_by_hand(batch, {2: project.cases_[2]})


def test_the_command_scales_only_when_told_and_the_log_keeps_it(tmp_path, capsys):
    def run(*arguments):
        code = cli.main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        return code, json.loads(printed.out.splitlines()[-1]) if printed.out else {}

    folder, path = tmp_path / "images", tmp_path / "p.mss"
    folder.mkdir()
    for number in range(2):
        assert cv2.imwrite(str(folder / f"{number}.png"), np.full((80, 60), 40 * number, dtype=np.uint8))
    assert run("project", "create", path, "--template", "chest-6")[0] == 0
    file, mark = tmp_path / "a.csv", find_template("chest-6").ids[0]
    file.write_text(f"file,width,height,{mark}_x,{mark}_y\n0.png,30,40,9.5,10\n1.png,31,40,1,1\n")
    base = ("import", file, "--project", path, "--as", "reading", "--images", folder)
    code, told = run(*base)
    assert (code, told["cases"], told["added"]) == (2, 0, 0)
    code, told = run(*base, "--scale-to-image")
    assert (code, told["cases"], told["added"], len(told["problems"])) == (2, 1, 1, 1)
    assert any("scaled: 0.png from 30 x 40 to 60 x 80 pixels" in text for text in told["messages"])
    with Project.open(path, read_only=True) as opened:
        (case,) = opened.cases.page()
        state = opened.annotations.load(case.id)[mark]
        assert (state.x, state.y) == (19.5, 20.5)
        assert opened.imports.records()[0].body["scaled"] == [{"case": case.id, "from": [30, 40]}]
