from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import absent, placed, predicted
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import deeplabcut
from medsapiens_core.exchange.batch import ImageRef, ReadOptions, WriteOptions
from tests.core.exchange._tools import EDGES, TEXT, batch, positions, reading, readings, template, templates

pd = pytest.importorskip("pandas")
SP = template("S", "Po")


def read(path):
    return deeplabcut.read(path, ReadOptions())


def read_text(tmp_path, text):
    path = tmp_path / "CollectedData_x.csv"
    path.write_text(text)
    return read(path)


def pandas_table(path, header, index):
    return pd.read_csv(path, header=list(range(header)), index_col=list(range(index)))


def test_the_text_of_the_specification(tmp_path):
    one = reading("set1/a.png", {"S": (700.3, 512.75)}, reader="rev1")
    report = deeplabcut.write(batch(one), tmp_path / "CollectedData_rev1.csv", WriteOptions(SP))
    assert (tmp_path / "CollectedData_rev1.csv").read_text() == (
        "scorer,,,rev1,rev1,rev1,rev1\nbodyparts,,,S,S,Po,Po\ncoords,,,x,y,x,y\nlabeled-data,set1,a.png,700.3,512.75,,\n"
    )
    assert "convertcsv2h5" in report.losses[-1]


def test_pandas_reads_what_we_write(tmp_path):
    marks = {"S": (700.3, 1 / 3), "Po": (0.0, -0.5)}
    one, two = reading("a,ü.png", marks, reader="Anna"), reading("b.png", {"Po": (1, 2)}, reader="Anna")
    deeplabcut.write(batch(one, two), tmp_path / "o.csv", WriteOptions(SP))
    table = pandas_table(tmp_path / "o.csv", 3, 3)
    assert table.columns.names == ["scorer", "bodyparts", "coords"]
    row = table.loc["labeled-data", "medsapiens", "a,ü.png"]
    assert row["Anna", "S", "x"] == 700.3 and row["Anna", "S", "y"] == 1 / 3 and row["Anna", "Po", "y"] == -0.5
    assert table.loc["labeled-data", "medsapiens", "b.png"].isna().tolist() == [True, True, False, False]


@pytest.mark.parametrize("levels", [3, 1])
def test_we_read_what_pandas_writes_as_deeplabcut_does(tmp_path, levels):
    columns = pd.MultiIndex.from_product([["rev"], ["S", "Po"], ["x", "y"]], names=["scorer", "bodyparts", "coords"])
    names = [("labeled-data", "v1", "img1.png"), ("labeled-data", "v1", "img2.png")]
    index = pd.MultiIndex.from_tuples(names) if levels == 3 else ["/".join(name) for name in names]
    values = np.array([[1.5, 2.25, np.nan, np.nan], [0.1, 0.2, 1 / 3, 1e-7]])
    pd.DataFrame(values, index=index, columns=columns).to_csv(tmp_path / "c.csv")
    first, second = read(tmp_path / "c.csv").readings
    assert (first.image.file_name, first.reader) == ("labeled-data/v1/img1.png", "rev")
    assert positions(first) == {"S": (1.5, 2.25)}
    assert positions(second) == {"S": (0.1, 0.2), "Po": (1 / 3, 1e-7)}


def test_several_individuals(tmp_path):
    names = ["scorer", "individuals", "bodyparts", "coords"]
    parts = [("left", "S"), ("right", "S"), ("single", "Po")]
    columns = pd.MultiIndex.from_tuples([("rev", *part, c) for part in parts for c in "xy"], names=names)
    index = pd.MultiIndex.from_tuples([("labeled-data", "v", "1.png")])
    pd.DataFrame([[1.0, 2, 3, 4, 5, 6]], index=index, columns=columns).to_csv(tmp_path / "c.csv")
    found = read(tmp_path / "c.csv")
    assert found.landmarks == ("left/S", "right/S", "Po")
    assert positions(found.readings[0]) == {"left/S": (1, 2), "right/S": (3, 4), "Po": (5, 6)}


def test_predictions_of_a_video(tmp_path):
    columns = pd.MultiIndex.from_product([["DLC_res"], ["S"], ["x", "y", "likelihood"]])
    columns.names = ["scorer", "bodyparts", "coords"]
    pd.DataFrame([[1.0, 2, 0.9], [3, 4, 1.5]], columns=columns).to_csv(tmp_path / "runDLC_res.csv")
    first, second = read(tmp_path / "runDLC_res.csv").readings
    assert (first.source, first.model_id, first.scores) == ("model", "DLC_res", {"S": 0.9})
    assert first.points["S"] == predicted(1, 2)
    assert (second.image, second.scores) == (ImageRef("run", frame=1), {})


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_written_comes_back(tmp_path, data):
    landmarks = data.draw(templates())
    name = data.draw(st.sampled_from(["a.png", "a,\"b'.png", "🦷=سن.png"]))
    one = data.draw(readings(landmarks, ImageRef(name), reader=data.draw(st.just("") | TEXT.filter(str.strip))))
    deeplabcut.write(batch(one), tmp_path / "o.csv", WriteOptions(landmarks))
    found = read(tmp_path / "o.csv")
    (back,) = found.readings
    assert positions(back) == positions(one)
    assert back.image == one.image
    assert not landmarks.ids or (found.landmarks, back.reader) == (landmarks.ids, one.reader)


def test_200_landmarks_and_points_at_the_edges(tmp_path):
    landmarks = template(*(f"p{k}" for k in range(200)))
    marks = {f"p{k}": EDGES[k % len(EDGES)] for k in range(200)}
    deeplabcut.write(batch(reading("a.png", marks)), tmp_path / "o.csv", WriteOptions(landmarks))
    assert positions(read(tmp_path / "o.csv").readings[0]) == marks


def test_each_reader_and_model_gets_a_file(tmp_path):
    made = [
        reading("a.png", {"S": (1, 2)}, reader="Anna"),
        reading("a.png", {"S": (3, 4)}, reader="../B"),
        reading("a.png", {"S": (5, 6)}, source="model", model_id="m1", scores={"S": 0.25}),
        reading("b.png", {"S": (7, 8)}, reader="Anna"),
    ]
    report = deeplabcut.write(batch(*made), tmp_path / "o.csv", WriteOptions(SP))
    assert [path.name for path in report.files] == ["o.csv", "o_B.csv", "o_m1.csv"]
    assert {path.parent for path in report.files} == {tmp_path}
    back = [one for path in report.files for one in read(path).readings]
    assert [(one.reader, one.model_id, positions(one)["S"]) for one in back] == [
        ("Anna", None, (1, 2)), ("Anna", None, (7, 8)), ("../B", None, (3, 4)), ("", "m1", (5, 6)),
    ]  # fmt: skip
    assert back[-1].scores == {"S": 0.25}


def test_what_deeplabcut_cannot_hold_is_told(tmp_path):
    one = reading("a.png", {})
    one = replace(one, points={"S": placed(1, 2, None, estimated=True), "Po": absent()})
    same, frame = reading("labeled-data/medsapiens/a.png", {}), reading(ImageRef("v.nii", frame=1), {})
    report = deeplabcut.write(batch(one, same, frame), tmp_path / "o.csv", WriteOptions(SP))
    assert [name for name, _ in report.skipped] == ["v.nii", "labeled-data/medsapiens/a.png"]
    assert len(report.losses) == 3
    undecided = replace(one, points={"S": predicted(1, 2)})
    report = deeplabcut.write(batch(undecided), tmp_path / "o.csv", WriteOptions(SP, {"undecided": "include"}))
    assert report.losses[0].startswith("Undecided")


HEADER = "scorer,r,r\nbodyparts,S,S\ncoords,x,y\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "first rows"),
        ("a,b\n1,2\n", "first rows"),
        (HEADER + "a.png,1\n", "line 4 has 2 cells"),
        (HEADER + "a.png,1,2,3\n", "line 4 has 4 cells"),
        (HEADER + "a.png,1,inf\n", "line 4: a number"),
        (HEADER + "a.png,1,1e999\n", "too large"),
        (HEADER + "a.png,1,2000000\n", "1,000,000"),
        (HEADER + "a.png,1," + "1" * 60 + "\n", "a number"),
        (HEADER + "a.png,=1+1,2\n", "a number"),
        (HEADER + '"a.png,1,2\n', "valid CSV"),
        (HEADER + "a" * 200_000 + ",1,2\n", "valid CSV"),
        ("scorer,r,r\nbodyparts,S,S\ncoords,x,x\n", "twice"),
        ("scorer,r,r\nbodyparts,S,S\ncoords,x,z\n", "other than"),
        ("scorer,r,r\nbodyparts,S\ncoords,x,y\n", "equally long"),
        ("scorer,r,r\nbodyparts,,\ncoords,x,y\n", "no name"),
        ("scorer,r\nbodyparts," + "n" * 201 + "\ncoords,x\n", "longer than"),
        ("scorer" + ",r" * 1001 + "\nbodyparts," + ",".join(map(str, range(1001))) + "\ncoords" + ",x" * 1001, "1001"),
    ],
)
def test_broken_files_are_refused_with_a_reason(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_text(tmp_path, text)


def test_hdf5_is_never_opened(tmp_path):
    (tmp_path / "c.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(UserError, match="CSV file beside it"):
        read(tmp_path / "c.h5")
    (tmp_path / "c.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        read(tmp_path / "c.csv")


def test_paths_that_climb_are_only_names(tmp_path):
    text = HEADER + "../../etc/a.png,1,2\n\\\\host\\share\\b.png,1,\nC:\\x\\c.png,,\n/d.png,1,2\n"
    found = read_text(tmp_path, text)
    assert [one.image.file_name for one in found.readings] == ["a.png", "b.png", "c.png", "d.png"]
    assert positions(found.readings[1]) == {} and "only one coordinate" in found.messages[0]
