import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from pydicom.data import get_testdata_file

from medsapiens_core.data.annotation import AbsentReason, absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import slicer
from medsapiens_core.exchange.batch import ImageRef, ReadOptions, WriteOptions
from medsapiens_core.exchange.slicer_space import image_space
from medsapiens_core.io.read import read_image
from tests.core.exchange._tools import EDGES, batch, positions, reading, readings, template, templates

SP = template("S", "Po")
STATES = {"S": placed(3.25, 4.5, None, estimated=True), "Po": absent(AbsentReason.OUTSIDE_FIELD)}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A film, a film that states its density, a picture turned by EXIF, and oblique volumes with a mirrored axis."""
    folder = tmp_path_factory.mktemp("slicer")
    Picture.new("L", (40, 30)).save(folder / "film.png")
    Picture.new("L", (40, 30)).save(folder / "dense.jpg", dpi=(100, 200))
    turned = Picture.new("L", (40, 30))
    turned.getexif()[274] = 6
    turned.save(folder / "turned.jpg", exif=turned.getexif())
    volume = SimpleITK.GetImageFromArray(np.zeros((5, 30, 40), np.int16))
    volume.SetSpacing((0.5, 0.75, 2.0))
    volume.SetOrigin((-10, 20, 30.5))
    c, s = np.cos(0.3), np.sin(0.3)
    volume.SetDirection((c, -s, 0, s, c, 0, 0, 0, -1))
    for suffix in ("nii.gz", "mha", "nrrd"):
        SimpleITK.WriteImage(volume, str(folder / f"volume.{suffix}"))
    return folder


def find_in(folder):
    return ReadOptions(find_image=lambda name: folder / name if name and (folder / name).is_file() else None)


def ref(images, name, **more):
    image = read_image(images / name, frame=more.get("frame"), axis=more.get("axis"))
    more = {"frame": image.provenance.frame, "axis": image.provenance.axis} | more
    return ImageRef(name, image.width, image.height, path=images / name, **more)


def write(folder, *all_readings, landmarks=SP, **choices):
    return slicer.write(batch(*all_readings), folder, WriteOptions(landmarks, choices))


def document(folder, name):
    return json.loads((folder / name).read_text())


def test_the_text_of_the_specification(tmp_path, images):
    one = reading(ref(images, "dense.jpg"), {}, reader="Anna")
    report = write(tmp_path, replace(one, points=STATES))
    whole = document(tmp_path, "dense.mrk.json")
    (markup,) = whole["markups"]
    assert whole["@schema"].endswith("markups-schema-v1.0.3.json#")
    assert (markup["type"], markup["coordinateSystem"], markup["coordinateUnits"]) == ("Fiducial", "LPS", "mm")
    assert markup["locked"] is True and markup["fixedNumberOfControlPoints"] is True
    first, second = markup["controlPoints"]
    assert first["position"] == pytest.approx([3.25 * 0.254, 4.5 * 0.127, 0], abs=1e-12)
    assert (first["label"], first["description"], first["positionStatus"]) == ("S", "estimated", "defined")
    assert (second["position"], second["positionStatus"]) == ("", "undefined")
    assert second["description"] == "absent:outside_field" and "0.127 x 0.254 mm" in markup["description"]
    (back,) = slicer.read(tmp_path, find_in(images)).readings
    assert back.points.keys() == STATES.keys() and back.points["Po"] == STATES["Po"]
    assert back.points["S"].label == "estimated" and not report.losses


@pytest.mark.parametrize(("name", "mm"), [("film.png", (1, 1)), ("dense.jpg", (0.127, 0.254)), ("turned.jpg", (1, 1))])
def test_slicer_s_pixel_size_is_itk_s(images, name, mm):
    space = image_space(images / name)
    assert (space.row_mm, space.col_mm) == pytest.approx(mm)
    assert space.size == read_image(images / name).size


def test_points_of_a_turned_photograph_lie_on_the_stored_pixels(images):
    space = image_space(images / "turned.jpg")  # stored 40 x 30; turned right: 30 x 40
    assert space.to_lps(0, 0, 0) == pytest.approx((0, 29, 0))
    assert space.to_lps(29, 0, 0) == pytest.approx((0, 0, 0))


@pytest.mark.parametrize("suffix", ["nii.gz", "mha", "nrrd"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_points_of_a_slice_are_where_itk_says(images, suffix, axis):
    path = images / f"volume.{suffix}"
    image = read_image(path, frame=2, axis=axis)
    space = image_space(path, axis)
    index = {0: (7, 9, 2), 1: (7, 2, 9), 2: (2, 7, 9)}[axis]  # x 7, y 9 of the slice as ITK counts: column, row, slice
    index = tuple(min(value, size - 1) for value, size in zip(index, (40, 30, 5), strict=True))
    x, y = {0: index[:2], 1: index[::2], 2: index[1:]}[axis]
    expected = SimpleITK.ReadImage(str(path)).TransformIndexToPhysicalPoint(index)
    assert space.to_lps(x, y, 2) == pytest.approx(expected, abs=1e-6)
    assert space.size == image.size and space.slices == (5, 30, 40)[axis]
    (back, depth) = space.from_lps(expected)
    assert (*back, depth) == pytest.approx((x, y, 2), abs=1e-5)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtdose.dcm"])
def test_dicom(images, name):
    path = get_testdata_file(name, download=False)
    volume = SimpleITK.ReadImage(path)
    frame = volume.GetSize()[2] - 1
    expected = volume.TransformIndexToPhysicalPoint((3, 4, frame))
    assert image_space(Path(path)).to_lps(3, 4, frame) == pytest.approx(expected)


@pytest.mark.parametrize("file", ["json", "fcsv"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_comes_back(tmp_path_factory, images, file, data):
    landmarks = data.draw(templates())
    name = data.draw(st.sampled_from(["film.png", "dense.jpg", "turned.jpg", "volume.mha"]))
    image = ref(images, name, subject="P1", spacing=Spacing(0.3, 0.2, SpacingSource.DETECTOR), sha256="a" * 64)
    one = data.draw(readings(landmarks, image, reader='A,"\n', reviewed=True))
    folder = tmp_path_factory.mktemp("o")
    write(folder, one, landmarks=landmarks, file=file)
    found = slicer.read(folder, find_in(images))
    (back,) = found.readings
    assert positions(back).keys() == positions(one).keys()
    for label, xy in positions(one).items():
        assert positions(back)[label] == pytest.approx(xy, abs=1e-9)
    labels = {label: state.label for label, state in one.points.items()}
    if file == "json":
        assert {label: state.label for label, state in back.points.items()} == labels
        assert found.landmarks == landmarks.ids
    assert (back.image, back.reader, back.reviewed) == (image, one.reader, True)


@pytest.mark.parametrize("file", ["json", "fcsv"])
def test_200_landmarks_and_points_at_the_edges(tmp_path, images, file):
    landmarks = template(*(f"p{k}" for k in range(200)))
    marks = {f"p{k}": EDGES[k % len(EDGES)] for k in range(200)}
    write(tmp_path, reading(ref(images, "film.png"), marks), landmarks=landmarks, file=file)
    assert positions(slicer.read(tmp_path, find_in(images)).readings[0]) == marks


def test_undecided_points_and_models(tmp_path, images):
    film = ref(images, "film.png")
    one = replace(reading(film, {"S": (1, 2)}), points={"S": placed(1, 2, None), "Po": predicted(3, 4)})
    model = reading(film, {"S": (5, 6)}, source="model", model_id="m", scores={"S": 0.5})
    report = write(tmp_path, one, model, undecided="include")
    assert [file.name for file in report.files] == ["film.mrk.json", "film-2.mrk.json"]
    by_source = {one.source: one for one in slicer.read(tmp_path, find_in(images)).readings}
    assert by_source["reader"].points == one.points and by_source["model"].points == model.points
    assert by_source["model"].model_id == "m" and any("Scores" in text for text in report.losses)


def test_images_whose_points_would_land_elsewhere_are_skipped(tmp_path, images):
    film = ref(images, "film.png")
    calibrated = replace(film, spacing=Spacing(0.1, 0.1, SpacingSource.USER))
    made = [replace(film, path=None), calibrated, replace(film, width=80), replace(film, frame=3)]
    report = write(tmp_path, *(reading(image, {"S": (1, 2)}) for image in made))
    reasons = [reason for _, reason in report.skipped]
    assert report.files == () and len(reasons) == 4
    words = ("not at hand", "calibrated", "size", "slices")
    assert all(word in reason for word, reason in zip(words, reasons, strict=True))
    same = replace(film, spacing=Spacing(1, 1, SpacingSource.USER))
    assert write(tmp_path, reading(same, {"S": (1, 2)})).skipped == ()


FOREIGN = {
    "@schema": "x",
    "unknown": {"a": 1},
    "markups": [
        {"type": "Line", "controlPoints": [{"label": "L-1", "position": [0, 0, 0]}]},
        {
            "type": "Fiducial",
            "coordinateSystem": "RAS",
            "coordinateUnits": ["um", "UCUM", "micrometer"],
            "measurements": [{"name": "area"}],
            "display": {"opacity": 0.25},
            "controlPoints": [
                {
                    "id": "7",
                    "label": "S",
                    "description": "seen twice",
                    "position": [-2000, -3000, 0],
                    "selected": False,
                },
                {"label": "Po", "position": [0, 0, 0], "positionStatus": "undefined"},
                {"label": "Go", "positionStatus": "preview", "position": ""},
                {"label": "off", "position": [0, 0, 900]},
                {"label": "S", "position": [0, 0, 0]},
                {"position": [0, 0, 0]},
            ],
        },
    ],
}


def test_a_file_of_slicer_keeps_what_we_do_not_understand(tmp_path, images):
    (tmp_path / "film.mrk.json").write_text(json.dumps(FOREIGN))
    found = slicer.read(tmp_path / "film.mrk.json", find_in(images))
    (one,) = found.readings
    assert one.points == {"S": placed(2, 3, None)} and one.image.file_name == "film.png"
    assert found.landmarks == ("S", "Po", "Go", "off") and len(found.messages) == 4
    write(tmp_path / "out", one)
    whole = document(tmp_path / "out", "film.mrk.json")
    line, points = whole["markups"]
    assert whole["unknown"] == {"a": 1} and line == FOREIGN["markups"][0]
    assert (points["measurements"], points["display"]) == ([{"name": "area"}], {"opacity": 0.25})
    first = points["controlPoints"][0]
    assert (first["id"], first["description"], first["selected"]) == ("7", "seen twice", False)
    assert first["position"] == [2, 3, 0]


def test_a_file_that_names_no_slice_gives_a_reading_for_each(tmp_path, images):
    space = image_space(images / "volume.mha", 0)
    points = [{"label": f"p{k}", "position": space.to_lps(5, 6 + k, frame)} for k, frame in enumerate((1, 1, 4, 9))]
    whole = {"@schema": "x", "markups": [{"type": "Fiducial", "controlPoints": points}]}
    (tmp_path / "volume.mrk.json").write_text(json.dumps(whole))
    found = slicer.read(tmp_path, find_in(images))
    assert [(one.image.frame, one.image.axis, sorted(one.points)) for one in found.readings] == [
        (1, 0, ["p0", "p1"]), (4, 0, ["p2"]),
    ]  # fmt: skip
    assert positions(found.readings[1])["p2"] == pytest.approx((5, 8))
    assert "p3 does not lie in the slice" in found.messages[0]


def test_a_point_moved_off_its_slice_is_listed(tmp_path, images):
    write(tmp_path, reading(ref(images, "volume.mha", frame=2, axis=0), {"S": (1, 2), "Po": (3, 4)}))
    whole = document(tmp_path, "volume.mrk.json")
    space = image_space(images / "volume.mha", 0)
    whole["markups"][0]["controlPoints"][0]["position"] = space.to_lps(1, 2, 2.6)
    (tmp_path / "volume.mrk.json").write_text(json.dumps(whole))
    found = slicer.read(tmp_path, find_in(images))
    assert list(found.readings[0].points) == ["Po"] and "S does not lie" in found.messages[0]


@pytest.mark.parametrize(
    ("head", "sign"),
    [("# CoordinateSystem = LPS\n", 1), ("# CoordinateSystem = RAS\n", -1), ("# CoordinateSystem = 0\n", -1)],
)
def test_fcsv_of_old_and_new_slicer(tmp_path, images, head, sign):
    text = (
        f"# Markups fiducial file version = 4.6\n{head}"
        "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n"
        f"vtkMRMLMarkupsFiducialNode_0,{2 * sign},{3 * sign},0,0,0,0,1,1,1,0,S, left, upper,estimated,\n"
        f'n1,{4 * sign},{5 * sign},0.0,0,0,0,1,1,1,0,"Po, ""x""",,vtkMRMLScalarVolumeNode1\n'
    )
    (tmp_path / "film.fcsv").write_text(text)
    (one,) = slicer.read(tmp_path, find_in(images)).readings
    assert one.points == {"S, left, upper": placed(2, 3, None, estimated=True), 'Po, "x"': placed(4, 5, None)}


def test_fcsv_without_a_coordinate_system_is_asked_for(tmp_path, images):
    file = tmp_path / "film.fcsv"
    file.write_text("# columns = label,x,y,z,sel,vis\nS,-1,-2,0,1,1\n")
    with pytest.raises(UserError, match="coordinates=ras"):
        slicer.read(file, find_in(images))
    ras = replace(find_in(images), choices={"coordinates": "ras"})
    assert positions(slicer.read(file, ras).readings[0]) == {"S": (1, 2)}


def test_the_image_may_be_named_by_the_user(tmp_path, images):
    (tmp_path / "F.mrk.json").write_text(json.dumps(FOREIGN))
    with pytest.raises(UserError, match="image was not found"):
        slicer.read(tmp_path / "F.mrk.json", find_in(images))
    chosen = replace(find_in(images), choices={"image": "film.png"})
    assert slicer.read(tmp_path / "F.mrk.json", chosen).readings[0].image.file_name == "film.png"


def test_fcsv_leaves_out_what_has_no_position(tmp_path, images):
    report = write(tmp_path, replace(reading(ref(images, "film.png"), {}), points=STATES), file="fcsv")
    assert report.losses == ("1 absent or not placed points were left out: fcsv has no way to say so.",)
    lines = (tmp_path / "film.fcsv").read_text().splitlines()
    assert lines[0] == "# Markups fiducial file version = 4.13" and lines[1] == "# CoordinateSystem = LPS"
    assert lines[-1] == "1,3.25,4.5,0.0,0,0,0,1,1,1,1,S,estimated,"


def markup(**changes):
    point = {"label": "S", "position": [1, 2, 0]} | changes.pop("point", {})
    return json.dumps({"markups": [{"type": "Fiducial", "controlPoints": [point]} | changes]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "no list of markups"),
        ('{"markups": 5}', "markups: Input should be"),
        (markup(coordinateSystem="IJK"), "LPS or RAS"),
        (markup(coordinateUnits="furlong"), "mm or um"),
        (markup(point={"position": ""}), "no position"),
        (markup(point={"position": [1, 2]}), "no position"),
        (markup(point={"position": [1, 2, "3"]}), "not a number"),
        (markup(point={"position": [1, 2, 1e7]}), "1,000,000"),
        (markup(point={"position": [1, 2, float("nan")]}), "NaN"),
        (markup(point={"position": [1, 2, 0]}).replace("2,", "1e999,"), "too large"),
        (markup(point={"label": 5}), "label: Input should be"),
        ("[" * 100 + "]" * 100, "nested deeper"),
        ('{"markups": [], "markups": []}', "twice"),
        (markup(controlPoints=[{"label": str(k), "position": [0, 0, 0]} for k in range(1001)]), "1001"),
    ],
)
def test_broken_json_is_refused_with_a_reason(tmp_path, images, text, message):
    (tmp_path / "film.mrk.json").write_text(text)
    with pytest.raises(UserError, match=message):
        slicer.read(tmp_path / "film.mrk.json", find_in(images))
    with pytest.raises(UserError, match="no markups"):
        slicer.read(tmp_path, find_in(images))


LPS = "# CoordinateSystem = LPS\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LPS + "1,2\n", "line 2: there are fewer cells"),
        (LPS + "1,nan,2,0,0,0,0,1,1,1,1,S,,\n", "line 2: a number"),
        (LPS + "1,1e9,2,0,0,0,0,1,1,1,1,S,,\n", "1,000,000"),
        (LPS + "# columns = id,a,b\n1,2,3\n", "no x, y, z"),
        ("# CoordinateSystem = IJK\n", "LPS or RAS"),
        (LPS + "1,1,2,0,0,0,0,1,1,1,1,S,,\n" * 1001, "1001"),
        ("\0", "not a text file"),
    ],
)
def test_broken_fcsv_is_refused_with_a_reason(tmp_path, images, text, message):
    (tmp_path / "film.fcsv").write_text(text)
    with pytest.raises(UserError, match=message):
        slicer.read(tmp_path / "film.fcsv", find_in(images))


def test_links_out_of_the_folder_are_not_followed(tmp_path, images):
    (tmp_path / "outside.mrk.json").write_text(json.dumps(FOREIGN))
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "film.mrk.json").symlink_to(tmp_path / "outside.mrk.json")
    with pytest.raises(UserError, match="link"):
        slicer.read(inside, find_in(images))


def test_a_nifti_file_without_orientation_has_no_place_in_slicer(tmp_path, images):
    data = bytearray(gzip.decompress((images / "volume.nii.gz").read_bytes()))
    data[252:256] = b"\0\0\0\0"
    (tmp_path / "v.nii").write_bytes(data)
    with pytest.raises(UserError, match="does not say how it lies"):
        image_space(tmp_path / "v.nii")
