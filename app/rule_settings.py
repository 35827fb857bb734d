"""Joins Settings > Review with the open project's rule of bulk confirm (ux.md 6.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app import rights
from app.session.bulk_rule_state import BulkRuleState
from app.translate import tr
from app.views.settings.bulk_rule_page import BulkRulePage
from medsapiens_core.store.guidance import BulkRule

if TYPE_CHECKING:
    from app.workspace import Workspace

NO_PROJECT = "Open a project to see and change its rule."
READ_ONLY = "This project is open to read only, so its rule cannot be changed."


class RuleSettings(QObject):
    """Makes the page; what the Owner changes there is stored and in use at once."""

    def __init__(self, workspace: Callable[[], Workspace | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace

    def make_page(self) -> QWidget:
        """The page as the open project has it now."""
        page = BulkRulePage()
        page.show_rule(self._state())
        page.wanted.connect(self._change)
        return page

    def _state(self) -> BulkRuleState:
        workspace = self._workspace()
        if workspace is None:
            return BulkRuleState(refusal=tr(NO_PROJECT))
        rule = workspace.guidance.rule
        refusal = tr(READ_ONLY) if workspace.project.read_only else rights.refusal(workspace.project, "rules")
        share = round(100 * rule.most_share, 3)
        return BulkRuleState(rule.is_allowed, rule.most_mm, share, rule.unlock_after, refusal)

    def _change(self, state: BulkRuleState) -> None:
        workspace = self._workspace()
        if workspace is not None and not self._state().refusal:
            share = round(state.most_percent / 100, 6)
            workspace.guidance.set_rule(BulkRule(state.is_allowed, state.most_mm, share, state.unlock_after))
