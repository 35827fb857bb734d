"""Reports of other programs, made with highdicom as they make them, and damaged or hostile ones."""

from __future__ import annotations

import io

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from medsapiens_core.data.annotation import Decision, PointState
from medsapiens_core.errors import UserError
from medsapiens_core.exchange import dicom_sr
from medsapiens_core.exchange.batch import ReadOptions
from medsapiens_core.exchange.guessing import guess_to_read
from tests.core.exchange.dicom_samples import corrected, predicted, reading, sample, write

NONE = ReadOptions()


def group(image, finding, kind, data, tracking="a1"):
    source = sr.SourceImageForRegion(image.SOPClassUID, image.SOPInstanceUID)
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(identifier=tracking, uid=generate_uid()),
        referenced_region=sr.ImageRegion(kind, np.array(data), source),
        finding_type=sr.CodedConcept("42575006", "SCT", finding) if finding else None,
    )


def foreign(path, *groups, person="Doe^Jane"):
    image = pydicom.dcmread(sample())
    if person:
        attributes = sr.PersonObserverIdentifyingAttributes(name=person)
        observer = {"observer_person_context": sr.ObserverContext(_code("121006", "Person"), attributes)}
    else:
        device = sr.DeviceObserverIdentifyingAttributes(uid=generate_uid())
        observer = {"observer_device_context": sr.ObserverContext(_code("121007", "Device"), device)}
    content = sr.MeasurementReport(sr.ObservationContext(**observer), _code("0", "Procedure"), list(groups))
    document = sr.Comprehensive3DSR(
        [image], content, generate_uid(), 1, generate_uid(), 1, manufacturer="Other", is_complete=True
    )
    document.save_as(path)
    return path


def _code(value, meaning):
    return sr.CodedConcept(value, "DCM", meaning)


def test_points_of_another_program_are_offered_under_their_finding(tmp_path):
    image = pydicom.dcmread(sample())
    groups = [
        group(image, "Sella turcica", "POINT", [[10.5, 20.5]]),
        group(image, "Sella turcica", "POINT", [[11.5, 20.5]]),
        group(image, "", "POINT", [[3.0, 4.0]], tracking="Probe 7"),
        group(image, "Mandible", "POLYLINE", [[3.0, 4.0], [5.0, 6.0]]),
    ]

    batch = dicom_sr.read(foreign(tmp_path / "a.dcm", *groups), NONE)

    (back,) = batch.readings
    assert back.points == {
        "Sella turcica": corrected(10, 20),
        "Sella turcica 2": corrected(11, 20),
        "Probe 7": corrected(2.5, 3.5),
    }
    assert (back.reader, back.template_id, back.image.width) == ("Doe^Jane", None, None)
    assert back.image.sop_instance_uid == image.SOPInstanceUID
    assert batch.messages == ("a.dcm: 1 marks are regions, lines or points in space and were left out.",)


def test_points_of_a_device_are_predictions(tmp_path):
    image = pydicom.dcmread(sample())
    path = foreign(tmp_path / "a.dcm", group(image, "Sella turcica", "POINT", [[10.5, 20.5]]), person=None)

    (back,) = dicom_sr.read(path, NONE).readings

    assert back.source == "model"
    assert back.points == {"Sella turcica": predicted(10, 20)}


def test_an_unknown_decision_in_a_group_of_ours_is_a_placed_point(tmp_path):
    (path,) = write(dicom_sr, tmp_path, reading(points={"S": corrected(1, 2)})).files
    document = pydicom.dcmread(path)
    for item in document.iterall():
        if item.keyword == "CodeValue" and item.value == "CORRECTED":
            item.value = "SOMETHING"
    document.save_as(path)
    assert dicom_sr.read(path, NONE).readings[0].points["S"] == PointState("visible", Decision.CORRECTED, 1, 2)


@pytest.mark.parametrize("data", [[float("nan"), 1.0], [1e30, 1.0], [1.0], [1.0, 2.0, 3.0, 4.0], []])
def test_coordinates_that_are_none_are_refused(tmp_path, data):
    (path,) = write(dicom_sr, tmp_path, reading(points={"S": corrected(1, 2)})).files
    document = pydicom.dcmread(path)
    for item in [item for item in _items(document) if "GraphicData" in item]:
        item.GraphicData = data
    document.save_as(path)

    with pytest.raises(UserError, match=r"film.sr.dcm: landmark 'S'"):
        dicom_sr.read(path, NONE)


def _items(node):
    for child in node.get("ContentSequence") or []:
        yield child
        yield from _items(child)


def test_a_report_cut_short_anywhere_is_refused_or_read_but_never_crashes(tmp_path):
    (path,) = write(dicom_sr, tmp_path, reading()).files
    whole = path.read_bytes()
    for end in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:end])
        try:
            dicom_sr.read(path, NONE)
        except UserError as error:
            assert str(error).startswith("film.sr.dcm")


@pytest.mark.parametrize("depth", [70, 3000])
def test_deep_nesting_is_refused(tmp_path, depth):
    (path,) = write(dicom_sr, tmp_path, reading()).files
    document = pydicom.dcmread(path)
    leaf, chain = Dataset(), b""
    leaf.ValueType = "CONTAINER"
    document.ContentSequence[-1].ContentSequence = [leaf]
    buffer = io.BytesIO()
    document.save_as(buffer)
    start = b"\x40\x00\x30\xa7SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    end = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00" + b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
    chain = start * depth + end * depth
    del document.ContentSequence
    document.save_as(buffer := io.BytesIO())
    path.write_bytes(buffer.getvalue() + chain)

    with pytest.raises(UserError, match=r"film.sr.dcm: .*(nested|damaged)"):
        dicom_sr.read(path, NONE)


def test_other_files_are_refused_with_what_they_are(tmp_path):
    text = tmp_path / "a.dcm"
    text.write_text("no DICOM")
    with pytest.raises(UserError, match="not a DICOM report"):
        dicom_sr.read(text, NONE)
    with pytest.raises(UserError, match="not a report"):
        dicom_sr.read(sample(), NONE)
    with pytest.raises(UserError, match="deflated"):
        dicom_sr.read(sample("image_dfl.dcm"), NONE)
    with pytest.raises(UserError, match="no DICOM report in this folder"):
        dicom_sr.read(tmp_path, NONE)
    with pytest.raises(UserError, match=r"gone.dcm cannot be read"):
        dicom_sr.read(tmp_path / "gone.dcm", NONE)


def test_a_damaged_report_in_a_folder_does_not_stop_the_others(tmp_path):
    readings = [reading(name="a.dcm"), reading(name="b.dcm")]
    first, _ = write(dicom_sr, tmp_path, *readings).files
    first.write_bytes(first.read_bytes()[:-3000])
    (tmp_path / "image.dcm").write_bytes(sample().read_bytes())

    batch = dicom_sr.read(tmp_path, NONE)

    assert len(batch.readings) >= 1
    assert all("image.dcm" not in message for message in batch.messages)
    assert any(message.startswith("a.sr.dcm") for message in batch.messages)


def test_a_report_without_points_says_so(tmp_path):
    image = pydicom.dcmread(sample())
    region = group(image, "Mandible", highdicom.sr.GraphicTypeValues.POLYLINE, [[3.0, 4.0], [5.0, 6.0]])
    batch = dicom_sr.read(foreign(tmp_path / "a.dcm", region), NONE)
    assert batch.readings == ()
    assert batch.messages[-1] == "a.dcm: the report marks no points in an image."


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    secret = tmp_path / "secret" / "a.dcm"
    secret.parent.mkdir()
    secret.write_bytes(b"\0" * 128 + b"DICM" + b"x")
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "link.dcm").symlink_to(secret)
    (folder / "up").symlink_to(secret.parent, target_is_directory=True)
    with pytest.raises(UserError, match="no DICOM report in this folder"):
        dicom_sr.read(folder, NONE)
    with pytest.raises(UserError, match="cannot be told"):
        guess_to_read(folder)
