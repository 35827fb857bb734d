from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import PIL.Image
import pydicom
import pytest
from pydicom.data import get_testdata_files

from medsapiens_core.decoding import contents as decoded_contents
from medsapiens_core.io import ImageHeader, list_images, walk_images
from medsapiens_core.io.dicomdir import contents
from tests.core.io.builders import write_dicom


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.zeros((4, 5), np.uint8)).save(path, "PNG")
    return path


def test_folders_are_walked_in_order_and_the_rest_has_a_reason(tmp_path: Path) -> None:
    second, first = picture(tmp_path / "b" / "2.png"), picture(tmp_path / "A.png")
    third = write_dicom(tmp_path / "b" / "film_without_ending", np.zeros((3, 6, 7), np.uint8))
    (tmp_path / "notes.txt").write_text("hello")

    listing = list_images([tmp_path])

    assert list(listing) == [first, second, third]
    assert [skipped.path.name for skipped in listing.skipped] == ["notes.txt"]
    assert "a text file" in listing.skipped[0].reason
    assert [header.frames for header in listing.headers] == [1, 1, 3]


def test_hidden_files_and_projects_are_passed_over(tmp_path: Path) -> None:
    shown = picture(tmp_path / "a.png")
    picture(tmp_path / "._a.png")
    picture(tmp_path / ".trash" / "b.png")
    picture(tmp_path / "study.mss" / "objects" / "c.png")

    listing = list_images([tmp_path])

    assert (listing.images, listing.skipped, listing.hidden) == ((shown,), (), 3)


def test_a_file_given_twice_is_listed_once(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(path)

    assert list_images([path, tmp_path, str(path)]).images == (path,)


def test_links_that_lead_out_are_not_followed_and_loops_end(tmp_path: Path) -> None:
    inside = picture(tmp_path / "in" / "a.png")
    picture(tmp_path / "secret" / "b.png")
    (tmp_path / "in" / "out").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "in" / "nothing")

    listing = list_images([tmp_path / "in"])

    assert listing.images == (inside,)
    assert {skipped.path.name for skipped in listing.skipped} == {"out", "gone"}
    assert "link leads out" in next(s.reason for s in listing.skipped if s.path.name == "out")


def test_a_chosen_link_is_followed(tmp_path: Path) -> None:
    target = picture(tmp_path / "far" / "a.png")
    (tmp_path / "near").symlink_to(target.parent)

    assert len(list_images([tmp_path / "near"])) == 1


def test_missing_paths_have_a_reason(tmp_path: Path) -> None:
    assert "not there" in list_images([tmp_path / "nowhere"]).skipped[0].reason


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may open every folder")
def test_a_closed_folder_has_a_reason(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    listing = list_images([tmp_path])

    closed.chmod(0o700)
    assert "cannot be opened" in listing.skipped[0].reason


def test_results_come_one_by_one(tmp_path: Path) -> None:
    for number in range(5):
        picture(tmp_path / f"{number}.png")

    first = next(iter(walk_images([tmp_path])))

    assert isinstance(first, ImageHeader)
    assert first.path.name == "0.png"


def disc(folder: Path) -> Path:
    """A copy of the disc of pydicom's test files."""
    found = next(Path(path) for path in get_testdata_files() if path.endswith("dicomdirtests/DICOMDIR"))
    shutil.copytree(found.parent, folder, ignore=shutil.ignore_patterns("DICOMDIR-*", "README*"))
    return folder / "DICOMDIR"


def test_a_chosen_table_of_contents_stands_for_the_files_that_it_lists(tmp_path: Path) -> None:
    listed = list_images([disc(tmp_path / "disc")])

    names = [path.relative_to(tmp_path / "disc").as_posix() for path in listed]
    assert len(names) >= 25 and "77654033/CR1/6154" in names
    assert {header.kind for header in listed.headers} == {"dicom"}
    assert listed.skipped == ()


def test_of_a_disc_with_gaps_the_rest_is_used(tmp_path: Path) -> None:
    directory = disc(tmp_path / "disc")
    (tmp_path / "disc" / "77654033" / "CR1" / "6154").unlink()
    (tmp_path / "disc" / "77654033" / "CR2").rename(tmp_path / "disc" / "77654033" / "cr2")  # as some systems show it

    listed = list_images([directory])

    assert [skipped.path.name for skipped in listed.skipped] == ["6154"]
    assert "not there" in listed.skipped[0].reason
    assert any(path.parent.name == "cr2" for path in listed)


def test_a_table_of_contents_does_not_lead_out_of_its_disc(tmp_path: Path) -> None:
    picture(tmp_path / "secret.png")
    directory = disc(tmp_path / "disc")
    dataset = pydicom.dcmread(directory)
    climbing = [["..", "secret.png"], ["/etc", "passwd"], ["C:", "secret"], "..\\secret.png"]
    leaves = [record for record in dataset.DirectoryRecordSequence if "ReferencedFileID" in record]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for record, name in zip(leaves, climbing, strict=False):
            record.ReferencedFileID = name
        dataset.save_as(directory)

    assert not [name for name in contents(directory) if ".." in name or ":" in name or name.startswith("/")]
    assert len(contents(directory)) == len(leaves) - len(climbing)
    assert decoded_contents(directory) == contents(directory)


def test_a_damaged_table_of_contents_is_refused(tmp_path: Path) -> None:
    directory = disc(tmp_path / "disc")
    directory.write_bytes(directory.read_bytes()[:200] + b"\xff" * 50)

    listed = list_images([directory])

    assert (len(listed), len(listed.skipped)) == (0, 1)
    assert listed.skipped[0].reason.startswith("DICOMDIR: ")
