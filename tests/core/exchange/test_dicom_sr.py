"""Reports: what we write comes back, other programs read it, and what cannot be written is said."""

from __future__ import annotations

import shutil
import subprocess

import highdicom.sr
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medsapiens_core.data.annotation import AbsentReason, absent
from medsapiens_core.data.image import Spacing, SpacingSource
from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.exchange import dicom_sr
from medsapiens_core.exchange.batch import ReadOptions
from medsapiens_core.exchange.dicom_measurements import MeasurementValue
from medsapiens_core.exchange.registry import find_format
from tests.core.exchange.dicom_samples import (
    EVERY_STATE,
    NASION,
    ORBITALE,
    PORION,
    SELLA,
    TEMPLATE,
    changed,
    confirmed,
    corrected,
    predicted,
    reading,
    sample,
    write,
)

LIMIT_PX = 0.002
SPACING = Spacing(0.25, 0.2, SpacingSource.FIDUCIAL)


def written(folder, *readings, **more):
    report = write(dicom_sr, folder, *readings, **more)
    assert report.skipped == ()
    return pydicom.dcmread(report.files[0])


def round_trip(folder, *readings, **more):
    write(dicom_sr, folder, *readings, **more)
    return dicom_sr.read(folder, ReadOptions()).readings


def test_every_state_and_everything_known_of_a_reading_come_back(tmp_path):
    facts = {
        "reader": "AB", "model_id": "ceph-v2", "scores": {SELLA: 0.75}, "reviewed": True, "revision": 7,
        "decided_utc": "2026-11-24T10:00:00.000000+00:00", "note": "line 1\nline 2: ü", "image": {"spacing": SPACING},
    }  # fmt: skip

    (back,) = round_trip(tmp_path, reading(**facts))

    assert back.points == EVERY_STATE
    assert (back.template_id, back.template_version, back.source) == ("ceph4", 3, "reader")
    assert (back.image.width, back.image.height, back.image.frame) == (128, 128, 0)
    assert back.image.sop_instance_uid == pydicom.dcmread(sample()).SOPInstanceUID
    assert back.image.spacing == SPACING
    for fact in ("reader", "model_id", "scores", "reviewed", "revision", "decided_utc", "note"):
        assert getattr(back, fact) == facts[fact], fact


@pytest.mark.parametrize("reason", AbsentReason)
def test_the_reason_of_an_absent_landmark_comes_back(tmp_path, reason):
    (back,) = round_trip(tmp_path, reading(points={SELLA: absent(reason)}))
    assert back.points == {SELLA: absent(reason)}


def test_a_models_points_stay_predictions_and_say_that_nobody_reviewed_them(tmp_path):
    (back,) = round_trip(tmp_path, reading(points={SELLA: predicted(3, 4)}, source="model", model_id="m"))
    document = pydicom.dcmread(next(tmp_path.glob("*.dcm")))

    assert (back.source, back.reader, back.model_id) == ("model", "", "m")
    assert back.points == {SELLA: predicted(3, 4)}
    assert "not reviewed" in document.SeriesDescription
    assert (document.VerificationFlag, document.CompletionFlag) == ("UNVERIFIED", "PARTIAL")


def test_undecided_points_of_a_reader_need_a_choice(tmp_path):
    points = {SELLA: predicted(3, 4), NASION: corrected(5, 6)}

    report = write(dicom_sr, tmp_path / "a", reading(points=points))
    (back,) = round_trip(tmp_path / "b", reading(points=points), undecided="include")

    assert report.counts["visible"] == 1
    assert "undecided" in report.losses[0]
    assert back.points == points


@settings(max_examples=15)
@given(x=st.floats(-0.5, 127.5), y=st.floats(-0.5, 127.5))
def test_any_point_in_the_image_comes_back_within_the_limit(tmp_path_factory, x, y):
    folder = tmp_path_factory.mktemp("sr")
    (back,) = round_trip(folder, reading(points={SELLA: corrected(x, y)}))
    state = back.points[SELLA]
    assert np.hypot(state.x - x, state.y - y) < LIMIT_PX


def test_two_hundred_landmarks_with_awkward_names(tmp_path):
    names = [f'{k},"=;\\ שלום 🦴' + "long " * (k % 20) for k in range(200)]
    template = Template("big", 1, "", tuple(Landmark(name.strip(), name, "", "") for name in names))
    points = {name: corrected(k / 2, 3) for k, name in enumerate(template.ids)}

    (back,) = round_trip(tmp_path, reading(points=points), template=template)

    assert back.points == points


def test_highdicom_finds_the_points_at_the_corner_convention(tmp_path):
    document = highdicom.sr.srread(write(dicom_sr, tmp_path, reading(reader="AB")).files[0])

    groups = document.content.get_planar_roi_measurement_groups()
    regions = {group.tracking_identifier: group.roi.value for group in groups}
    others = document.content.get_image_measurement_groups()

    assert set(regions) == {"lm:ceph4:S", "lm:ceph4:N", "lm:ceph4:Po"}
    np.testing.assert_array_equal(regions["lm:ceph4:S"], [[0.0, 12.75]])
    np.testing.assert_array_equal(regions["lm:ceph4:N"], [[128.0, 128.0]])
    assert [group.tracking_identifier for group in others] == ["lm:ceph4:Or"]
    assert groups[0].finding_type.meaning == "S landmark"


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="DCMTK is not installed")
def test_dcmtk_reads_the_whole_report_without_complaint(tmp_path):
    measured = MeasurementValue("S-N", 12.5, "mm", ((1.0, 2.0), (3.0, 4.0)))
    full = reading(reader="AB", model_id="m", image={"spacing": SPACING}, extra=_with(measured))
    report = write(dicom_sr, tmp_path, full)

    run = subprocess.run(["dsrdump", "-v", report.files[0]], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    complaints = [line for line in run.stderr.splitlines() if line.startswith(("E:", "W:"))]
    assert not [line for line in complaints if "ISO_IR 192" not in line]  # it cannot check text in UTF-8
    assert run.stdout.count("SCOORD") == len([1 for state in EVERY_STATE.values() if state.x is not None]) + 1
    assert '"S landmark"' in run.stdout


def test_points_outside_the_image_are_left_out_and_named(tmp_path):
    report = write(dicom_sr, tmp_path, reading(points={SELLA: corrected(127.6, 5), NASION: corrected(1, 1)}))

    assert any("S lies outside" in loss for loss in report.losses)
    assert set(dicom_sr.read(tmp_path, ReadOptions()).readings[0].points) == {NASION}


def test_what_cannot_be_written_is_listed_with_a_reason(tmp_path):
    (tmp_path / "in").mkdir()
    png = tmp_path / "in" / "a.png"
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    nameless = changed(tmp_path / "in", remove=["PatientID"])
    readings = [
        reading(png, name="a.png"),
        reading(nameless, name="b"),
        reading(points={}, name="c"),
        reading(name="d", frame=4),
        reading(name="e", image={"width": 64}),
        reading(name="f", image={"sop_instance_uid": "1.2.3"}),
        reading(name="g"),
    ]

    report = write(dicom_sr, tmp_path / "out", *readings)

    reasons = dict(report.skipped)
    assert [path.name for path in report.files] == ["g.sr.dcm"]
    assert "did not come as DICOM" in reasons["a.png"]
    assert "PatientID" in reasons["b"]
    assert "no landmark" in reasons["c"]
    assert "no frame 5" in reasons["d"]
    assert "another size" in reasons["e"]
    assert "another image" in reasons["f"]


def test_an_image_that_was_not_found_is_skipped(tmp_path):
    lost = reading()
    lost = type(lost)(type(lost.image)("gone.dcm"), lost.points)
    assert "not found" in write(dicom_sr, tmp_path, lost).skipped[0][1]


@pytest.mark.parametrize("name", ["emri_small.dcm", "SC_rgb_rle_2frame.dcm"])
def test_the_frame_comes_back(tmp_path, name):
    (back,) = round_trip(tmp_path, reading(sample(name), {SELLA: confirmed(1, 2), NASION: absent()}, frame=1))
    assert back.image.frame == 1
    assert set(back.points) == {SELLA, NASION}


def test_a_second_report_names_the_first_and_keeps_its_tracking(tmp_path):
    first = written(tmp_path, reading())
    second = written(tmp_path, reading())

    (study,) = second.PredecessorDocumentsSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert _tracking_uids(first) == _tracking_uids(second)
    assert len(_tracking_uids(first)) == len(EVERY_STATE)
    assert _tracking_uids(written(tmp_path / "other", reading(), project="p2")).isdisjoint(_tracking_uids(first))


def _tracking_uids(document):
    groups = [item for item in document.ContentSequence if item.ValueType == "CONTAINER"]
    marks = [item for group in groups for mark in group.ContentSequence for item in mark.get("ContentSequence", [])]
    return {str(item.UID) for item in marks if item.ConceptNameCodeSequence[0].CodeValue == "112040"}


def test_only_a_complete_reading_with_both_names_is_verified(tmp_path):
    both = {"verifier": "Miller^Ann", "organisation": "Clinic"}
    incomplete = {SELLA: confirmed(1, 1)}

    assert written(tmp_path / "a", reading(), verifier="Miller^Ann").VerificationFlag == "UNVERIFIED"
    assert written(tmp_path / "b", reading(points=incomplete), **both).VerificationFlag == "UNVERIFIED"
    verified = written(tmp_path / "c", reading(), **both)
    assert (verified.VerificationFlag, verified.CompletionFlag) == ("VERIFIED", "COMPLETE")
    assert verified.VerifyingObserverSequence[0].VerifyingObserverName == "Miller^Ann"


def test_patient_and_coding_scheme_are_in_the_report(tmp_path):
    name = "Müller^Jörg=山田^太郎"
    path = changed(tmp_path, SpecificCharacterSet="ISO_IR 192", PatientName=name)

    document = written(tmp_path / "out", reading(path, reader="Ω"))

    assert document.PatientName == name
    assert document.PatientID == pydicom.dcmread(path).PatientID
    assert document.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == "99MSSTUDIO"
    assert dicom_sr.read(tmp_path / "out", ReadOptions()).readings[0].reader == "Ω"


def test_a_latin_patient_name_survives_the_change_of_character_set(tmp_path):
    path = changed(tmp_path, SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg")
    assert written(tmp_path / "out", reading(path)).PatientName == "Müller^Jörg"


def _with(*measurements):
    return {"dicom-sr": {"measurements": measurements}}


def test_measurements_come_back_and_say_how_far_millimetres_can_be_trusted(tmp_path):
    length = MeasurementValue("S-N", 12.5, "mm", ((1.0, 2.0), (3.0, 4.0)))
    angle = MeasurementValue("S-N-Po", 81.25, "deg", ((1.0, 2.0), (3.0, 4.0), (0.5, 9.0)))
    detector = Spacing(0.1, 0.1, SpacingSource.DETECTOR)

    document = written(tmp_path, reading(extra=_with(length, angle), image={"spacing": detector}))
    (back,) = dicom_sr.read(tmp_path, ReadOptions()).readings

    assert back.extra == _with(length, angle)
    assert "Detector plane" in str(document)
    assert back.points == EVERY_STATE


def test_millimetres_without_a_pixel_size_are_left_out(tmp_path):
    length = MeasurementValue("S-N", 12.5, "mm", ((1.0, 2.0), (3.0, 4.0)))
    outside = MeasurementValue("N-Po", 3.0, "px", ((-4.0, 2.0), (3.0, 4.0)))

    report = write(dicom_sr, tmp_path, reading(extra=_with(length, outside)))

    assert len([loss for loss in report.losses if "S-N" in loss or "N-Po" in loss]) == 2
    assert dicom_sr.read(tmp_path, ReadOptions()).readings[0].extra == {}


def test_the_image_is_asked_for_by_its_uid(tmp_path):
    uid = pydicom.dcmread(sample()).SOPInstanceUID
    written(tmp_path, reading())

    batch = dicom_sr.read(tmp_path, ReadOptions(find_image={uid: sample()}.get))

    assert batch.readings[0].image.path == sample()
    assert batch.landmarks == (SELLA, NASION, PORION, ORBITALE)


def test_the_format_is_registered():
    assert find_format("dicom-sr") is dicom_sr.FORMAT
    assert TEMPLATE.ids == tuple(EVERY_STATE)
