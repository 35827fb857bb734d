import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from medsapiens_core.data.annotation import absent, placed, predicted
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import sleap
from medsapiens_core.exchange.batch import ImageRef, ReadOptions, WriteOptions
from tests.core.exchange._tools import EDGES, batch, positions, reading, readings, template, templates

h5py = pytest.importorskip("h5py")
SP = template("S", "Po")


@pytest.fixture(scope="module")
def sio():
    return pytest.importorskip("sleap_io")


@pytest.fixture
def pictures(tmp_path):
    names = [str(tmp_path / f"{name}.png") for name in "ab"]
    for name in names:
        Picture.new("L", (40, 30)).save(name)
    return names


def read(path):
    return sleap.read(path, ReadOptions())


def write(path, *all_readings, landmarks=SP, **choices):
    return sleap.write(batch(*all_readings), path, WriteOptions(landmarks, choices))


def test_sleap_io_reads_what_we_write(tmp_path, sio):
    left, right = Landmark("L", "L", "L", "L", pair="R"), Landmark("R", "R", "R", "R", pair="L")
    landmarks = Template("t", 1, "T", (left, right, Landmark("M", "M", "M", "M")), (("L", "M"), ("M", "R")))
    points = {"L": placed(1.5, 1 / 3, None), "R": placed(2, 3, None, estimated=True), "M": absent()}
    one = replace(reading("dir/a.png", {}, reader="Anna"), points=points)
    model = reading("dir/a.png", {"L": (4, 5)}, source="model", model_id="m-1", scores={"L": 0.75})
    other = reading("b.png", {"M": (7, 8)}, size=(10, 20))
    write(tmp_path / "o.slp", one, model, other, landmarks=landmarks)
    labels = sio.load_slp(str(tmp_path / "o.slp"), open_videos=False)
    (skeleton,) = labels.skeletons
    assert skeleton.node_names == ["L", "R", "M"]
    assert [(edge.source.name, edge.destination.name) for edge in skeleton.edges] == [("L", "M"), ("M", "R")]
    assert [{node.name for node in pair.nodes} for pair in skeleton.symmetries] == [{"L", "R"}]
    assert [video.filename for video in labels.videos] == [["dir/a.png"], ["b.png"]]
    assert [tuple(video.shape) for video in labels.videos] == [(1, 30, 40, 1), (1, 20, 10, 1)]
    person, network = labels[0].instances
    np.testing.assert_array_equal(person.numpy(), [[1.5, 1 / 3], [2, 3], [np.nan, np.nan]])
    assert person.track.name == "Anna" and type(network) is sio.PredictedInstance
    assert network.points["score"][0] == 0.75 and network.score == 0.75
    np.testing.assert_array_equal(labels[1].instances[0].numpy()[2], [7, 8])


def test_sleap_io_s_own_copy_of_our_file_is_ours_again(tmp_path, sio):
    one = reading(ImageRef("a.png", 40, 30, sha256="1" * 64), {"S": (1, 2)}, reader="Anna", revision=4)
    two = reading("b.png", {"Po": (3, 4)}, reader="Ben")
    write(tmp_path / "o.slp", one, two)
    sio.save_slp(sio.load_slp(str(tmp_path / "o.slp"), open_videos=False), str(tmp_path / "p.slp"), verbose=False)
    first, second = read(tmp_path / "p.slp").readings
    assert (first.reader, first.revision, first.image.sha256, positions(first)) == ("Anna", 4, "1" * 64, {"S": (1, 2)})
    assert (second.reader, positions(second)) == ("Ben", {"Po": (3, 4)})


def test_we_read_what_sleap_io_writes(tmp_path, sio, pictures):
    skeleton = sio.Skeleton(["S", "Po"], edges=[("S", "Po")], symmetries=[("S", "Po")])
    video = sio.Video.from_filename(pictures)
    person = sio.Instance.from_numpy(np.array([[1.5, 2.5], [np.nan, np.nan]]), skeleton=skeleton)
    second = sio.Instance.from_numpy(np.array([[9.0, 9], [9, 9]]), skeleton=skeleton, track=sio.Track("fly"))
    scores = np.array([0.5, 0.25])
    network = sio.PredictedInstance.from_numpy(np.array([[1.0, 2], [3, 4]]), skeleton, point_scores=scores, score=0.7)
    frames = [sio.LabeledFrame(video=video, frame_idx=0, instances=[person, second])]
    frames.append(sio.LabeledFrame(video=video, frame_idx=1, instances=[network]))
    sio.Labels(frames).save(str(tmp_path / "c.slp"), verbose=False)
    check_the_file_of_sleap_io(read(tmp_path / "c.slp"))


def test_we_read_a_file_that_sleap_io_has_written():
    """As above, stored: sleap-io with its 400 MB of packages is no part of the development tools."""
    check_the_file_of_sleap_io(read(Path(__file__).parent / "fixtures" / "sleap-io-0.9.5.slp"))


def check_the_file_of_sleap_io(found):
    first, model = found.readings
    assert found.landmarks == ("S", "Po") and len(found.messages) == 1
    assert (first.image, first.reader, first.points) == (ImageRef("a.png"), "", {"S": placed(1.5, 2.5, None)})
    assert (model.image.file_name, model.source, model.scores) == ("b.png", "model", {"S": 0.5, "Po": 0.25})
    assert model.points["Po"] == predicted(3, 4)


def test_embedded_images_are_passed_over_and_their_source_is_named(tmp_path, sio, pictures):
    skeleton = sio.Skeleton(["S"])
    video = sio.Video.from_filename(pictures)
    person = sio.Instance.from_numpy(np.array([[1.5, 2.5]]), skeleton=skeleton)
    labels = sio.Labels([sio.LabeledFrame(video=video, frame_idx=1, instances=[person])])
    labels.save(str(tmp_path / "c.pkg.slp"), embed=True, verbose=False)
    (one,) = read(tmp_path / "c.pkg.slp").readings
    assert (one.image.file_name, positions(one)) == ("b.png", {"S": (1.5, 2.5)})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_comes_back(tmp_path, data):
    landmarks = data.draw(templates())
    name = data.draw(st.sampled_from(["d/a.png", "a,\"b'.png", "🦷=سن.png"]))
    image = ImageRef(name, 40, 30, sha256="a" * 64, spacing=Spacing(0.1, 0.2, SpacingSource.USER), subject="P1")
    who = data.draw(st.text(max_size=8).filter(lambda text: text.isprintable()))
    one = data.draw(readings(landmarks, image, reader=who, reviewed=True, note="=1\n2"))
    write(tmp_path / "o.slp", one, landmarks=landmarks)
    found = read(tmp_path / "o.slp")
    (back,) = found.readings
    assert positions(back) == positions(one)
    assert (back.image, back.reader, back.reviewed, back.note) == (image, who, True, "=1\n2")
    assert (found.landmarks, back.template_id, back.template_version) == (landmarks.ids, "t-1", 3)


def test_200_landmarks_and_points_at_the_edges(tmp_path):
    landmarks = template(*(f"p{k}" for k in range(200)))
    marks = {f"p{k}": EDGES[k % len(EDGES)] for k in range(200)}
    write(tmp_path / "o.slp", reading("a.png", marks), landmarks=landmarks)
    assert positions(read(tmp_path / "o.slp").readings[0]) == marks


def test_two_readers_and_a_model_of_one_image(tmp_path):
    made = [
        reading("a.png", {"S": (1, 2)}, reader="Anna"),
        reading("a.png", {"S": (3, 4)}, reader="Ben"),
        reading("a.png", {"S": (5, 6)}, source="model", model_id="m", scores={"S": 0.5}),
    ]
    write(tmp_path / "o.slp", *made)
    back = read(tmp_path / "o.slp").readings
    assert [(one.reader, one.source, one.model_id, positions(one)["S"]) for one in back] == [
        ("Anna", "reader", None, (1, 2)), ("Ben", "reader", None, (3, 4)), ("", "model", "m", (5, 6)),
    ]  # fmt: skip


def test_undecided_points_stay_undecided(tmp_path):
    one = replace(reading("a.png", {"S": (1, 2)}), points={"S": placed(1, 2, None), "Po": predicted(3, 4)})
    write(tmp_path / "o.slp", one)
    assert positions(read(tmp_path / "o.slp").readings[0]) == {"S": (1, 2)}
    write(tmp_path / "o.slp", one, undecided="include")
    assert read(tmp_path / "o.slp").readings[0].points == one.points


def test_what_sleap_cannot_hold_is_told(tmp_path):
    points = {"S": placed(1, 2, None, estimated=True), "Po": absent()}
    one = replace(reading("a.png", {}), points=points)
    frame = reading(ImageRef("v.nii", frame=2, axis=0), {"S": (1, 2)})
    report = write(tmp_path / "o.slp", one, one, frame)
    assert len(report.losses) == 2 and [name for name, _ in report.skipped] == ["v.nii", "a.png"]
    with pytest.raises(UserError, match="too long"):
        write(tmp_path / "o.slp", landmarks=template(*(f"{k:0100}" for k in range(900))))


def test_files_before_1_1_count_from_the_corner(tmp_path):
    write(tmp_path / "o.slp", reading("a.png", {"S": (1, 2)}))
    with h5py.File(tmp_path / "o.slp", "a") as file:
        file["metadata"].attrs["format_id"] = 1.0
    assert positions(read(tmp_path / "o.slp").readings[0]) == {"S": (0.5, 1.5)}


def test_a_point_that_is_not_visible_is_missing(tmp_path):
    write(tmp_path / "o.slp", reading("a.png", {"S": (1, 2), "Po": (3, 4)}))
    with h5py.File(tmp_path / "o.slp", "a") as file:
        rows = file["points"][...]
        rows["visible"][0] = False
        file["points"][...] = rows
    found = read(tmp_path / "o.slp")
    assert positions(found.readings[0]) == {"Po": (3, 4)} and "not visible" in found.messages[0]


def external_link(file, folder):
    with h5py.File(folder / "other.h5", "w") as other:
        other["points"] = file["points"][...]
    del file["points"]
    file["points"] = h5py.ExternalLink("other.h5", "/points")


def soft_link(file, folder):
    file.move("points", "real")
    file["points"] = h5py.SoftLink("/real")


def external_storage(file, folder):
    (folder / "secret").write_bytes(b"x" * 4096)
    dtype, shape = file["points"].dtype, file["points"].shape
    del file["points"]
    file.create_dataset("points", shape, dtype, external=[("secret", 0, h5py.h5f.UNLIMITED)])


def virtual(file, folder):
    dtype, shape = file["points"].dtype, file["points"].shape
    del file["points"]
    layout = h5py.VirtualLayout(shape, dtype)
    layout[:] = h5py.VirtualSource(folder / "other.h5", "points", shape, dtype)
    file.create_virtual_dataset("points", layout)


def bomb(file, folder):
    dtype = file["points"].dtype
    del file["points"]
    file.create_dataset("points", (10**9,), dtype, chunks=(10**5,), compression="gzip")


def deep_json(file, folder):
    file["metadata"].attrs["json"] = np.bytes_(b"[" * 10_000)


def many_texts(file, folder):
    del file["videos_json"]
    file.create_dataset("videos_json", (200_000,), h5py.string_dtype())


def repeated_text(file, folder):
    """The same long text in many rows would take far more memory than the file."""
    del file["videos_json"]
    rows = ['"' + "x" * 1_000_000 + '"'] * 80
    file.create_dataset("videos_json", data=rows, dtype=h5py.string_dtype())


def wrong_columns(file, folder):
    del file["points"]
    file["points"] = np.zeros(4, [("x", "f8")])


def text_columns(file, folder):
    del file["points"]
    file["points"] = np.zeros(4, [("x", "S8"), ("y", "f8"), ("visible", "?"), ("complete", "?")])


def bad_range(file, folder):
    rows = file["instances"][...]
    rows["point_id_end"] = 2**60
    file["instances"][...] = rows


def bad_frame(file, folder):
    rows = file["frames"][...]
    rows["frame_idx"] = 77
    file["frames"][...] = rows


def bad_video(file, folder):
    rows = file["frames"][...]
    rows["video"] = 77
    file["frames"][...] = rows


def huge(file, folder):
    rows = file["points"][...]
    rows["x"] = 1e7
    file["points"][...] = rows


def no_table(file, folder):
    file["metadata"].attrs["format_id"] = 3.5
    del file["frames"]


def pickled(file, folder):
    text = json.dumps({"nodes": [{"py/object": "os.system", "name": 5}], "skeletons": []})
    file["metadata"].attrs["json"] = np.bytes_(text)


def node_out_of_range(file, folder):
    text = json.dumps({"nodes": [{"name": "S"}], "skeletons": [{"nodes": [{"id": 7}]}]})
    file["metadata"].attrs["json"] = np.bytes_(text)


def reference(file, folder):
    file["metadata"].attrs["json"] = file["points"].ref


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (external_link, "points out of the file"),
        (soft_link, "points out of the file"),
        (external_storage, "in other files"),
        (virtual, "in other files"),
        (bomb, "too large"),
        (deep_json, "nested deeper"),
        (many_texts, "not a list of texts"),
        (repeated_text, "longer than 64 MB"),
        (wrong_columns, "has not the columns"),
        (text_columns, "has not the columns"),
        (bad_range, "whole numbers"),
        (bad_frame, "not in its list"),
        (bad_video, "does not fit"),
        (huge, "1,000,000"),
        (no_table, "format 3.5 without the tables frames"),
        (pickled, "no name"),
        (node_out_of_range, "not in the file"),
        (reference, "not a text"),
    ],
)
def test_hostile_files_are_refused_with_a_reason(tmp_path, change, message):
    write(tmp_path / "o.slp", reading("a.png", {"S": (1, 2)}))
    with h5py.File(tmp_path / "o.slp", "a") as file:
        change(file, tmp_path)
    with pytest.raises(UserError, match=message):
        read(tmp_path / "o.slp")


def test_no_sleap_file_at_all(tmp_path):
    (tmp_path / "o.slp").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    with pytest.raises(UserError, match="damaged"):
        read(tmp_path / "o.slp")
    with pytest.raises(UserError, match="not a file"):
        read(tmp_path)
    with h5py.File(tmp_path / "p.slp", "w"):
        pass
    with pytest.raises(UserError, match="skeleton"):
        read(tmp_path / "p.slp")


def test_truncated_files_are_refused(tmp_path):
    write(tmp_path / "o.slp", reading("a.png", {"S": (1, 2)}))
    data = (tmp_path / "o.slp").read_bytes()
    for size in range(0, len(data), len(data) // 20):
        (tmp_path / "t.slp").write_bytes(data[:size])
        with pytest.raises(UserError):
            read(tmp_path / "t.slp")


def test_paths_that_climb_are_only_names(tmp_path):
    write(tmp_path / "o.slp", reading("a.png", {"S": (1, 2)}))
    entry = {"backend": {"type": "ImageVideo", "filenames": ["\\\\host\\share\\a.png"]}}
    with h5py.File(tmp_path / "o.slp", "a") as file:
        del file["provenance_json"]
        file["videos_json"][0] = json.dumps(entry)
    assert read(tmp_path / "o.slp").readings[0].image.file_name == "a.png"
