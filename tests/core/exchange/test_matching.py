import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.exchange.batch import ImageRef
from medsapiens_core.exchange.matching import KnownImages

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
KNOWN = KnownImages(
    [
        ImageRef("set1/a.png", 10, 20, sha256=A),
        ImageRef("set2/a.png", 10, 20, sha256=B),
        ImageRef("set2/b.dcm", 30, 40, sha256=C, sop_instance_uid="1.2.3"),
        ImageRef("film.tif", 5, 6, frame=0, sha256="d" * 64),
        ImageRef("film.tif", 5, 6, frame=3, sha256="d" * 64),
        ImageRef("vol.nii.gz", 7, 8, frame=3, axis=0, sha256="e" * 64),
        ImageRef("vol.nii.gz", 7, 8, frame=3, axis=1, sha256="e" * 64),
        ImageRef("copy.dcm", 30, 40, sha256="f" * 64, sop_instance_uid="1.2.3"),
        ImageRef("Bild é.png", 1, 1, sha256="0" * 64),
    ]
)


@pytest.mark.parametrize(
    ("ref", "position", "how"),
    [
        (ImageRef("anything.png", sha256=A), 0, "sha256"),
        (ImageRef("set1/a.png", sha256=B), 1, "sha256"),
        (ImageRef("", sop_instance_uid="1.2.3", sha256=C), 2, "uid"),
        (ImageRef("set2/a.png", 10, 20), 1, "path"),
        (ImageRef("set2\\a.png", 10, 20), 1, "path"),
        (ImageRef("/home/x/set1/a.png", 10, 20), 0, "path"),
        (ImageRef("b.dcm", 30, 40), 2, "name"),
        (ImageRef("elsewhere/b.dcm", 30, 40), 2, "path"),
        (ImageRef("b", 30, 40), 2, "name"),
        (ImageRef("film.tif", 5, 6, frame=3), 4, "name"),
        (ImageRef("vol.nii.gz", 7, 8, frame=3, axis=1), 6, "name"),
        (ImageRef("vol", 7, 8, frame=3, axis=0), 5, "name"),
        (ImageRef("Bild e\u0301.png", 1, 1), 8, "name"),
    ],
)
def test_identity_goes_before_path_and_path_before_name(ref, position, how):
    match = KNOWN.match(ref)
    assert (match.position, match.how, match.problem) == (position, how, "")


@pytest.mark.parametrize(
    ("ref", "problem"),
    [
        (ImageRef("nothing.png", 10, 20), "no such picture"),
        (ImageRef(""), "without a name"),
        (ImageRef("a.png", 10, 20), "2 pictures fit"),
        (ImageRef("x/a.png", 10, 20), "2 pictures fit"),
        (ImageRef("", sop_instance_uid="1.2.3"), "2 pictures fit"),
        (ImageRef("vol.nii.gz", 7, 8, frame=3), "2 pictures fit"),
        (ImageRef("film.tif", 5, 6, frame=2), "not its frame 3"),
        (ImageRef("b.dcm", 40, 30), "another version"),
        (ImageRef("x.png", 11, 20, sha256=A), "another version"),
        (ImageRef("b.dcm"), "--trust-names"),
        (ImageRef("b.dcm", 30), "--trust-names"),
        (ImageRef("b.dcm", 30, 40, sha256="9" * 64), "bytes are others"),
        (ImageRef("B.dcm", 30, 40), "no such picture"),
    ],
)
def test_what_is_unsure_is_told_and_not_chosen(ref, problem):
    match = KNOWN.match(ref)
    assert match.position is None
    assert problem in match.problem


def test_trusted_names_still_need_the_size_that_the_file_states():
    assert KNOWN.match(ImageRef("b.dcm"), trust_names=True).position == 2
    assert KNOWN.match(ImageRef("b.dcm", 40, 30), trust_names=True).position is None
    assert KNOWN.match(ImageRef("a.png"), trust_names=True).position is None


@given(st.text(max_size=30), st.booleans())
def test_no_name_is_opened_or_breaks_anything(name, trust):
    match = KNOWN.match(ImageRef(name, 10, 20), trust_names=trust)
    assert (match.position is None) == bool(match.problem)


def test_pixels_bind_what_was_saved_anew_and_are_looked_at_only_when_stated():
    looked = []

    def pixel_hash(image):
        looked.append(image.file_name)
        return {"a.png": "aa", "b.png": "bb", "c.png": "bb"}.get(image.file_name)

    images = [ImageRef(f"{name}.png", 30, 40, sha256=name * 64) for name in "abc"]
    known = KnownImages(images, pixel_hash)
    assert known.match(ImageRef("b.png", 30, 40, sha256="f" * 64)).problem != ""
    assert looked == []
    found = known.match(ImageRef("renamed.tif", 30, 40, sha256="f" * 64, pixel_sha256="aa"))
    assert (found.position, found.how) == (0, "pixels")
    assert "2 pictures fit" in known.match(ImageRef("x.png", 30, 40, pixel_sha256="bb")).problem
    assert known.match(ImageRef("x.png", 31, 40, pixel_sha256="aa")).position is None
    assert known.match(ImageRef("x.png", pixel_sha256="aa")).position is None, "it does not state its size"
    assert looked == ["a.png", "b.png", "c.png"], "each of the right size, once"
