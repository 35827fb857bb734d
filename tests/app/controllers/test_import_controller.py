import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  its own convention

from app.controllers.import_controller import ImportController, ImportItem

from ..building import write_png


@pytest.fixture
def importer(runner, project):
    importer = ImportController(runner, project)
    importer.summaries, importer.wanted, importer.rows = [], [], []
    importer.finished.connect(importer.summaries.append)
    importer.slices_wanted.connect(importer.wanted.append)
    importer.case_added.connect(importer.rows.append)
    return importer


def write_volume(path):
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)), str(path))
    return path


def test_a_folder_with_bad_files_is_imported_past_them_with_one_summary(importer, project, tmp_path, qtbot):
    folder = tmp_path / "films"
    for number in range(5):
        write_png(folder / "deep" / f"{number}.png", number)
    broken = write_png(folder / "broken.png", 9)
    broken.write_bytes(broken.read_bytes()[:100])
    (folder / "notes.txt").write_text("not a picture")
    write_png(folder / ".hidden.png", 10)
    importer.import_paths([str(folder)])
    qtbot.waitUntil(lambda: bool(importer.summaries))
    summary = importer.summaries[0]
    assert (summary.added, summary.known) == (5, [])
    assert sorted(name for name, _ in summary.skipped) == ["broken.png", "notes.txt"]
    assert summary.text == (
        "broken.png: the file is incomplete. Copy or export it again from where it came from. "
        "It and 1 other were skipped; 5 other files were imported."
    )
    assert "broken.png: " in summary.details
    assert project.cases.count() == len(importer.rows) == 5


def test_importing_again_adds_nothing(importer, project, tmp_path, qtbot):
    path = write_png(tmp_path / "a.png")
    for count in (1, 2):
        importer.import_paths([str(path)])
        qtbot.waitUntil(lambda count=count: len(importer.summaries) == count)
    assert importer.summaries[1].text == "1 of 1 files is already in this project and was not imported again."


def test_a_volume_waits_for_a_slice(importer, project, tmp_path, qtbot):
    write_png(tmp_path / "in" / "a.png")
    volume = write_volume(tmp_path / "in" / "v.mha")
    importer.import_paths([str(tmp_path / "in")])
    qtbot.waitUntil(lambda: bool(importer.wanted))
    (choice,) = importer.wanted[0]
    assert choice.name == "v.mha" and choice.counts == (5, 6, 7)
    importer.choose([ImportItem(volume, frame=3, axis=1)])
    qtbot.waitUntil(lambda: bool(importer.summaries))
    assert importer.summaries[0].added == 2
    sliced = next(row for row in importer.rows if row.axis == 1)
    assert (sliced.frame, sliced.width, sliced.height) == (3, 7, 5)


def test_a_volume_without_an_answer_is_left_out_and_named(importer, tmp_path, qtbot):
    write_volume(tmp_path / "v.mha")
    importer.import_paths([str(tmp_path / "v.mha")])
    qtbot.waitUntil(lambda: bool(importer.wanted))
    importer.choose([])
    qtbot.waitUntil(lambda: bool(importer.summaries))
    assert importer.summaries[0].skipped == [("v.mha", "no slice was chosen")]


def test_a_path_that_does_not_exist_is_named(importer, tmp_path, qtbot):
    importer.import_paths([str(tmp_path / "nothing.png")])
    qtbot.waitUntil(lambda: bool(importer.summaries))
    assert importer.summaries[0].skipped[0][0] == "nothing.png"


def test_cancelling_leaves_out_what_was_not_begun(importer, project, tmp_path, qtbot):
    for number in range(80):
        write_png(tmp_path / "in" / f"{number}.png", number)
    importer.case_added.connect(lambda _row: importer.cancel())
    importer.import_paths([str(tmp_path / "in")])
    qtbot.waitUntil(lambda: bool(importer.summaries))
    assert importer.summaries[0].was_cancelled and 1 <= importer.summaries[0].added < 80
    assert not importer.is_running
