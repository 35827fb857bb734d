"""COCO files: what is read, and what is refused with a reason."""

import json

import cv2
import numpy as np
import pytest

from medsapiens_core.data.image import SpacingSource
from medsapiens_core.data.template_file import find_template
from medsapiens_core.errors import UserError
from medsapiens_core.training.coco import read_coco, read_labelled
from tests.core.training.building import SIZE, TEMPLATE, write_coco, write_pictures


@pytest.fixture
def coco(tmp_path):
    pictures = write_pictures(tmp_path / "images", 3)
    return write_coco(tmp_path / "labels.json", pictures), pictures


def change(file, edit):
    document = json.loads(file.read_text(encoding="utf-8"))
    edit(document)
    file.write_text(json.dumps(document), encoding="utf-8")


def test_points_spacing_and_size_are_read(coco, tmp_path):
    file, pictures = coco
    items = read_coco(file, tmp_path / "images", TEMPLATE)
    assert [item.path for item in items] == [path for path, _ in pictures]
    assert np.array_equal(items[1].xy_image, pictures[1][1])
    image, spacing = read_labelled(items[0])
    assert image.size == SIZE
    assert (spacing.row_mm, spacing.col_mm, spacing.source) == (0.5, 0.5, SpacingSource.ANNOTATION_FILE)


def test_the_spacing_of_the_image_file_goes_before_the_annotation_files(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    picture = sitk.GetImageFromArray(np.arange(SIZE[0] * SIZE[1], dtype=np.uint8).reshape(SIZE[1], SIZE[0]))
    picture.SetSpacing((0.2, 0.3))
    sitk.WriteImage(picture, str(tmp_path / "a.mha"))
    file = write_coco(tmp_path / "labels.json", [(tmp_path / "a.mha", np.ones((3, 2)))])
    _, spacing = read_labelled(read_coco(file, tmp_path, TEMPLATE)[0])
    assert (spacing.row_mm, spacing.col_mm) == pytest.approx((0.3, 0.2))


def test_keypoints_in_another_order_are_matched_by_name(coco, tmp_path):
    file, pictures = coco

    def turn_round(document):
        document["categories"][0]["keypoints"].reverse()
        for annotation in document["annotations"]:
            annotation["keypoints"] = np.array(annotation["keypoints"]).reshape(-1, 3)[::-1].ravel().tolist()

    change(file, turn_round)
    assert np.array_equal(read_coco(file, tmp_path / "images", TEMPLATE)[2].xy_image, pictures[2][1])


def test_unlabelled_points_are_nan_and_images_without_annotation_are_left_out(coco, tmp_path):
    file, _ = coco

    def hide(document):
        document["annotations"][0]["keypoints"][2] = 0
        del document["annotations"][1]

    change(file, hide)
    items = read_coco(file, tmp_path / "images", TEMPLATE)
    assert len(items) == 2
    assert np.isnan(items[0].xy_image).tolist() == [[True, True], [False, False], [False, False]]


def test_another_templates_keypoints_are_refused(coco, tmp_path):
    with pytest.raises(UserError, match=r"not the landmarks of template ceph-19.*missing.*unknown big"):
        read_coco(coco[0], tmp_path / "images", find_template("ceph-19"))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d["categories"][0]["keypoints"].__setitem__(0, "huge"), "unknown huge"),
        (lambda d: d["images"][0].update(width=99), "99 x 150"),
        (lambda d: d["images"][0].update(file_name="missing.png"), "missing"),
        (lambda d: d["images"][0].update(file_name="../images/x.png"), "leads out"),
        (lambda d: d["images"][0].update(file_name="/etc/passwd"), "leads out"),
        (lambda d: d["images"][0].update(pixel_spacing_mm=[0, 1]), "not usable"),
        (lambda d: d["annotations"].append(d["annotations"][0]), "annotated twice"),
        (lambda d: d["annotations"][0]["keypoints"].pop(), "8 keypoint numbers"),
        (lambda d: d["annotations"].clear(), "no annotated image"),
        (lambda d: d.pop("images"), "not a COCO keypoints file: images"),
    ],
)
def test_what_does_not_fit_is_refused(coco, tmp_path, edit, message):
    change(coco[0], edit)
    with pytest.raises(UserError, match=message):
        read_coco(coco[0], tmp_path / "images", TEMPLATE)


def test_a_file_that_is_no_json_or_not_there(tmp_path):
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="not valid JSON"):
        read_coco(tmp_path / "a.json", tmp_path, TEMPLATE)
    with pytest.raises(UserError, match="cannot be read"):
        read_coco(tmp_path / "b.json", tmp_path, TEMPLATE)


def test_an_image_of_another_size_is_refused_when_it_is_swapped_later(coco, tmp_path):
    file, pictures = coco
    items = read_coco(file, tmp_path / "images", TEMPLATE)
    assert cv2.imwrite(str(pictures[0][0]), np.zeros((10, 10), np.uint8))
    with pytest.raises(UserError, match="another version"):
        read_labelled(items[0])
