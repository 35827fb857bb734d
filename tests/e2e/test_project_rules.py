"""The Owner's rules in the window, and what warns once there are enough reviewed cases (ux.md 6.3 W7, 6.5)."""

import numpy as np
import pytest

from app.views.settings.bulk_rule_page import BulkRulePage
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.store.project import Project

from ..app.building import add_case

TEMPLATE = find_template("chest-6")
LUNGS = ((20, 10), (10, 90), (50, 100), (70, 10), (110, 100), (75, 95))


@pytest.fixture
def folder(tmp_path):
    """31 chests with lungs of about one size, 30 of them reviewed; in the last one a corner lies far off."""
    rng = np.random.default_rng(1)
    with Project.create(tmp_path / "chests.mss", name="Chests", template=TEMPLATE) as project:
        for number in range(31):
            case = add_case(project, number)
            annotation = project.annotations.load(case.id)
            points = np.array(LUNGS) + rng.normal(0, 0.8, (6, 2))
            points[2, 1] -= 60 * (number == 30)
            states = {mark: placed(*xy, None) for mark, xy in zip(TEMPLATE.ids, points.tolist(), strict=True)}
            edit = annotation.change("move", states)
            annotation = project.annotations.commit(edit, case.id, expected_revision=annotation.revision)
            if number < 30:
                project.annotations.commit(annotation.mark_reviewed(), case.id, expected_revision=annotation.revision)
    return tmp_path / "chests.mss"


def test_rules_and_far_values(folder, start_application, qtbot):
    application = start_application(folder)
    workspace = application.workspace
    case_id = workspace.project.cases.page("all", "added")[-1].id
    workspace.open_case(case_id)
    qtbot.waitUntil(lambda: workspace.session.is_open and workspace.session.case.id == case_id, timeout=20_000)

    def codes():
        return {warning.code for warning in workspace.session.guide.warnings}

    qtbot.waitUntil(lambda: "W7" in codes(), timeout=20_000)
    panel = application.window.landmark_panel
    far = next(warning for warning in workspace.session.guide.warnings if warning.code == "W7")
    workspace.session.set_current(far.landmarks[0])
    assert any("30 reviewed cases" in line.text for line in panel.warnings.lines)
    panel.warnings.lines[0].dismiss.click()

    settings = application.window.settings_pages.open("Review")
    page = settings.page().findChild(BulkRulePage)
    assert page.most_mm.isEnabled() and page.most_mm.value() == 2.0
    page.most_mm.setValue(1.5)
    page.unlock_after.setValue(40)
    guidance = workspace.project.guidance
    qtbot.waitUntil(lambda: guidance.bulk_rule().unlock_after == 40)
    assert (guidance.bulk_rule().most_mm, guidance.bulk_rule().most_share) == (1.5, 0.0065)
    assert "40 reviewed cases" in workspace.guidance.bulk_refusal()
    page.allowed.setChecked(False)
    assert "switched off" in workspace.guidance.bulk_refusal()
    qtbot.waitUntil(lambda: not guidance.bulk_rule().is_allowed)
    assert [row.op for row in workspace.project.audit.rows()][-1] == "guidance.bulk_rule"
    settings.close()
    assert BulkRulePage not in {type(child) for child in application.window.children()}
