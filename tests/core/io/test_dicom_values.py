from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from medsapiens_core.data.rendering import to_uint8
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import probe, read_image
from medsapiens_core.io.dicom_values import voi_bounds
from tests.core.io.builders import FILM, item, write_dicom


def test_plain_film_keeps_its_stored_values_and_tells_where_they_come_from(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "film.dcm")

    image = read_image(path)

    np.testing.assert_array_equal(image.pixels, FILM)
    assert image.pixels.dtype == np.uint16
    assert image.provenance.reader.startswith("pydicom")
    assert image.provenance.transfer_syntax == "1.2.840.10008.1.2.1"
    assert image.provenance.sop_instance_uid is not None
    assert image.modality == "CR"


@pytest.mark.parametrize(
    ("centre", "width", "function", "expected"),
    [
        (40, 400, "LINEAR", (-160.0, 239.0)),
        (2048, 4096, "LINEAR", (0.0, 4095.0)),
        (40, 400, "LINEAR_EXACT", (-160.0, 240.0)),
        (40, 400, "SIGMOID", (-160.0, 240.0)),
        (40, 1, "LINEAR", (39.5, 39.5)),
    ],
)
def test_window_formula_of_the_standard(
    centre: float, width: float, function: str, expected: tuple[float, float]
) -> None:
    assert voi_bounds(centre, width, function) == expected


def test_linear_window_agrees_with_the_formula_at_every_value() -> None:
    low, high = voi_bounds(40, 400)
    x = np.arange(-200, 300, dtype=float)

    formula = np.clip((x - (40 - 0.5)) / (400 - 1) + 0.5, 0, 1)

    np.testing.assert_allclose(np.clip((x - low) / (high - low), 0, 1), formula, atol=1e-12)


def test_windows_of_the_file_are_offered_with_their_names(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "w.dcm",
        WindowCenter=["1000", "1500"],
        WindowWidth=["1000", "3000"],
        WindowCenterWidthExplanation=["BONE", "SOFT"],
    )

    image = read_image(path)

    assert image.windows == (("BONE", 500.0, 1499.0), ("SOFT", 0.0, 2999.0))
    assert image.window == (500.0, 1499.0)


@pytest.mark.parametrize(("centre", "width"), [("1000", "0"), ("1000", "0.5"), ("900000", "10")])
def test_a_window_that_shows_nothing_gives_way_to_the_percentiles(tmp_path: Path, centre: str, width: str) -> None:
    image = read_image(write_dicom(tmp_path / "w.dcm", WindowCenter=centre, WindowWidth=width))

    assert 0 <= image.window[0] < image.window[1] <= FILM.max()


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"), [("1", "-1024", np.int16), ("2", "5", np.int16), ("0.5", "-10", np.float32)]
)
def test_rescale_gives_modality_values(tmp_path: Path, slope: str, intercept: str, dtype: type) -> None:
    image = read_image(write_dicom(tmp_path / "r.dcm", RescaleSlope=slope, RescaleIntercept=intercept))

    np.testing.assert_allclose(image.pixels, FILM * float(slope) + float(intercept))
    assert image.pixels.dtype == dtype


def test_rescale_by_zero_is_left_out_and_said(tmp_path: Path) -> None:
    image = read_image(write_dicom(tmp_path / "r.dcm", RescaleSlope="0", RescaleIntercept="7"))

    np.testing.assert_array_equal(image.pixels, FILM)
    assert any("rescale" in warning for warning in image.provenance.warnings)


def test_modality_table_comes_before_rescale(tmp_path: Path) -> None:
    table = [v * v for v in range(100)]
    entry = item(LUTDescriptor=[100, 10, 16], ModalityLUTType="US", LUTData=table)
    entry["LUTDescriptor"].VR = entry["LUTData"].VR = "US"
    pixels = np.array([[0, 10, 11, 60], [109, 110, 500, 12]], dtype=np.uint16)

    image = read_image(write_dicom(tmp_path / "m.dcm", pixels, ModalityLUTSequence=[entry], RescaleSlope="3"))

    np.testing.assert_array_equal(image.pixels, [[0, 0, 1, 2500], [9801, 9801, 9801, 4]])


def test_display_table_becomes_the_straight_window_nearest_to_it(tmp_path: Path) -> None:
    ramp = [0] * 100 + [10 * v for v in range(200)] + [2000] * 100
    entry = item(LUTDescriptor=[400, 1000, 16], LUTExplanation="HARD", LUTData=ramp)
    entry["LUTDescriptor"].VR = entry["LUTData"].VR = "US"

    image = read_image(write_dicom(tmp_path / "v.dcm", VOILUTSequence=[entry]))

    ((name, low, high),) = image.windows
    assert name == "HARD"
    assert (low, high) == pytest.approx((1100, 1300), abs=5)


def test_short_signed_values_keep_their_sign_and_lose_the_overlay_bits(tmp_path: Path) -> None:
    values = np.array([[-2048, -1, 0, 1, 2047]], dtype=np.int16)
    stored = (values.astype(np.uint16) & 0x0FFF) | 0x3000
    path = write_dicom(tmp_path / "s.dcm", stored, BitsStored=12, HighBit=11, PixelRepresentation=1)

    np.testing.assert_array_equal(read_image(path).pixels, values)


def test_bits_above_those_stored_are_dropped(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "o.dcm", FILM | 0x8000, BitsStored=12, HighBit=11)

    np.testing.assert_array_equal(read_image(path).pixels, FILM)


def test_bone_is_bright_in_both_polarities_of_one_film(tmp_path: Path) -> None:
    positive = write_dicom(tmp_path / "2.dcm", FILM, BitsStored=12, HighBit=11)
    negative = write_dicom(
        tmp_path / "1.dcm", 4095 - FILM, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1"
    )

    one, two = read_image(negative), read_image(positive)

    assert (one.inverted, two.inverted) == (True, False)
    np.testing.assert_array_equal(one.pixels, 4095 - FILM)
    shown = to_uint8(one).astype(int) - to_uint8(two)
    assert np.abs(shown).max() <= 1


def test_padding_is_in_modality_units_and_left_out_of_the_window(tmp_path: Path) -> None:
    padded = FILM.astype(np.int16)
    padded[:, :15] = -2000
    path = write_dicom(tmp_path / "p.dcm", padded, PixelPaddingValue=-2000, RescaleSlope="1", RescaleIntercept="-100")

    image = read_image(path)

    assert image.padding_value == -2100
    assert image.window[0] > -100


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_in_either_order_of_planes(tmp_path: Path, planar: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    stored = rgb if planar == 0 else np.moveaxis(rgb, -1, 0)
    path = write_dicom(tmp_path / "c.dcm", rgb, PixelData=stored.tobytes(), PlanarConfiguration=planar)

    np.testing.assert_array_equal(read_image(path).pixels, rgb)


def test_one_frame_of_many_costs_one_frame_of_memory(tmp_path: Path) -> None:
    frames = np.arange(40, dtype=np.uint16)[:, None, None] * np.ones((1, 256, 256), dtype=np.uint16)
    path = write_dicom(tmp_path / "f.dcm", frames)
    read_image(path, frame=0)

    tracemalloc.start()
    image = read_image(path, frame=37)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert np.unique(image.pixels) == [37]
    assert peak < 1.6 * path.stat().st_size  # the bytes of the file once, and one frame


def test_file_without_preamble_is_read_and_a_text_file_is_not(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "a.dcm", syntax=ImplicitVRLittleEndian).read_bytes()
    bare = tmp_path / "bare.dcm"
    bare.write_bytes(whole[132:])
    text = tmp_path / "text.dcm"
    text.write_text("these are no pixels, whatever the name says\n" * 20)

    np.testing.assert_array_equal(read_image(bare).pixels, FILM)
    with pytest.raises(UnreadableImageError, match="a text file"):
        read_image(text)


@pytest.mark.parametrize("implicit", [True, False])
def test_file_without_meta_group_is_read_in_the_syntax_it_is_in(tmp_path: Path, implicit: bool) -> None:
    syntax = {"syntax": ImplicitVRLittleEndian} if implicit else {}
    whole = write_dicom(tmp_path / "a.dcm", **syntax).read_bytes()
    (meta_length,) = struct.unpack("<I", whole[140:144])
    bare = tmp_path / "bare"
    bare.write_bytes(whole[144 + meta_length :])

    np.testing.assert_array_equal(read_image(bare).pixels, FILM)


@pytest.mark.parametrize("keep", [10, 140, 200, 400, -1, -500])
def test_a_cut_file_is_refused_and_never_half_black(tmp_path: Path, keep: int) -> None:
    whole = write_dicom(tmp_path / "a.dcm").read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole[:keep])

    with pytest.raises(UnreadableImageError, match=r'^("cut\.dcm" is damaged|cut\.dcm): '):
        read_image(cut)


def test_absurd_size_is_refused_before_decoding(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "big.dcm",
        np.zeros((2, 2), np.uint8),
        syntax=RLELossless,
        PixelData=encapsulate([b"\0" * 100]),
        Rows=60000,
        Columns=60000,
    )

    with pytest.raises(UnreadableImageError, match="60000 x 60000 pixels are more than"):
        read_image(path)
    with pytest.raises(UnreadableImageError, match="more than"):
        probe(path)


def test_run_length_data_too_short_for_the_size_is_refused_before_decoding(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "rle.dcm",
        np.zeros((2, 2), np.uint8),
        syntax=RLELossless,
        PixelData=encapsulate([b"\0" * 100]),
        Rows=9000,
        Columns=9000,
    )

    with pytest.raises(UnreadableImageError, match="shorter than the header says"):
        read_image(path)


def test_codestream_of_another_size_than_the_header_is_refused(tmp_path: Path) -> None:
    siz = b"\xff\x4f\xff\x51\x00\x29\x00\x00" + struct.pack(">IIII", 500, 400, 0, 0) + b"\0" * 60 + b"\xff\xd9"
    path = write_dicom(
        tmp_path / "j2k.dcm", np.zeros((40, 50), np.uint8), syntax=JPEG2000Lossless, PixelData=encapsulate([siz])
    )

    with pytest.raises(UnreadableImageError, match="another size"):
        read_image(path)


def test_garbage_in_a_compressed_frame_is_refused(tmp_path: Path) -> None:
    junk = b"\xff\xd8\xff\xe0" + b"\x00\x10" + b"\xab" * 500 + b"\xff\xd9"
    path = write_dicom(
        tmp_path / "j.dcm", np.zeros((40, 50), np.uint8), syntax=JPEGBaseline8Bit, PixelData=encapsulate([junk])
    )

    with pytest.raises(UnreadableImageError, match=r"^j\.dcm: "):
        read_image(path)


def test_unsupported_syntax_is_named(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "v.dcm", np.zeros((4, 4), np.uint8), syntax=MPEG2MPML, PixelData=encapsulate([b"\0" * 10])
    )

    with pytest.raises(UnreadableImageError, match=r"is compressed with MPEG2.*This version cannot read it"):
        read_image(path)


def test_deflated_film_is_read(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "d.dcm", syntax=DeflatedExplicitVRLittleEndian)

    np.testing.assert_array_equal(read_image(path).pixels, FILM)


def test_deflate_bomb_is_refused_without_being_expanded(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "d.dcm", syntax=DeflatedExplicitVRLittleEndian).read_bytes()
    (meta_length,) = struct.unpack("<I", whole[140:144])
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(b"\0" * 60_000_000) + packer.flush()
    path = tmp_path / "bomb.dcm"
    path.write_bytes(whole[: 144 + meta_length] + bomb)

    with pytest.raises(UnreadableImageError, match="implausible size"):
        read_image(path)


def test_header_without_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match="without pixel data"):
        read_image(write_dicom(tmp_path / "n.dcm", PixelData=None))


@pytest.mark.parametrize(
    "values",
    [{"BitsAllocated": 12}, {"SamplesPerPixel": 2}, {"PhotometricInterpretation": "HSV"}, {"BitsStored": 40}],
)
def test_headers_that_no_decoder_should_see_are_refused(tmp_path: Path, values: dict[str, object]) -> None:
    with pytest.raises(UnreadableImageError, match=r"^h\.dcm: "):
        read_image(write_dicom(tmp_path / "h.dcm", **values))


def test_patient_key_groups_patients_and_does_not_tell_who_they_are(tmp_path: Path) -> None:
    def key(**values: object) -> str | None:
        return read_image(write_dicom(tmp_path / "k.dcm", **values)).patient_key

    assert key(PatientID="4711") == key(PatientID="4711 ")
    assert key(PatientID="4711") != key(PatientID="4712")
    assert key(PatientID="4711") != key(PatientID="4711", IssuerOfPatientID="Other")
    assert "4711" not in str(key(PatientID="4711"))


@pytest.mark.parametrize("placeholder", ["", "000", "ANONYMOUS", "anonymized", "Unknown", "N/A", "xxx", "---"])
def test_placeholders_are_nobody(tmp_path: Path, placeholder: str) -> None:
    assert read_image(write_dicom(tmp_path / "k.dcm", PatientID=placeholder)).patient_key is None


def test_what_is_wrong_in_the_header_is_noted_without_patient_values(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "x.dcm", PatientBirthDate="19500101").read_bytes()
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(whole.replace(b"19500101", b"Mr. Doe!"))

    image = read_image(broken)
    excess = read_image(write_dicom(tmp_path / "e.dcm", PixelData=FILM.tobytes() + b"\0" * 10))

    assert "Doe" not in " ".join(image.provenance.warnings)
    np.testing.assert_array_equal(excess.pixels, FILM)
