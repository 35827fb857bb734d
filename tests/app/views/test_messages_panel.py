"""What the program has said can be read again: the tab of messages (ux.md 2.1)."""

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest

from app.session.message_list_model import MOST, Message, MessageListModel
from app.session.view_state import Notice


def texts(model):
    return [model.index(row, 2).data() for row in range(model.rowCount())]


def message(text, kind="info"):
    return Message(datetime(2026, 11, 12, 10, 42, 7).astimezone(), kind, text)


def test_the_last_500_are_kept_the_newest_first(qapp):
    model = MessageListModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for number in range(MOST + 3):
        model.add(message(f"message {number}"))
    assert model.rowCount() == MOST == 500
    assert texts(model)[0] == f"message {MOST + 2}" and texts(model)[-1] == "message 3"
    assert model.index(0, 0).data() == "10:42:07"


def test_the_same_again_is_counted(qapp):
    model = MessageListModel()
    for text in ("one", "two", "two", "two"):
        model.add(message(text))
    assert texts(model) == ["two  (3 times)", "one"]


def test_toasts_notices_and_dialogs_are_kept_and_can_be_copied(window, monkeypatch, qtbot):
    window.show()
    window.show_review()
    window.toasts.show_message("A01 marked reviewed.", [("open 1", "Go back")])
    window.notices.show_notice(Notice("m02", "warning", "Pixel size is measured at the detector.", details="0.143"))
    window.notices.show_notice(Notice("m02", "warning", "Pixel size is measured at the detector.", details="0.143"))
    monkeypatch.setattr("PySide6.QtWidgets.QMessageBox.exec", lambda _box: 0)
    window.dialogs.tell("Damaged", "0148.dcm is damaged.", kind="warning")
    panel = window.messages_panel
    assert texts(panel.model) == [
        "0148.dcm is damaged.",
        "Pixel size is measured at the detector.",
        "A01 marked reviewed.",
    ], "a line that is only shown again says nothing new"

    window.action("view.messages").trigger()
    assert panel.isVisible() and window.bottom.current_id == "view.messages"
    panel.table.selectRow(1)
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "warning  Pixel size is measured at the detector." in copied and copied.endswith("0.143")
    panel.table.clearSelection()
    QTest.mouseClick(panel.copy_button, Qt.MouseButton.LeftButton)
    assert len(QGuiApplication.clipboard().text().splitlines()) == 4


def test_the_empty_tab_says_so_and_offers_nothing(window):
    panel = window.messages_panel
    assert panel._empty.text() and not panel.copy_button.isEnabled()
    assert not panel.table.isVisibleTo(panel)
