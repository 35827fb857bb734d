"""Every action as data: menus, tool tips, shortcuts and the key sheet are made from this one table (ux.md 4.2).

Scope `G` works anywhere in the window, `I` only while the image holds the focus, so that typing in a field never
changes a case; `L` is a list with the keyboard focus, `X` a text field, `P` planner, `E` template editor, `C` compare.
Rows with `keys_only` are keys that a view reads itself; they stand here for the key sheet and for the check that no
two rows share a key. The user may change the keys of every other row, and of those that are held (`key_map.py`).
"""

from __future__ import annotations

from app.action_groups import COMPARE_KEYS, EDIT, FIELD_KEYS, LIST_KEYS, NOTES, POINT, PROJECT, TEMPLATE_KEYS
from app.action_groups import keys as _keys
from app.action_row import Action
from app.image_view_actions import FRAMES, HABITS, LOUPE, MESSAGES, ORIENTATION, OVERLAYS
from app.measure_actions import MEASURE, MEASURE_OUT
from app.model_actions import MODEL
from app.reader_actions import READERS
from app.scratch_actions import SCRATCH
from app.transfer_actions import LANDMARKS_IN

CONDITIONS = {
    "project": "Open or create a project first.",
    "package": "This project did not come as a reader package.",
    "writable": "This project is open to read only.",
    "case": "Open a case first.",
    "landmark": "Choose a landmark first.",
    "position": "This landmark has no position.",
    "revert": "There is no prediction to go back to.",
    "undo": "Nothing to undo in this case.",
    "redo": "Nothing to redo in this case.",
    "reviewed": "This case is not marked reviewed.",
    "model": "No model for this template yet.",
    "calibrated": "The model in use has no calibration for this template, so it has no 95 % regions.",
    "sighted": "Blind case: predictions are hidden until Return.",
    "frames": "This picture has one frame.",
    "finetune": "Review some cases first.",
    "search": "Search for a case first (Ctrl+F).",
    "fill": "Place at least 2 landmarks first.",
    "bulk": "Bulk confirm opens after some reviewed cases, or in Settings > Review.",
}
RESERVED_KEYS = frozenset({"Ctrl+H", "Ctrl+M", "Alt+F4", "F10", *(f"Ctrl+{digit}" for digit in range(10))})


def _held(action_id: str, text: str, key: str) -> Action:
    return Action(action_id, text, "", "I", (key,), keys_only=True, is_held=True)


_FILE = (
    Action("project.new", "&New project…", "File", "G", ("Ctrl+N",), "Create a project in a folder", icon="new"),
    Action("project.open", "&Open project…", "File", "G", ("Ctrl+O",), "Open a project folder", icon="folder"),
    Action("project.close", "&Close project", "File", "G", ("Ctrl+W",), enabled_when=("project",)),
    Action(
        "import.files",
        "Import &images…",
        "File",
        "G",
        ("Ctrl+I",),
        "Add image files to the worklist",
        ("project", "writable"),
        "import",
        separator=True,
    ),
    Action(
        "import.folder",
        "Import &folder…",
        "File",
        "G",
        ("Ctrl+Shift+I",),
        "Add every image of a folder to the worklist",
        ("project", "writable"),
        "import",
    ),
    *LANDMARKS_IN,
    Action(
        "project.save",
        "&Save now",
        "File",
        "G",
        ("Ctrl+S",),
        "Every decision is saved at once; this says when",
        ("project",),
        separator=True,
    ),
    *MEASURE_OUT,
    Action("app.quit", "&Quit", "File", "G", ("Ctrl+Q",), separator=True),
)
_EDIT = (
    Action("edit.undo", "&Undo", "Edit", "G", ("Ctrl+Z",), "", ("case", "undo"), "undo", repeats=True),
    Action("edit.redo", "&Redo", "Edit", "G", ("Ctrl+Shift+Z", "Ctrl+Y"), "", ("case", "redo"), "redo", repeats=True),
    Action("worklist.search", "&Search cases", "Edit", "G", ("Ctrl+F",), "", ("project",), "search", separator=True),
    Action("worklist.next_hit", "Next &hit", "Edit", "G", ("F3",), "Open the next case found", ("project", "search")),
    Action("app.settings", "&Settings…", "Edit", "G", ("Ctrl+,",), "Text size, keys, mouse, reviewing", separator=True),
)
_VIEW = (
    Action("view.fit", "&Fit", "View", "I", ("F",), "Show the whole image", ("case",), "fit"),
    Action(
        "view.one_to_one", "&1:1", "View", "I", ("Shift+F",), "One image pixel on one screen pixel", ("case",), "one"
    ),
    Action(
        "view.zoom_landmark",
        "&Zoom to landmark",
        "View",
        "I",
        ("Z",),
        "Zoom to the current landmark; again goes back",
        ("case", "landmark"),
        "target",
    ),
    Action("view.zoom_in", "Zoom &in", "View", "G", ("Ctrl++", "Ctrl+="), "", ("case",), repeats=True),
    Action("view.zoom_out", "Zoom &out", "View", "G", ("Ctrl+-",), "", ("case",), repeats=True),
    Action(
        "view.auto_window",
        "&Auto window",
        "View",
        "I",
        ("W",),
        "Stretch the greys to what is seen",
        ("case",),
        "contrast",
        separator=True,
    ),
    Action(
        "view.next_preset", "Next window &preset", "View", "I", ("Shift+W",), "Next grey range of the file", ("case",)
    ),
    Action("view.invert", "In&vert", "View", "I", ("I",), "Swap black and white", ("case",), "invert", checkable=True),
    *ORIENTATION,
    Action(
        "view.names",
        "&Names",
        "View",
        "I",
        ("N",),
        "Names of all landmarks, the current one, or none",
        ("case",),
        "names",
        separator=True,
    ),
    *OVERLAYS,
    Action(
        "view.ghost",
        "&Ghost of the prediction",
        "View",
        "I",
        ("Y",),
        "Show where the model put points that were moved",
        ("case", "sighted"),
        "ghost",
        checkable=True,
    ),
    Action(
        "view.lines",
        "Template &lines",
        "View",
        "I",
        ("J",),
        "Lines between landmarks",
        ("case",),
        "lines",
        checkable=True,
    ),
    *LOUPE,
    *FRAMES,
    *HABITS,
    Action(
        "view.models",
        "&Models",
        "View",
        "G",
        ("F7",),
        "Fine-tuning and models",
        icon="models",
        checkable=True,
        separator=True,
    ),
    MESSAGES,
    Action("view.landmarks", "Landmark pane&l", "View", "G", ("F8",), checkable=True),
    Action("view.worklist", "&Worklist", "View", "G", ("F9",), checkable=True),
    Action("pane.next", "Next pane", "View", "G", ("F6",), "Move the keyboard to the next pane"),
    Action("pane.previous", "Previous pane", "View", "G", ("Shift+F6",), "Move the keyboard to the previous pane"),
    Action("view.full_screen", "F&ull screen", "View", "G", ("F11",), checkable=True, separator=True),
    Action("view.theme_dark", "&Dark", "View", "G", checkable=True),
    Action("view.theme_light", "&Light", "View", "G", checkable=True),
    Action("view.theme_system", "As the &system", "View", "G", checkable=True),
    Action("view.theme_contrast", "&High contrast", "View", "G", checkable=True),
    Action("view.reset_layout", "&Reset layout", "View", "G"),
)
_LANDMARK = (
    Action(
        "landmark.confirm",
        "&Confirm",
        "Landmark",
        "I",
        ("Space",),
        "Confirm and go to the next undecided landmark",
        POINT,
    ),
    Action(
        "landmark.bulk",
        "Confirm all &below the limit",
        "Landmark",
        "I",
        ("Shift+Space",),
        "Shows what would be confirmed; again confirms it as one step",
        (*EDIT, "bulk"),
    ),
    Action(
        "landmark.estimated",
        "&Estimated",
        "Landmark",
        "I",
        ("E",),
        "Hidden or superimposed: the place is an estimate",
        POINT,
    ),
    Action("landmark.absent", "&Absent", "Landmark", "I", ("X",), "It is not in this image", POINT),
    Action("landmark.clear", "C&lear", "Landmark", "I", ("Delete",), "Back to not placed", POINT),
    Action(
        "landmark.revert",
        "&Revert to prediction",
        "Landmark",
        "I",
        ("R",),
        "Back to where the model put it",
        (*POINT, "sighted", "revert"),
        short="Revert",
    ),
    Action(
        "landmark.grab",
        "&Grab",
        "Landmark",
        "I",
        ("G",),
        "The landmark follows the pointer; click or Space drops it, Esc puts it back",
        (*POINT, "position"),
        separator=True,
    ),
    Action("landmark.place", "&Place next unplaced", "Landmark", "I", ("P",), "Click where it is; Esc ends", EDIT),
    Action(
        "landmark.fill",
        "&Fill the rest",
        "Landmark",
        "I",
        ("Shift+P",),
        "Place every undecided landmark from those that are decided",
        (*EDIT, "fill"),
        "fill",
    ),
    Action(
        "landmark.live",
        "Update undecided points after each &correction",
        "Landmark",
        "G",
        (),
        "Undecided points follow every correction; decided ones never move",
        ("project", "writable"),
        checkable=True,
    ),
    Action("landmark.clear_all", "Clear al&l", "Landmark", "G", (), "Every landmark back to not placed", EDIT),
    Action(
        "landmark.next", "&Next in review order", "Landmark", "I", ("D",), "", ("case",), repeats=True, separator=True
    ),
    Action("landmark.previous", "Pre&vious in review order", "Landmark", "I", ("A",), "", ("case",), repeats=True),
    Action(
        "landmark.next_template", "Next in &template order", "Landmark", "I", ("Shift+D",), "", ("case",), repeats=True
    ),
    Action(
        "landmark.previous_template",
        "Previous in te&mplate order",
        "Landmark",
        "I",
        ("Shift+A",),
        "",
        ("case",),
        repeats=True,
    ),
    Action(
        "landmark.uncertain",
        "Most &uncertain",
        "Landmark",
        "I",
        ("U",),
        "The undecided landmark the model is least sure of",
        ("case",),
    ),
    Action("landmark.first_undecided", "&First undecided", "Landmark", "I", ("Home",), "", ("case",)),
    Action("landmark.last_undecided", "Last un&decided", "Landmark", "I", ("End",), "", ("case",)),
    Action(
        "landmark.order",
        "Review &order: uncertain first or template",
        "Landmark",
        "I",
        ("O",),
        "Uncertain landmarks first, or the order of the template",
        ("project",),
    ),
    Action(
        "landmark.learn_limits",
        "Recompute &limits of warnings",
        "Landmark",
        "G",
        (),
        "Learn the usual shape anew from the reviewed cases",
        ("project", "writable"),
        separator=True,
    ),
)
_CASE = (
    Action(
        "case.review",
        "Mark &reviewed",
        "Case",
        "I",
        ("Return", "Enter"),
        "Mark this case reviewed and open the next one to do",
        EDIT,
        "check",
    ),
    Action("case.review_stay", "Mark reviewed and &stay", "Case", "I", ("Ctrl+Return", "Ctrl+Enter"), "", EDIT),
    Action("case.reopen", "Re&open", "Case", "G", (), "Take the reviewed mark away", (*EDIT, "reviewed")),
    Action("case.flag", "&Flag", "Case", "I", ("B",), "Flag this case, or take the flag away", EDIT, "flag"),
    Action(
        "case.planner",
        "&Label these next…",
        "Case",
        "G",
        ("Ctrl+L",),
        "Which cases to label next, and why",
        ("project",),
        "planner",
    ),
    Action("case.predict", "&Predict", "Case", "G", ("F5",), "Ask the model for this case", (*EDIT, "model"), "spark"),
    Action("case.next", "&Next case", "Case", "I", ("PgDown",), "", ("case",), "down", repeats=True, separator=True),
    Action("case.previous", "Pre&vious case", "Case", "I", ("PgUp",), "", ("case",), "up", repeats=True),
    Action(
        "case.next_to_do", "Next case to &do", "Case", "I", ("Shift+PgDown",), "Passes over what is reviewed", ("case",)
    ),
    Action(
        "case.previous_to_do",
        "Previous case to do",
        "Case",
        "I",
        ("Shift+PgUp",),
        "Passes over what is reviewed",
        ("case",),
    ),
)
_HELP = (
    Action("help.keys", "&Keys", "Help", "G", ("F1",), "Every key, searchable", icon="help"),
    Action("help.about", "&About MedSapiens Studio", "Help", "G"),
)
_IMAGE_KEYS = (
    _keys("image.number", "Landmark by its number", *"0123456789"),
    _keys("image.nudge", "Nudge 1 px", "Left", "Right", "Up", "Down"),
    _keys("image.nudge_far", "Nudge 10 px", "Shift+Left", "Shift+Right", "Shift+Up", "Shift+Down"),
    _keys("image.nudge_fine", "Nudge 0.1 px", "Ctrl+Left", "Ctrl+Right", "Ctrl+Up", "Ctrl+Down"),
    _held("image.hide", "Hold: hide everything drawn over the image", "H"),
    _held("image.predictions", "Hold: show the predictions instead", "Q"),
    _keys("image.back", "While placing: take back the last point", "Backspace"),
    _keys("image.escape", "Cancel the gesture, leave the tool", "Esc"),
)
_PLANNER_KEYS = (
    _keys("planner.move", "Move in the list", "Up", "Down", scope="P"),
    _keys("planner.label", "Label this case", "Return", scope="P"),
    _keys("planner.exclude", "Leave this case out, with a reason", "X", scope="P"),
)
ACTIONS: tuple[Action, ...] = (
    *_FILE,
    *_EDIT,
    *_VIEW,
    *_LANDMARK,
    *_CASE,
    *MODEL,
    *MEASURE,
    *NOTES,
    *PROJECT,
    *READERS,
    *SCRATCH,
    *_HELP,
    *_IMAGE_KEYS,
    *LIST_KEYS,
    *FIELD_KEYS,
    *TEMPLATE_KEYS,
    *_PLANNER_KEYS,
    *COMPARE_KEYS,
)
