from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io import file_sha256, list_images, probe, read_image
from medsapiens_core.io.medical import default_axis

VOLUME = np.arange(4 * 20 * 30, dtype=np.int16).reshape(4, 20, 30) - 300
SPACING = (0.3, 0.7, 2.5)  # x, y, z
KINDS = [".mha", ".mhd", ".nii", ".nii.gz", ".nrrd", ".nhdr"]


def save(
    path: Path, array: np.ndarray = VOLUME, spacing: tuple[float, ...] | None = SPACING, **options: object
) -> Path:
    image = SimpleITK.GetImageFromArray(array, isVector=bool(options.pop("vector", False)))
    if spacing is not None:
        image.SetSpacing(spacing[: image.GetDimension()])
    SimpleITK.WriteImage(image, str(path), **options)
    return path


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize(("axis", "frame", "size_mm"), [(0, 1, (0.7, 0.3)), (1, 5, (2.5, 0.3)), (2, 7, (2.5, 0.7))])
def test_a_chosen_slice_with_its_spacing(
    tmp_path: Path, suffix: str, axis: int, frame: int, size_mm: tuple[float, float]
) -> None:
    image = read_image(save(tmp_path / f"v{suffix}"), frame=frame, axis=axis)

    np.testing.assert_array_equal(image.pixels, np.take(VOLUME, frame, axis=axis))
    assert image.spacing is not None
    assert (image.spacing.row_mm, image.spacing.col_mm) == pytest.approx(size_mm, abs=1e-6)
    assert image.spacing.source == "header"
    provenance = image.provenance
    assert (provenance.axis, provenance.frame, provenance.frame_count) == (axis, frame, VOLUME.shape[axis])


@pytest.mark.parametrize("suffix", KINDS)
def test_middle_slice_of_the_acquired_axis_is_the_default(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"v{suffix}")

    image, header = read_image(path), probe(path)

    np.testing.assert_array_equal(image.pixels, VOLUME[2])
    assert (header.width, header.height, header.frames, header.axis, header.shape) == (30, 20, 4, 0, (4, 20, 30))
    assert header.needs_choice


@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 20, 30), 0), ((600, 512, 512), 0), ((512, 20, 512), 1), ((300, 300, 100), 2)]
)
def test_default_axis(shape: tuple[int, ...], axis: int) -> None:
    assert default_axis(shape) == axis


@pytest.mark.parametrize("suffix", [".mha", ".nii", ".nrrd"])
@pytest.mark.parametrize("shape", [(20, 30), (1, 20, 30), (20, 1, 30), (20, 30, 1)])
def test_a_flat_volume_is_a_picture(tmp_path: Path, suffix: str, shape: tuple[int, ...]) -> None:
    flat = np.arange(600, dtype=np.uint16).reshape(shape)
    path = save(tmp_path / f"f{suffix}", flat)

    image = read_image(path)

    np.testing.assert_array_equal(image.pixels, flat.reshape(20, 30))
    assert image.provenance.frame_count == 1
    assert not probe(path).needs_choice


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_spacing_one_without_orientation_is_unknown(tmp_path: Path, suffix: str) -> None:
    assert read_image(save(tmp_path / f"u{suffix}", spacing=None)).spacing is None


def test_nifti_without_orientation_codes_is_unverified(tmp_path: Path) -> None:
    path = save(tmp_path / "c.nii")
    data = bytearray(path.read_bytes())
    data[252:256] = b"\0" * 4
    path.write_bytes(data)

    spacing = read_image(path).spacing

    assert spacing is not None
    assert spacing.source == "unknown"


def test_nifti_in_micrometres_is_converted(tmp_path: Path) -> None:
    path = save(tmp_path / "m.nii", spacing=(300.0, 700.0, 2500.0))
    data = bytearray(path.read_bytes())
    data[123] = 3
    path.write_bytes(data)

    spacing = read_image(path).spacing

    assert spacing is not None
    assert (spacing.row_mm, spacing.col_mm) == pytest.approx((0.7, 0.3), abs=1e-5)


@pytest.mark.parametrize(("change", "told"), [(None, False), ((280, 1.4), True), ((292, 25.0), True)])
def test_two_orientations_that_differ_are_told(tmp_path: Path, change: tuple[int, float] | None, told: bool) -> None:
    path = save(tmp_path / "o.nii")
    data = bytearray(path.read_bytes())
    if change is not None:
        offset, value = change
        data[offset : offset + 4] = np.array([value], "<f4").tobytes()
        data[284:288] = np.array([0.3 if offset == 280 else 0.0], "<f4").tobytes()
        path.write_bytes(data)

    warnings = read_image(path).provenance.warnings

    assert any("two orientations" in warning for warning in warnings) == told


def test_spacing_that_is_no_pixel_size_is_unknown(tmp_path: Path) -> None:
    assert read_image(save(tmp_path / "s.mha", spacing=(30.0, 30.0, 30.0))).spacing is None


@pytest.mark.parametrize("channels", [3, 4])
def test_colour(tmp_path: Path, channels: int) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (20, 30, channels), dtype=np.uint8)
    if channels == 4:
        rgb[..., 3] = 255

    image = read_image(save(tmp_path / "c.mha", rgb, vector=True))

    np.testing.assert_array_equal(image.pixels, rgb[..., :3])


@pytest.mark.parametrize("what", ["4d", "vector", "complex"])
def test_what_is_no_picture_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "n.mha"
    if what == "4d":
        save(path, np.zeros((3, 4, 5, 6), np.int16), None)
    elif what == "vector":
        save(path, np.zeros((5, 6, 2), np.float32), None, vector=True)
    else:
        path = save(tmp_path / "n.nii", np.zeros((5, 6), np.complex64), None)

    with pytest.raises(UnreadableImageError, match=r"^n\.\w+: "):
        read_image(path)


@pytest.mark.parametrize(("frame", "axis"), [(4, 0), (-1, 0), (0, 3), (30, 2)])
def test_a_slice_that_is_not_there_is_refused(tmp_path: Path, frame: int, axis: int) -> None:
    with pytest.raises(UnreadableImageError, match="there is no"):
        read_image(save(tmp_path / "v.mha"), frame=frame, axis=axis)


@pytest.mark.parametrize("suffix", [".mha", ".nii", ".nii.gz", ".nrrd"])
@pytest.mark.parametrize("compress", [False, True])
def test_a_cut_file_is_refused(tmp_path: Path, suffix: str, compress: bool) -> None:
    noise = np.random.default_rng(0).integers(-1000, 1000, (4, 40, 50)).astype(np.int16)
    whole = save(tmp_path / f"w{suffix}", noise, useCompression=compress).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: int(0.7 * len(whole))])

    with pytest.raises(UnreadableImageError, match=r"^cut\."):
        read_image(cut)


def test_gzip_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    whole = bytearray(gzip.decompress(save(tmp_path / "b.nii.gz").read_bytes()))
    whole[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(bytes(whole) + b"\0" * 1_000_000))

    with pytest.raises(UnreadableImageError, match="more than"):
        read_image(tmp_path / "bomb.nii.gz")


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_detached_data_are_part_of_the_hash_and_of_no_report(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"v{suffix}")
    data = next(file for file in tmp_path.iterdir() if file != path)
    expected = hashlib.sha256(path.read_bytes() + data.read_bytes()).hexdigest()

    assert read_image(path).provenance.sha256 == expected
    assert file_sha256(path) == expected
    listing = list_images([tmp_path])
    assert listing.images == (path,)
    assert listing.skipped == ()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.raw", "/etc/passwd", "sub/data.raw", "LIST", "slice%03d.raw 1 4 1", "\\\\host\\share\\a.raw",
        "http://host/a.raw", "c:a.raw", "missing.raw", ".hidden", "v.mhd",
    ],
)  # fmt: skip
def test_data_files_elsewhere_are_not_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for secret in (tmp_path / "secret.raw", folder / "sub" / "data.raw", folder / ".hidden"):
        secret.write_bytes(VOLUME.tobytes())
    path = save(folder / "v.mhd")
    path.write_text(path.read_text().replace("v.raw", name))

    with pytest.raises(UnreadableImageError, match="data file"):
        read_image(path)


def test_a_data_file_that_links_out_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = save(folder / "v.mhd")
    (folder / "v.raw").rename(tmp_path / "outside.raw")
    (folder / "v.raw").symlink_to(tmp_path / "outside.raw")

    with pytest.raises(UnreadableImageError, match="not beside it"):
        read_image(path)


def test_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "volume without ending"
    save(tmp_path / "v.nrrd").rename(path)

    np.testing.assert_array_equal(read_image(path, frame=0).pixels, VOLUME[0])


@pytest.mark.parametrize(
    "change",
    [(b"DimSize = 30 20 4", b"DimSize = 30 0 4"), (b"MET_SHORT", b"MET_WRONG"), (b"DimSize = 30 20 4", b"DimSize = x")],
)
def test_headers_that_make_no_sense_are_refused(tmp_path: Path, change: tuple[bytes, bytes]) -> None:
    path = save(tmp_path / "v.mha")
    path.write_bytes(path.read_bytes().replace(*change))

    with pytest.raises(UnreadableImageError, match=r"^v\.mha: "):
        read_image(path)
