"""Every screen of the program, by name: how to bring it up, and what to take a picture of.

A new window is added with one function below `@screen("name")`. It gets the stage, and returns the widget to take, or
None for the main window. A widget that is not the main window is closed after the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.application import Application
from app.check_only import LIMIT_MS, wait_until
from app.controllers.coach import TIPS
from app.session.match_state import match_state
from app.session.view_state import Notice, SliceChoice, TemplateChoice
from app.translate import tr
from app.views.about import show_about
from app.views.coach_bubble import CoachBubble
from app.views.histogram_popup import HistogramPopup
from app.views.match_dialog import MatchDialog
from app.views.new_project_dialog import NewProjectDialog
from app.views.paste_list_dialog import PasteListDialog
from app.views.reason_dialog import ReasonDialog
from app.views.shortcut_help import ShortcutHelp
from app.views.slice_dialog import SliceDialog
from app.workspace import Workspace
from bench import compare_screens
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.sides import PatientSides
from medsapiens_core.data.template_draft import Draft
from medsapiens_core.data.template_file import shipped_templates


@dataclass(frozen=True)
class Stage:
    """The running program with a project open."""

    application: Application
    workspace: Workspace

    @property
    def window(self) -> QWidget:
        """The main window."""
        return self.application.window


Screen = Callable[[Stage], QWidget | None]
SCREENS: dict[str, Screen] = {}


def screen(name: str) -> Callable[[Screen], Screen]:
    """Put a screen on the list."""

    def add(make: Screen) -> Screen:
        SCREENS[name] = make
        return make

    return add


def prepare(workspace: Workspace) -> None:
    """Some reviewed cases and each kind of marker, so that no screen is empty."""
    project, session = workspace.project, workspace.session
    here = session.case
    for row in project.cases.page(limit=6):
        if here is not None and row.id != here.id and row.state != "reviewed":
            _review(workspace, row.id)
    decide_some(workspace)
    for row in project.cases.page(limit=6):
        workspace.worklist.case_changed(row.id)


def decide_some(workspace: Workspace) -> None:
    """Decide a few landmarks of the open case, so that each kind of marker is seen."""
    session = workspace.session
    ids = session.template.ids
    session.confirm(ids[0])
    state = session.annotation[ids[1]]
    if state.x is not None and state.y is not None:
        session.move(ids[1], state.x + 40, state.y - 25)
    session.set_estimated(ids[2], True)
    session.toggle_absent(ids[-1])
    session.set_current(ids[1])
    wait_until(lambda: workspace.saves.waiting == 0, LIMIT_MS)


def _review(workspace: Workspace, case_id: int) -> None:
    notes, annotations = workspace.project.notes, workspace.project.annotations
    before = annotations.load(case_id)
    row = workspace.project.cases.get(case_id)
    middle = (row.width / 2, row.height / 2)
    states = {
        mark: placed(state.x or middle[0], state.y or middle[1], None)
        for mark, state in zip(before.landmark_ids, before.states, strict=True)
    }
    after = annotations.commit(before.change("move", states), case_id, expected_revision=before.revision)
    annotations.commit(after.mark_reviewed(), case_id, expected_revision=after.revision)
    notes.set(case_id, "", "Mouth open, occlusal plane turned.")


@screen("01-welcome")
def _welcome(stage: Stage) -> None:
    stage.application.window.show_welcome([("Skulls", "~/Projects/Skulls"), ("Ceph clinic", "~/Projects/Ceph clinic")])


@screen("02-new-project")
def _new_project(stage: Stage) -> QWidget:
    choices = [TemplateChoice(t.id, t.name, len(t), t.description, True) for t in shipped_templates().values()]
    dialog = NewProjectDialog(choices, str(Path.home()), stage.window)
    dialog.show()
    return dialog


@screen("03-review")
def _review_screen(stage: Stage) -> None:
    stage.application.window.show_review()
    stage.application.window.notices.show_notice(
        Notice(
            "m02",
            "info",
            "No pixel size in this file. Lengths are shown in pixels; angles assume square pixels.",
            (("a", "Use ruler"), ("b", "Enter pixel size"), ("c", "Keep pixels")),
        )
    )
    stage.application.window.toasts.show_message("0143 marked reviewed.", [("open:1", "Go back")])


@screen("04-exemplars")
def _exemplars(stage: Stage) -> None:
    stage.application.window.notices.dismiss("m02")
    card = stage.application.window.landmark_panel.card
    card.show_page("exemplars")
    wait_until(lambda: card.exemplars.count() > 0, 20_000)


@screen("05-history")
def _history(stage: Stage) -> None:
    stage.application.window.landmark_panel.card.show_page("history")


@screen("06-large-card")
def _large_card(stage: Stage) -> None:
    card = stage.application.window.landmark_panel.card
    card.show_page("card")
    card.set_large(True)


@screen("07-note")
def _note(stage: Stage) -> None:
    card = stage.application.window.landmark_panel.card
    card.set_large(False)
    card.write_note(stage.workspace.session.current)
    card.note.text.setPlainText("Double contour; the mean of both.")


@screen("08-sides-and-tips")
def _sides_and_tips(stage: Stage) -> None:
    view = stage.application.window.image_view
    view.fit()
    assert view.image is not None
    view.set_image(replace(view.image, sides=PatientSides("A", "FL", is_oblique=True)))
    bubble = CoachBubble(view)
    bubble.tell(1, len(TIPS), tr(TIPS["confirm"]))
    bubble.ended.connect(bubble.deleteLater)


@screen("08-zoomed")
def _zoomed(stage: Stage) -> None:
    window = stage.application.window
    view = window.image_view
    window.landmark_panel.card.note.hide()
    for bubble in view.findChildren(CoachBubble):
        bubble.ended.emit()
    assert view.image is not None
    view.set_image(replace(view.image, sides=None))
    view.toggle_zoom()


@screen("10-template-editor")
def _template_editor(stage: Stage) -> QWidget:
    stage.application.window.show_models(False)
    dialogue = stage.application.templates
    dialogue.edit()
    wait_until(lambda: dialogue.editor is not None and dialogue.editor.isVisible(), LIMIT_MS)
    editor = dialogue.editor
    assert editor is not None
    if editor.session.draft.example is None:
        dialogue.use_open_case()
        wait_until(lambda: editor.session.draft.example is not None, LIMIT_MS)
    editor.session.paste("Condyle L\tCoL\nCondyle R\tCoR")
    editor.session.choose(1)
    editor.close_guard = None
    return editor


@screen("11-paste-list")
def _paste_list(stage: Stage) -> QWidget:
    dialog = PasteListDialog(Draft(), stage.window)
    dialog.text.setPlainText("Sella\tS\tCentre of the hypophyseal fossa\nNasion\tN\nCondyle L\tCoL\nCondyle R\tCoR")
    dialog.show()
    return dialog


@screen("12-keys")
def _keys(stage: Stage) -> QWidget:
    sheet = ShortcutHelp(stage.application.window.registry, stage.window)
    sheet.show()
    return sheet


@screen("13-slices")
def _slices(stage: Stage) -> QWidget:
    choices = [SliceChoice("a", "knee.nii.gz", 120, (240, 256, 120), 2), SliceChoice("b", "cine.dcm", 40)]
    dialog = SliceDialog(choices, stage.window)
    dialog.show()
    return dialog


@screen("14-compare")
def _compare(stage: Stage) -> QWidget:
    window = stage.application.window
    return compare_screens.wait_for_film(window.open_compare(compare_screens.comparison(stage.workspace)))


@screen("14-compare-landmarks")
def _compare_landmarks(stage: Stage) -> QWidget:
    window = stage.application.window
    dialog = compare_screens.wait_for_film(window.open_compare(compare_screens.comparison(stage.workspace)))
    dialog.tabs.setCurrentIndex(1)
    dialog.picture.swap(True)
    return dialog


@screen("14-fine-tune")
def _fine_tune(stage: Stage) -> QWidget:
    return compare_screens.show_start(stage.workspace)


@screen("14-training")
def _training(stage: Stage) -> None:
    compare_screens.show_training(stage.workspace)


@screen("14-roll-back")
def _roll_back(stage: Stage) -> QWidget:
    dialog = ReasonDialog("Roll back", "Why is v4 taken back?", "Roll back", stage.window)
    dialog.show()
    return dialog


@screen("15-about")
def _about(stage: Stage) -> QWidget | None:
    return show_about(stage.window)


@screen("16-match")
def _match(stage: Stage) -> QWidget:
    template = stage.workspace.project.template
    marks = (*template.landmarks[2:], replace(template.landmarks[0], id="sella-turcica"))
    other = replace(template, landmarks=tuple(replace(mark, pair=None) for mark in marks), lines=())
    words = "Say which landmark of v3 stands for which of the template. Those without a match are placed by hand."
    dialog = MatchDialog(match_state("Other landmarks", words, template, other), stage.window)
    dialog.show()
    return dialog


@screen("17-frames")
def _frames(stage: Stage) -> None:
    window = stage.application.window
    image = window.image_view.image
    assert image is not None
    window.frames.set_image(replace(image, frame=14, frame_count=40, working_frame=11))
    offers = (("a", "Go there"), ("b", "Use this frame"))
    window.notices.show_notice(Notice("frame", "info", "Landmarks are on frame 12.", offers))


@screen("18-histogram")
def _histogram(stage: Stage) -> QWidget:
    window = stage.application.window
    window.frames.set_image(window.image_view.image)
    window.notices.dismiss("frame")
    popup = HistogramPopup(window.image_view, window)
    popup.show()
    return popup


@screen("18-measure-editor")
def _measure_editor(stage: Stage) -> QWidget:
    return stage.workspace.measuring.open_editor()


@screen("18-pixel-size")
def _pixel_size(stage: Stage) -> QWidget:
    spacing = stage.application.window.spacing
    stage.workspace.run("measure.pixel_size")
    wait_until(lambda: spacing.dialog is not None and spacing.dialog.isVisible(), LIMIT_MS)
    assert spacing.dialog is not None
    return spacing.dialog


@screen("18-planner")
def _planner(stage: Stage) -> QWidget:
    stage.workspace.run("case.planner")
    planner = stage.workspace.few_shot.planner_window
    wait_until(planner.isVisible, LIMIT_MS)
    wait_until(lambda: False, 3000)
    return planner


@screen("99-smallest")
def _smallest(stage: Stage) -> None:
    stage.application.window.resize(stage.application.window.minimumSize())


def add_pages(stage: Stage) -> None:
    """One picture for each page of the dock below the image, whatever pages there are."""
    window = stage.application.window
    for action_id in window.bottom.action_ids:
        SCREENS[f"09-below-{action_id.replace('.', '-')}"] = lambda _stage, page=action_id: _show_page(stage, page)


def _show_page(stage: Stage, action_id: str) -> None:
    stage.application.window.image_view.fit()
    stage.application.window.show_page(action_id)


def add_settings(stage: Stage) -> None:
    """One picture for each page of the settings, whatever pages there are."""
    pages = stage.application.window.settings_pages
    settings = pages.open()
    for number, title in enumerate(settings.titles(), start=1):
        name = title.lower().replace(" ", "-")
        SCREENS[f"20-settings-{number:02d}-{name}"] = lambda _stage, title=title: pages.open(title)
    settings.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
