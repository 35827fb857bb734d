"""PySide6 6.12.0 on Python 3.11 drops one reference per emitted bool and aborts the process (ux.md 15)."""

import sys

from PySide6.QtCore import QObject, Signal


class Emitter(QObject):
    flag = Signal(bool)


def test_emitting_a_bool_two_thousand_times_keeps_the_reference_count(qapp):
    emitter, received = Emitter(), []
    emitter.flag.connect(received.append)
    before = sys.getrefcount(True)
    for _ in range(2000):
        emitter.flag.emit(True)
    received_count = len(received)
    received.clear()
    assert received_count == 2000
    assert sys.getrefcount(True) >= before - 50
