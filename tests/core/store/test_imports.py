from dataclasses import replace

import pytest

from medsapiens_core.data.annotation import placed
from medsapiens_core.store.errors import UnknownRecordError
from tests.core.store.building import add_case


def test_an_import_finds_its_own_edits_again(project):
    cases = [add_case(project, number) for number in range(3)]
    batches = [project.imports.begin({"format": "coco", "round": k}) for k in range(2)]
    for number, case in enumerate(cases):
        annotation = project.annotations.load(case.id, reader="AB")
        edit = annotation.change("import", {"sella": placed(1, number, None)})
        edit = replace(edit, id=project.imports.edit_id(batches[number % 2], number))
        project.annotations.commit(edit, case.id, expected_revision=0, reader="AB")
    assert [(case_id, reader) for case_id, reader, _ in project.imports.edits(batches[0])] == [
        (cases[0].id, "AB"),
        (cases[2].id, "AB"),
    ]
    (_, _, edit) = project.imports.edits(batches[1])[0]
    assert edit.changes[0].after == placed(1, 1, None)
    records = project.imports.records()
    assert [(record.id, record.body["round"]) for record in records] == [(batches[0], 0), (batches[1], 1)]
    assert project.check() == []


@pytest.mark.parametrize("batch", ["", "%", "0" * 32])
def test_an_unknown_import_is_named(project, batch):
    with pytest.raises(UnknownRecordError, match="no import"):
        project.imports.edits(batch)


def test_readers_of_a_case_and_its_uid(project):
    case = add_case(project, 1)
    assert project.annotations.readers(case.id) == []
    for reader in ("B", "", "A"):
        annotation = project.annotations.load(case.id, reader=reader)
        edit = annotation.change("move", {"sella": placed(1, 2, None)})
        project.annotations.commit(edit, case.id, expected_revision=0, reader=reader)
    assert project.annotations.readers(case.id) == ["", "A", "B"]
    assert case.sop_instance_uid is None
