"""De-identified copies: planted names are found nowhere, pictures and relations stay, doubtful ones are pointed out."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit

from medsapiens_core.decoding import clean_copy
from medsapiens_core.deidentify.burned_in import burned_in_warning
from medsapiens_core.deidentify.pseudonyms import Pseudonyms, new_salt
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import read_image

OURS = Pseudonyms(b"a secret of thirty-two bytes....")
FAMILY, GIVEN, NUMBER, BORN = "Zebrafinch", "Quintessa", "ZQ-4711-90210", "19470113"
NAME = f"{FAMILY}^{GIVEN}"
PLANTED = (FAMILY, GIVEN, NUMBER, BORN)
SAMPLES = [
    "CT_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "emri_small.dcm",
    "SC_rgb_jpeg_dcmtk.dcm", "examples_palette.dcm", "image_dfl.dcm", "JPEG2000.dcm", "examples_overlay.dcm",
]  # fmt: skip


def sample(name):
    found = get_testdata_file(name)
    assert found is not None
    return Path(str(found))


def planted(folder, name="CT_small.dcm", **more):
    """A real image with somebody's name wherever a header can hold one."""
    dataset = pydicom.dcmread(sample(name))
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = NAME, NUMBER, BORN
    dataset.OtherPatientNames = [NAME, f"{GIVEN}^{FAMILY}"]
    dataset.ReferringPhysicianName = dataset.OperatorsName = NAME
    dataset.ImageComments = f"seen by {FAMILY} on {BORN}"
    dataset.StudyDescription = dataset.SeriesDescription = dataset.ProtocolName = f"knee {FAMILY.upper()}"
    dataset.ConvolutionKernel = f"{FAMILY.lower()}1"  # short text that the profile keeps
    dataset.add_new(0x00181110 + 0x0A, "UN", NAME.encode() + b" ")
    dataset.add_new(0x60000010, "US", 8)
    dataset.add_new(0x60001500, "LO", NAME)
    block = dataset.private_block(0x0099, "MAKER", create=True)
    block.add_new(0x01, "LO", NAME)
    nested = Dataset()
    nested.PatientName, nested.CodeMeaning, nested.ReferencedSOPInstanceUID = NAME, f"of {FAMILY}", "1.2.3.4"
    nested.ReferencedSOPClassUID = dataset.SOPClassUID
    nested.PersonName, nested.TextValue = NAME, f"{NUMBER} {GIVEN}"
    dataset.AnatomicRegionSequence = Sequence([nested])
    dataset.SourceImageSequence = Sequence([nested])
    dataset.preamble = NAME.encode().ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = FAMILY.upper()
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    path = folder / f"{len(list(folder.iterdir()))}-{name}"
    dataset.save_as(path)
    return path


def deidentified_copy(source, target, pseudonyms, **more):
    """What the child makes of a file, written to `target`."""
    copy = clean_copy(source, pseudonyms, **more)
    target.write_bytes(copy.data)
    return SimpleNamespace(path=target, subject=copy.subject, uid=copy.sop_instance_uid, burned_in=copy.burned_in)


@pytest.mark.parametrize("name", SAMPLES)
def test_planted_names_are_found_nowhere_and_the_picture_is_the_same(tmp_path, name):
    source = planted(tmp_path, name)
    before = source.read_bytes().lower()
    deflated = name == "image_dfl.dcm"  # the copy is not, so that it can be searched
    assert all(word.lower().encode() in before for word in PLANTED) != deflated

    copy = deidentified_copy(source, tmp_path / "copy.dcm", OURS)

    after = copy.path.read_bytes().lower()
    assert pydicom.dcmread(copy.path).file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian
    for word in PLANTED:
        assert word.lower().encode() not in after
    np.testing.assert_array_equal(read_image(copy.path).pixels, read_image(source).pixels)
    assert read_image(copy.path).spacing == read_image(source).spacing
    assert source.read_bytes().lower() == before


def test_no_private_elements_dates_or_free_text_are_left(tmp_path):
    copy = pydicom.dcmread(deidentified_copy(planted(tmp_path), tmp_path / "copy.dcm", OURS).path)

    for element in copy.iterall():
        assert not element.tag.is_private
        assert element.VR not in ("LT", "ST", "UT", "UN")
        assert element.VR != "DA" or element.value in (None, "", "19000101")
        assert element.VR != "PN" or str(element.value or "") in ("", "REMOVED", str(copy.PatientID))
    assert (copy.PatientIdentityRemoved, copy.DeidentificationMethod[1]) == ("NO", "Pixels not checked")
    assert copy.DeidentificationMethodCodeSequence[0].CodeValue == "113100"
    assert copy.PatientName == copy.PatientID


def test_pseudonyms_are_the_same_within_a_project_and_others_elsewhere(tmp_path):
    first = planted(tmp_path, StudyInstanceUID="1.2.9", SOPInstanceUID="1.2.3.4")
    second = planted(tmp_path, StudyInstanceUID="1.2.9", SOPInstanceUID="1.2.3.5")
    stranger = planted(tmp_path, PatientID="another")

    a = deidentified_copy(first, tmp_path / "a.dcm", OURS)
    b = deidentified_copy(second, tmp_path / "b.dcm", OURS)
    c = deidentified_copy(stranger, tmp_path / "c.dcm", OURS)
    elsewhere = deidentified_copy(first, tmp_path / "d.dcm", Pseudonyms(new_salt()))

    one, two = pydicom.dcmread(a.path), pydicom.dcmread(b.path)
    assert a.subject == b.subject == one.PatientID
    assert len({a.subject, c.subject, elsewhere.subject}) == 3
    assert one.StudyInstanceUID == two.StudyInstanceUID != "1.2.9"
    assert a.uid == one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID != two.SOPInstanceUID
    assert two.SourceImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    assert one.SOPClassUID == pydicom.dcmread(first).SOPClassUID
    assert a.uid != elsewhere.uid


def test_a_salt_is_secret_and_long_enough():
    assert "secret" not in repr(OURS)
    assert len(new_salt()) == 32 and new_salt() != new_salt()
    with pytest.raises(ValueError, match="16 bytes"):
        Pseudonyms(b"short")


def test_a_name_inside_compressed_pixels_is_not_let_through(tmp_path):
    source = planted(tmp_path, "SC_rgb_jpeg_dcmtk.dcm")
    dataset = pydicom.dcmread(source)
    assert dataset.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    comment = NAME.encode() + b" "
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    (frame,) = pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1)
    dataset.PixelData = pydicom.encaps.encapsulate([frame[:2] + segment + frame[2:]])
    dataset.save_as(source)

    with pytest.raises(UnreadableImageError, match="name is still in the copy") as refusal:
        deidentified_copy(source, tmp_path / "copy.dcm", OURS)

    assert FAMILY not in str(refusal.value)
    assert not (tmp_path / "copy.dcm").exists()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned into"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7", "BurnedInAnnotation": "NO"}, "screen capture"),
        ({"ConversionType": "DF", "BurnedInAnnotation": "NO"}, "scanned"),
        ({"Modality": "US"}, "corner"),
        ({"Modality": "US", "BurnedInAnnotation": "NO"}, None),
        ({"Modality": "DX"}, "does not say"),
        ({"Modality": "DX", "BurnedInAnnotation": "NO"}, None),
    ],
)
def test_pictures_that_may_show_a_name_are_pointed_out(values, expected):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    warning = burned_in_warning(dataset)
    assert warning is None if expected is None else expected in warning


def test_identity_counts_as_removed_only_when_the_pixels_were_checked(tmp_path):
    told = {}
    for name, stated, looked_at in (("a", "YES", False), ("b", "YES", True), ("c", "NO", False), ("d", "", False)):
        source = planted(tmp_path, BurnedInAnnotation=stated)
        copy = deidentified_copy(source, tmp_path / f"{name}.dcm", OURS, looked_at=looked_at)
        told[name] = pydicom.dcmread(copy.path).PatientIdentityRemoved
    assert told == {"a": "NO", "b": "YES", "c": "YES", "d": "NO"}


def test_a_file_without_a_patient_takes_the_subject_that_the_project_gives_it(tmp_path):
    nobody = planted(tmp_path, PatientID="ANONYMOUS")
    given = OURS.subject("group 7")
    copy = deidentified_copy(nobody, tmp_path / "copy.dcm", OURS, subject=given)
    assert (copy.subject, pydicom.dcmread(copy.path).PatientID) == (given, given)
    named = deidentified_copy(planted(tmp_path), tmp_path / "named.dcm", OURS, subject=given)
    assert named.subject == OURS.subject(NUMBER)


def test_the_copy_says_that_it_needs_a_look(tmp_path):
    source = planted(tmp_path, BurnedInAnnotation="YES")
    assert "burned into" in deidentified_copy(source, tmp_path / "copy.dcm", OURS).burned_in


def test_what_is_no_dicom_image_is_refused(tmp_path):
    png = tmp_path / "a.png"
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    for source in (png, sample("rtplan.dcm")):
        with pytest.raises(UnreadableImageError):
            deidentified_copy(source, tmp_path / "copy.dcm", OURS)
    assert not (tmp_path / "copy.dcm").exists()
