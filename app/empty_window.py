"""The window without a project: nothing of the one before is left."""

from __future__ import annotations

from app.controllers.notice_board import NoticeBoard
from app.views.main_window import MainWindow


def show_nothing(window: MainWindow, notices: NoticeBoard) -> None:
    """Take everything of a project out of the window."""
    for name in ("project", "writable", "model", "finetune", "search"):
        window.registry.set_condition(name, False)
    window.set_project(None, None)
    window.set_undo_texts("", "")
    window.models_panel.set_jobs([])
    window.models_panel.set_models([])
    window.status.set_job(None, None)
    window.status.set_model("", "")
    window.status.set_saved("")
    window.worklist.set_counts({})
    for rows in (window.worklist.list, window.landmark_panel.list, window.measurements_panel.table):
        rows.setModel(None)  # the models end with the project; a list left on one would still select in it
    notices.clear()
