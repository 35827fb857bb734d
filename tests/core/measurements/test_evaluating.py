"""Blank values and their reasons, flags, and what the shipped sets say of real films."""

import json
from pathlib import Path

import numpy as np
import pytest

from medsapiens_core.data.annotation import Annotation, absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template_file import find_template
from medsapiens_core.measurements.case_points import CasePoints, Scale, Status, case_points
from medsapiens_core.measurements.evaluating import evaluate
from medsapiens_core.measurements.set_file import fits, shipped_sets

from .building import CEPH, SPINE, by_id, phantom_points, points_of, straight_spine

SETS = shipped_sets()
TRUTH = Path(__file__).resolve().parents[4] / "shared" / "data" / "ceph" / "train_senior.json"
TRUTHS = [path for path in (TRUTH, Path("/work/shared/data/ceph/train_senior.json")) if path.is_file()]


@pytest.mark.parametrize(
    ("status", "word"),
    [(Status.ABSENT, "absent"), (Status.NOT_PLACED, "not placed"), (Status.UNDECIDED, "undecided")],
)
def test_a_value_is_blank_and_says_why(status, word):
    values = by_id(evaluate(SETS["ceph-basic"], phantom_points("skull", menton=status)))
    assert values["FMA"].value is None and values["FMA"].reason == f"{word}: Menton"
    assert values["lower-face-height"].reason == f"{word}: Menton"
    assert values["SNA"].value is not None


def test_what_the_template_lacks_is_named_and_nothing_is_guessed():
    values = by_id(evaluate(SETS["ceph-basic"], phantom_points("skull")))
    assert values["IMPA"].reason == "needs lower incisor apex (not in this template)"
    assert values["Wits"].reason == (
        "needs contact of the first molars and contact of the first premolars (not in this template)"
    )
    assert values["facial-axis"].reason == "needs basion and pterygoid point (PT) (not in this template)"


def test_estimated_and_filled_points_are_flagged_and_filled_values_are_not_exported():
    states = {"menton": Status.ESTIMATED, "subspinale_a": Status.FILL}
    values = by_id(evaluate(SETS["ceph-basic"], phantom_points("skull", **states)))
    assert values["FMA"].estimated == ("Menton",) and values["FMA"].is_exported
    assert values["SNA"].filled == ("Subspinale (A point)",) and values["SNA"].value is not None
    assert not values["SNA"].is_exported


def test_many_reasons_are_told_in_short():
    points = CasePoints(SPINE, phantom_points("spine").xy_image, (Status.UNDECIDED,) * 68, Scale())
    assert by_id(evaluate(SETS["spine-cobb"], points))["cobb-major"].reason == (
        "undecided: T1 superior endplate, image left, T1 superior endplate, image right, "
        "T1 inferior endplate, image left and 65 more"
    )


def test_swapped_corners_are_named_and_give_no_cobb_angle_before_and_after_the_decision():
    corners = straight_spine(np.linspace(10, -10, 17))
    corners[6, [0, 1]] = corners[6, [1, 0]]
    values = by_id(evaluate(SETS["spine-cobb"], points_of(SPINE, corners.reshape(68, 2))))
    assert values["cobb-major"].reason == "corners of T7 are out of order: move them to their places"
    undecided = points_of(SPINE, corners.reshape(68, 2), v01_top_left=Status.UNDECIDED)
    assert by_id(evaluate(SETS["spine-cobb"], undecided))["cobb-major"].reason == (
        "undecided: T1 superior endplate, image left; corners of T7 may be swapped"
    )


def test_top_and_bottom_exchanged_is_found_too():
    corners = straight_spine(0)
    corners[3] = corners[3][[2, 3, 0, 1]]
    assert "T4" in by_id(evaluate(SETS["spine-cobb"], points_of(SPINE, corners.reshape(68, 2))))["cobb-major"].reason


def test_locked_end_vertebrae_hold_while_corners_move():
    corners = straight_spine(np.linspace(20, -20, 17)).reshape(68, 2)
    free = by_id(evaluate(SETS["spine-cobb"], points_of(SPINE, corners)))["cobb-major"]
    held = by_id(evaluate(SETS["spine-cobb"], points_of(SPINE, corners), locks={"major": (4, 10)}))["cobb-major"]
    assert (free.ends_name, free.locked) == ("T1–L5", False)
    assert (held.ends_name, held.locked) == ("T5–T11", True)
    assert held.value == pytest.approx(15.0)


def test_lengths_are_px_without_a_pixel_size_and_say_when_the_scale_is_not_calibrated():
    hand = SETS["hand-21"]
    template = find_template("hand-21")
    xy = np.random.default_rng(0).uniform(0, 500, (21, 2))
    annotation = Annotation.empty(1, template)
    edit = annotation.change("move", {m: placed(*p, None) for m, p in zip(template.ids, xy, strict=True)})
    annotation = annotation.apply(edit)

    def length(spacing):
        return by_id(evaluate(hand, case_points(annotation, template, spacing)))["middle-length"]

    assert length(None).unit == "px" and length(None).scale_note == "scale not known"
    detector = length(Spacing(0.1, 0.1, SpacingSource.DETECTOR))
    assert detector.unit == "mm" and "not calibrated" in detector.scale_note
    assert length(Spacing(0.1, 0.1, SpacingSource.USER)).scale_note == ""


def test_statuses_come_from_the_annotation():
    annotation = Annotation.empty(1, CEPH)
    states = {"sella": placed(1, 2, None), "nasion": predicted(3, 4), "menton": absent(), "orbitale": predicted(5, 6)}
    states["gonion"] = placed(7, 8, None, estimated=True)
    points = case_points(annotation.apply(annotation.change("move", states)), CEPH, None, filled={"orbitale"})
    found = [points.status(m) for m in ("sella", "nasion", "menton", "orbitale", "gonion", "porion")]
    assert found == [Status.DECIDED, Status.UNDECIDED, Status.ABSENT, Status.FILL, Status.ESTIMATED, Status.NOT_PLACED]


def test_every_shipped_template_has_a_set_whose_measures_work():
    for template_id in ("ceph-19", "spine-68", "chest-6", "hand-21", "hand-37"):
        template = find_template(template_id)
        mine = [measures for measures in SETS.values() if fits(measures, template)]
        assert mine, template_id
        for measures in mine:
            known = [m for m in measures.measures if set(measures.landmarks(m)) <= set(template.ids)]
            assert known, f"{measures.id} has no measure for {template_id}"


@pytest.mark.skipif(not TRUTHS, reason="the public films are not on this computer")
def test_the_senior_readers_means_are_those_of_the_design():
    data = json.loads(TRUTHS[0].read_text())
    spacing = {image["id"]: image["pixel_spacing_mm"] for image in data["images"]}
    found = []
    for record in data["annotations"]:
        row_mm, col_mm = spacing[record["image_id"]]
        xy = np.array(record["keypoints"], float).reshape(-1, 3)[:, :2]
        values = by_id(evaluate(SETS["ceph-basic"], points_of(CEPH, xy, scale=Scale(col_mm, row_mm, "mm"))))
        found.append([values[name].value for name in ("SNA", "SNB", "ANB", "FMA")])
    assert len(found) == 150
    assert np.round(np.mean(found, axis=0), 1).tolist() == [83.0, 81.4, 1.6, 28.1]
