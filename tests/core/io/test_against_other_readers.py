"""Plain pictures and volumes against readers that share no code with ours: ITK's, and the bytes of the file itself."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import SimpleITK
import tifffile

from medsapiens_core.io import read_image

RNG = np.random.default_rng(7)
GREY_8, GREY_16 = RNG.integers(0, 256, (31, 47), np.uint8), RNG.integers(0, 65536, (31, 47), np.uint16)
COLOUR = RNG.integers(0, 256, (31, 47, 3), np.uint8)
VOLUME = RNG.integers(-30000, 30000, (5, 31, 47), np.int16)


def itk(path: Path) -> np.ndarray:
    return np.squeeze(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))))


@pytest.mark.parametrize("pixels", [GREY_8, GREY_16, COLOUR], ids=["8 bit", "16 bit", "colour"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp", ".jpg"])
def test_pictures_equal_those_of_itk(tmp_path: Path, suffix: str, pixels: np.ndarray) -> None:
    path = tmp_path / f"a{suffix}"
    if pixels is GREY_16 and suffix in (".bmp", ".jpg"):
        pytest.skip("this kind has no 16 bits")
    if suffix == ".tif":
        tifffile.imwrite(path, pixels)
    else:
        PIL.Image.fromarray(pixels).save(path, **({"subsampling": 0} if suffix == ".jpg" else {}))

    ours, theirs = read_image(path).pixels, itk(path)

    if theirs.ndim > ours.ndim:  # of a BMP with a palette of greys ITK gives the colours
        theirs = theirs[..., 0]

    assert ours.dtype == theirs.dtype
    # Two decoders of JPEG may round the cosine transform, and the colours made of it, differently.
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= (3 if suffix == ".jpg" else 0)


def stored(path: Path, kind: str) -> np.ndarray:
    """The numbers in the file, found by its header alone."""
    data = path.read_bytes()
    if kind == "mha":
        return np.frombuffer(data[data.index(b"ElementDataFile = LOCAL\n") + 24 :], "<i2")
    if kind == "nrrd":
        return np.frombuffer(data[data.index(b"\n\n") + 2 :], "<i2")
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return np.frombuffer(data[int(struct.unpack_from("<f", data, 108)[0]) :], "<i2")


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    ("suffix", "kind"), [(".mha", "mha"), (".nrrd", "nrrd"), (".nii", "nifti"), (".nii.gz", "nifti")]
)
def test_slices_are_the_numbers_in_the_file(tmp_path: Path, suffix: str, kind: str, axis: int) -> None:
    path = tmp_path / f"v{suffix}"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(VOLUME), str(path), useCompression=suffix == ".nii.gz")

    numbers = stored(path, kind)[-VOLUME.size :].reshape(VOLUME.shape)

    for frame in (0, VOLUME.shape[axis] - 1):
        np.testing.assert_array_equal(read_image(path, frame=frame, axis=axis).pixels, np.take(numbers, frame, axis))


@pytest.mark.parametrize("suffix", [".mha", ".nii", ".nrrd"])
def test_an_oblique_volume_keeps_its_array_and_its_pixel_size(tmp_path: Path, suffix: str) -> None:
    image = SimpleITK.GetImageFromArray(VOLUME)
    image.SetSpacing((0.3, 0.7, 2.5))
    turn = np.deg2rad(20)
    image.SetDirection([np.cos(turn), -np.sin(turn), 0, np.sin(turn), np.cos(turn), 0, 0, 0, -1])
    path = tmp_path / f"v{suffix}"
    SimpleITK.WriteImage(image, str(path))

    picture = read_image(path, frame=2, axis=0)

    np.testing.assert_array_equal(picture.pixels, VOLUME[2])
    assert picture.spacing is not None
    assert (picture.spacing.row_mm, picture.spacing.col_mm) == pytest.approx((0.7, 0.3), abs=1e-6)
