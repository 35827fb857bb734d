"""What the scripts about two readers share: AB has read, CD reads by hand or the quick way."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from .reviewer import NONE

LEFT = Qt.MouseButton.LeftButton
CASES = ("A11", "A12", "A13", "A14", "A15")
OFF_PX = 25.0  # 10 mm: where CD puts Gonion on A13, far beyond any tolerance


def review_again(project, case_id, reader, who):
    """Reopen and review a reading in the name of a person."""
    annotation = project.annotations.load(case_id, reader=reader)
    if annotation.reviewed:
        annotation = commit(project, annotation, annotation.mark_reviewed(False), who)
    commit(project, annotation, annotation.mark_reviewed(), who)


def commit(project, annotation, edit, who):
    store = project.annotations.commit
    edit = replace(edit, reader=who)
    return store(edit, annotation.case_id, expected_revision=annotation.revision, reader=annotation.reader)


def chosen(readers, code):
    return next(reader for reader in readers if reader.code == code)


def show_case(reader, pack, name):
    reader.workspace.open_case(pack.ids[name])
    reader.on_screen(name)


def read_by_hand(reader, points):
    reader.key(Qt.Key.Key_P)
    for mark in reader.session.template.ids:
        QTest.mouseClick(reader.view.viewport(), LEFT, NONE, reader.view.image_to_view(points[mark]).toPoint())
    reader.key(Qt.Key.Key_Escape)


def points_of(pack, name):
    points = dict(pack.truth[name])
    if name == "A13":
        x, y = points["gonion"]
        points["gonion"] = (x - OFF_PX, y)
    return points
