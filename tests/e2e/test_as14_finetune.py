"""AS14: ten corrected cases, fine-tune beside reviewing, stop at epoch 5, and the comparison comes up (ux.md 14)."""

import pytest
from PySide6.QtCore import Qt

from medsapiens_core.store.project import Project

from .driver import MANY_STEPS
from .packs import read_by_hand
from .reviewer import Reviewer

LONG = 240_000
BEFORE = [f"A{number:02d}" for number in range(1, 9)]
STEPS = ["Freeze", "Check", "Prepare", "Train", "Evaluate", "Gate", "You decide"]


@pytest.fixture
def pack(trainable_pack):
    """A01 to A08 corrected and reviewed already: the script does with A09 and A10 what AS01 and AS02 show at length."""
    with Project.open(trainable_pack.folder) as project:
        for name in BEFORE:
            read_by_hand(project, trainable_pack.ids[name], trainable_pack.truth[name])
    return trainable_pack


@pytest.mark.slow
def test_as14_fine_tune_while_reviewing_and_stop(pack, open_pack, qtbot):
    application = open_pack(pack, "A09", MANY_STEPS)
    window, reader = application.window, Reviewer(application, qtbot)
    panel, training = window.models_panel, reader.workspace.training

    for name in ("A09", "A10"):
        reader.on_screen(name)
        reader.correct_and_confirm("nasion")
    reader.saved()
    qtbot.waitUntil(lambda: panel.finetune.text() == "Fine-tune with 10 new corrections", timeout=LONG)
    assert panel.finetune.isEnabled() and panel.finetune.property("role") == "primary"
    window.show_models()
    assert "10 training cases, 10 locked (10 read)" in panel._note.text()

    reader.clicks = 0
    reader.click(panel.finetune, panel.finetune.rect().center())
    dialog = reader.workspace.learning.tuning.dialog
    qtbot.waitUntil(dialog.isVisible, timeout=LONG)
    reader.click(dialog.start_button, dialog.start_button.rect().center())
    assert reader.clicks == 2
    qtbot.waitUntil(lambda: bool(training.jobs) and training.jobs[0].state == "running", timeout=LONG)
    card = panel.jobs.card(1)
    assert [step.name for step in card.steps.steps] == STEPS

    # reviewing goes on, and what is corrected now counts for the next time
    reader.go_on()
    reader.on_screen("A21")  # to be read blind, without proposals
    reader.key(Qt.Key.Key_PageDown)
    reader.on_screen("A22")
    reader.correct_and_confirm("sella")
    text = "1 case changed after the snapshot. It counts for the next fine-tune."
    qtbot.waitUntil(lambda: window.toasts.text == text, timeout=LONG)

    qtbot.waitUntil(lambda: training.jobs[0].text.startswith("epoch") and _epoch(training.jobs[0]) >= 5, timeout=LONG)
    assert [step.state for step in card.steps.steps].index("current") == STEPS.index("Train")
    assert not card.grab().isNull() and len(panel.curves.loss.points) >= 5
    reader.press(card, "Stop and keep best")
    assert training.jobs[0].state == "stopping", "the window says so at once"
    qtbot.waitUntil(lambda: training.jobs[0].text != f"epoch {_epoch(training.jobs[0])}", timeout=LONG)
    qtbot.waitUntil(lambda: training.jobs[0].state == "done", timeout=LONG)

    qtbot.waitUntil(lambda: window.compare_dialog() is not None and window.compare_dialog().isVisible(), timeout=LONG)
    compare = window.compare_dialog()
    assert compare.comparison.n_cases == 10 and compare.comparison.candidate == training.jobs[0].candidate
    assert "locked set, 10 cases, use 1 of this set" in compare._wear.text()
    assert window.image_view.hasFocus() or not window.isActiveWindow(), "the reader keeps the keyboard"
    assert {line.rule for line in compare.comparison.gate} == {f"G{n}" for n in range(1, 8)}


def _epoch(job):
    return int(job.text.split()[1]) if job.text.startswith("epoch") else 0
