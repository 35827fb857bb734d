"""M04, M05, M08 and M09, each provoked by real files that are taken in by the real window."""

import re

import numpy as np
from pydicom.encaps import encapsulate
from PySide6.QtGui import QGuiApplication

from tests.core.io.builders import write_dicom

from ..building import write_png
from .conftest import LONG, notice, press

MPEG2, JPEG_XL = "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.110"  # as long as each other
FILM = np.arange(400 * 500, dtype=np.uint16).reshape(400, 500)


def compressed(path):
    """A film whose header names a compression that no decoder of ours reads."""
    write_dicom(path, FILM, syntax=MPEG2, PixelData=encapsulate([b"\xff\x0a" + b"\0" * 100]))
    path.write_bytes(path.read_bytes().replace(MPEG2.encode(), JPEG_XL.encode()))
    return path


def cut(path):
    """A film that was copied in part."""
    whole = write_dicom(path, FILM).read_bytes()
    path.write_bytes(whole[:-150_000])
    return path


def take(application, qtbot, *paths):
    with qtbot.waitSignal(application.workspace.importer.finished, timeout=LONG):
        application.workspace.import_paths([str(path) for path in paths])


def test_m04_a_compression_that_cannot_be_read_is_named_once(opened, tmp_path, qtbot):
    paths = [compressed(tmp_path / f"{number}.dcm") for number in (147, 148)]
    take(opened, qtbot, *paths)
    name = f"compressed-JPEG XL Lossless ({JPEG_XL})"
    text, buttons = notice(opened, name)
    assert text == (
        f'"147.dcm" is compressed with JPEG XL Lossless ({JPEG_XL}). This version cannot read it. '
        "The file was not changed. 1 more file is like this."
    )
    assert buttons == ["Copy details", "Skip", "Skip all like this"]
    press(opened, name, "Copy details")
    assert QGuiApplication.clipboard().text().count("JPEG XL Lossless") == 2
    take(opened, qtbot, paths[0])
    press(opened, name, "Skip all like this")
    take(opened, qtbot, paths[0])
    assert notice(opened, name) == ("", [])
    assert opened.workspace.project.cases.count() == 3


def test_m05_a_damaged_picture_is_skipped_and_the_others_are_counted(opened, tmp_path, qtbot):
    films = [write_png(tmp_path / f"film {number}.png", 20 + number) for number in range(2)]
    take(opened, qtbot, cut(tmp_path / "0148.dcm"), *films)
    text, buttons = notice(opened, "imported")
    assert re.fullmatch(
        r'"0148\.dcm" is damaged: the picture ends after 0\.2 of 0\.4 MB\. '
        r"It was skipped; 2 other files were imported\.",
        text,
    )
    assert buttons == ["Show list", "OK"]
    press(opened, "imported", "Show list")
    assert opened.answers.told[-1][1].startswith('"0148.dcm" is damaged')


def test_m08_files_that_are_here_already_are_counted_and_can_be_listed(opened, tmp_path, qtbot):
    known = [row.path for row in opened.workspace.project.cases.page(limit=10)]
    take(opened, qtbot, *known, write_png(tmp_path / "new.png", 77))
    toast = opened.window.toasts
    assert toast.text == ("1 image was imported. 3 of 4 files are already in this project and were not imported again.")
    assert [button.text() for button in toast._buttons] == ["Show"]
    toast._buttons[0].click()
    text, details, _close = opened.answers.told[-1]
    assert text == "3 files are already in this project." and details.split("\n") == [path.name for path in known]


def test_m09_new_pictures_of_a_locked_patient_are_locked_and_that_is_said(opened, tmp_path, qtbot):
    project = opened.workspace.project
    number = next(n for n in range(500) if _locked(project, tmp_path, n))
    paths = [film(tmp_path / f"later {k}.dcm", f"patient {number}", 10 + k) for k in range(3)]
    take(opened, qtbot, *paths)
    assert notice(opened, "joined-locked") == (
        "3 new images belong to a patient in the locked set. "
        "They were added to the locked set, so the test stays fair.",
        ["OK"],
    )
    assert project.cases.counts()["locked"] == 4 + sum(row.part == "locked" for row in _first_three(project))


def film(path, patient, seed):
    values = np.random.default_rng(seed).integers(0, 4000, (60, 50)).astype(np.uint16)
    return write_dicom(path, values, PatientID=patient)


def _locked(project, tmp_path, number):
    """Take in one film of a patient; True when the draw has put that patient into the locked set."""
    from medsapiens_core.io.read import read_image

    path = film(tmp_path / f"first {number}.dcm", f"patient {number}", number)
    return project.cases.add(read_image(path), path=path).part == "locked"


def _first_three(project):
    return project.cases.page("all", "added", "", 0, 3)


def test_the_first_pictures_of_a_patient_are_no_news(opened, tmp_path, qtbot):
    take(opened, qtbot, *(film(tmp_path / f"{k}.dcm", "somebody new", k) for k in range(2)))
    assert notice(opened, "joined-locked") == ("", [])
