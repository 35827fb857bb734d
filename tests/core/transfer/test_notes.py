"""Notes and old definitions travel in our own JSON, and nowhere else."""

import json
from dataclasses import replace

from medsapiens_core.exchange.batch import WriteOptions
from medsapiens_core.exchange.history_json import write
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.exporting import readings_of
from tests.core.store.building import TEMPLATE, add_case, review


def test_notes_and_old_definitions_are_in_our_own_json_only(tmp_path):
    folder = tmp_path / "p.mss"
    with Project.create(folder, name="P", template=TEMPLATE) as project:
        case = add_case(project, 1)
        review(project, case)
        project.notes.set(case.id, "", "dark film")
        project.notes.set(case.id, TEMPLATE.ids[0], "double contour")
        new = replace(TEMPLATE.landmarks[0], definition="Elsewhere.")
        project.templates.publish(replace(TEMPLATE, landmarks=(new, *TEMPLATE.landmarks[1:])))
    with Project.open(folder) as project:
        write(readings_of(project, with_history=True), tmp_path / "out.jsonl", WriteOptions(project.template))
        told = json.loads((tmp_path / "out.jsonl").read_text())
        assert told["template"]["version"] == 2
        assert told["reads"][0]["note"] == "dark film"
        first = told["reads"][0]["points"][0]
        assert (first["note"], first["placed_under_revision"]) == ("double contour", 1)
        assert readings_of(project).readings[0].note == ""
