"""The one table of actions: no clash, nothing unknown, nothing that does nothing."""

from collections import defaultdict

import pytest
from PySide6.QtGui import QKeySequence

from app.action_registry import ActionRegistry, is_for_window, key_text
from app.actions import ACTIONS, CONDITIONS
from app.views.menus import MENUS, TOOLBAR
from medsapiens_core.resources import resource_path

RESERVED = {"Ctrl+H", "Ctrl+M", "Alt+F4", "F10", *(f"Ctrl+{digit}" for digit in range(10))}


def portable(key):
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def test_no_two_rows_share_a_key_within_a_scope_or_with_the_window():
    owners = defaultdict(set)
    for row in ACTIONS:
        for key in row.shortcuts:
            owners[portable(key)].add(row.id)  # scopes G and I are both live while the image has the focus
    clashes = {key: ids for key, ids in owners.items() if len(ids) > 1}
    assert not clashes


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.id)
def test_every_row_is_well_formed(row):
    assert row.scope in ("G", "I")
    assert row.keys_only or row.menu in MENUS
    assert set(row.enabled_when) <= set(CONDITIONS)
    assert all(portable(key) and portable(key) not in RESERVED for key in row.shortcuts)
    assert not row.icon or resource_path("icons", f"{row.icon}.svg").is_file()


def test_ids_are_unique_and_the_tool_bar_knows_them():
    ids = [row.id for row in ACTIONS]
    assert len(ids) == len(set(ids))
    assert {action_id for action_id in TOOLBAR if action_id} <= set(ids)


def test_bare_letters_are_never_bound_to_the_whole_window():
    """A bare key in scope G would fire while a text field has the focus."""
    for row in ACTIONS:
        for key in row.shortcuts:
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
    by_id = {row.id: row for row in ACTIONS}
    assert key_text(by_id["edit.redo"]) == "Ctrl+Shift+Z, Ctrl+Y"
    assert is_for_window("view.fit") and not is_for_window("landmark.confirm")
