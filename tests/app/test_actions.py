"""The one table of actions: no clash, nothing unknown, nothing that does nothing."""

from collections import defaultdict

import pytest
from PySide6.QtGui import QKeySequence

from app.action_registry import ActionRegistry, is_for_window
from app.action_row import SCOPES
from app.actions import ACTIONS, CONDITIONS, RESERVED_KEYS
from app.key_map import KeyMap, can_both_hear, clashes, from_text, is_character, portable, to_text, why_not
from app.views.menus import MENUS, TOOLBAR
from medsapiens_core.resources import resource_path

ROWS = {row.id: row for row in ACTIONS}


def test_no_two_rows_share_a_key_within_a_scope_or_with_the_window():
    assert clashes(KeyMap()) == []


def test_the_image_and_the_window_share_no_key_with_one_another_but_lists_may():
    owners = defaultdict(set)
    for row in ACTIONS:
        for key in row.shortcuts:
            owners[portable(key)].add(row.id)
    shared = {key for key, ids in owners.items() if len(ids) > 1}
    assert {"Space", "Return", "Esc", "Home"} <= shared  # a list hears them while the image does not
    for key in shared:
        rows = [ROWS[name] for name in owners[key]]
        assert not any(can_both_hear(one, two) for one in rows for two in rows if one is not two)


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.id)
def test_every_row_is_well_formed(row):
    assert row.scope in SCOPES
    assert row.keys_only or row.menu in MENUS
    assert set(row.enabled_when) <= set(CONDITIONS)
    assert all(portable(key) and portable(key) not in RESERVED_KEYS for key in row.shortcuts)
    assert not row.icon or resource_path("icons", f"{row.icon}.svg").is_file()


def test_ids_are_unique_and_the_tool_bar_knows_them():
    ids = [row.id for row in ACTIONS]
    assert len(ids) == len(set(ids))
    assert {action_id for action_id in TOOLBAR if action_id} <= set(ids)


def test_bare_letters_are_never_bound_to_the_whole_window():
    """A bare key in scope G would fire while a text field has the focus."""
    for row in ACTIONS:
        for key in row.shortcuts:
            if row.scope not in "GI":
                continue
            bare = len(portable(key)) == 1 or portable(key) in ("Space", "Return", "Enter", "PgDown", "PgUp", "Del")
            assert row.scope == "I" or not bare, row.id


def test_an_action_is_on_when_all_its_conditions_hold_and_says_why_not(qapp):
    registry = ActionRegistry()
    assert registry.reason("landmark.confirm") == CONDITIONS["project"]
    for name in ("project", "case", "landmark"):
        registry.set_condition(name, True)
    registry.set_condition("writable", False, "Open on PC-3.")
    confirm = registry.action("landmark.confirm")
    assert not confirm.isEnabled()
    assert confirm.statusTip() == "Open on PC-3." and "Open on PC-3." in confirm.toolTip()
    registry.set_condition("writable", True)
    assert confirm.isEnabled() and confirm.statusTip() == ""
    assert "Space" in confirm.toolTip()


def test_triggering_names_the_action(qapp, qtbot):
    registry = ActionRegistry()
    with qtbot.waitSignal(registry.triggered) as signal:
        registry.action("project.new").trigger()
    assert signal.args == ["project.new"]


def test_keys_are_written_as_the_system_does(qapp):
    assert KeyMap().text(ROWS["edit.redo"]) == "Ctrl+Shift+Z, Ctrl+Y"
    assert is_for_window("view.fit") and not is_for_window("landmark.confirm")


def test_every_key_can_be_read_by_qt_and_is_one_chord():
    for row in ACTIONS:
        for key in row.shortcuts:
            assert QKeySequence(key).count() == 1, (row.id, key)
            assert row.keys_only or why_not(row, key) == "", (row.id, key)


def test_own_keys_take_the_place_of_the_tables_and_survive_the_settings_file():
    keys = KeyMap().with_keys(ROWS["landmark.grab"], ["Shift+G"])
    assert keys.keys(ROWS["landmark.grab"]) == ("Shift+G",)
    assert from_text(to_text(keys)) == keys
    back = keys.with_keys(ROWS["landmark.grab"], ["G"])
    assert back.own == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"gone.action": ["F4"]}', '{"landmark.grab": "G"}', '{"edit.undo": ["U"]}', '{"app.quit": [""]}'],
)
def test_stored_keys_that_make_no_sense_are_left_out(text):
    assert from_text(text).own == {}


def test_a_stored_key_that_clashes_falls_back_to_the_table():
    """A later version may give a key to a new action that somebody has given to another one."""
    keys = from_text('{"landmark.grab": ["E"], "landmark.place": ["Shift+F3"]}')
    assert keys.own == {"landmark.place": ("Shift+F3",)}
    assert clashes(keys) == []


@pytest.mark.parametrize(("key", "expected"), [("A", True), ("Shift+A", True), ("7", True), ("?", True)])
def test_what_a_single_character_is(key, expected):
    assert is_character(key) is expected


@pytest.mark.parametrize("key", ["Ctrl+A", "Alt+A", "F5", "Space", "Shift+Space", "Return", "Left", "Home", "Esc", ""])
def test_what_no_single_character_is(key):
    assert not is_character(key)


def test_with_single_letters_off_only_other_keys_are_left():
    keys = KeyMap(letters=False)
    assert keys.keys(ROWS["landmark.confirm"]) == ("Space",)
    assert keys.keys(ROWS["landmark.grab"]) == () and keys.keys(ROWS["image.hide"]) == ()
    assert keys.keys(ROWS["edit.undo"]) == ("Ctrl+Z",)
    assert not any(is_character(key) for row in ACTIONS if row.scope == "I" for key in keys.keys(row))


def test_a_key_that_cannot_be_given_says_why():
    assert "typing" in why_not(ROWS["edit.undo"], "U") or "type" in why_not(ROWS["edit.undo"], "U")
    assert "held" in why_not(ROWS["image.hide"], "Ctrl+J")
    assert "system" in why_not(ROWS["edit.undo"], "Ctrl+M")
    assert why_not(ROWS["landmark.grab"], "Shift+G") == ""


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("Ctrl+N", "project.new"),
        ("Ctrl+O", "project.open"),
        ("Ctrl+W", "project.close"),
        ("Ctrl+Q", "app.quit"),
        ("Ctrl+I", "import.files"),
        ("Ctrl+E", "export.landmarks"),
        ("Ctrl+P", "measure.report"),
        ("Ctrl+S", "project.save"),
        ("Ctrl+T", "model.finetune"),
        ("Ctrl+L", "case.planner"),
        ("Ctrl+Shift+T", "template.edit"),
        ("Ctrl+Shift+M", "model.compare"),
        ("Ctrl+Shift+A", "project.agreement"),
    ],
)
def test_the_keys_of_the_window_are_those_of_the_design(key, action):
    assert key in ROWS[action].shortcuts


def test_no_key_is_one_that_types_a_letter_somewhere():
    """AltGr is Ctrl+Alt: on many keyboards such a key types @, € or a letter (ux.md 4.1)."""
    assert [row.id for row in ACTIONS if any("Ctrl+Alt" in key for key in row.shortcuts)] == []
