"""A child process that talks in JSON lines over its pipes. The window survives its death; it ends with the window."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import medsapiens_core

LINE_LIMIT = 4_000_000  # bytes; a longer line is dropped, so that garbage cannot fill the memory
KILL_AFTER_MS = 10_000
log = logging.getLogger(__name__)


def worker_command(*args: str) -> list[str]:
    """The command line that runs `medsapiens_core.worker`, from source or from a frozen program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--worker", *args]
    return [sys.executable, "-m", "medsapiens_core.worker", *args]


class WorkerProcess(QObject):
    """One child. `started(pid)`; `message(dict)` for every line; `died(exit code, text)` once when it ends."""

    started = Signal(int)
    message = Signal(object)
    died = Signal(int, str)

    def __init__(self, command: list[str], *, low_priority: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._low_priority = low_priority
        self._buffer = b""
        self._skipping = False
        self.bad_lines = 0
        self._log: deque[str] = deque(maxlen=200)
        self._ended = False
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_environment())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.readyReadStandardError.connect(self._read_log)
        self._process.started.connect(self._begun)
        self._process.errorOccurred.connect(self._failed)
        self._process.finished.connect(self._finished)

    def start(self) -> None:
        """Start the child; it is not waited for."""
        self._process.start(self._command[0], self._command[1:])

    @property
    def pid(self) -> int:
        """Process id, 0 when not running."""
        return int(self._process.processId())

    @property
    def is_running(self) -> bool:
        """True until it has ended."""
        return self._process.state() is not QProcess.ProcessState.NotRunning

    def send(self, message: dict[str, Any]) -> None:
        """Write one JSON line to the child."""
        self.send_line(json.dumps(message, separators=(",", ":")))

    def send_line(self, line: str) -> None:
        """Write one line to the child."""
        self._process.write(line.encode() + b"\n")

    def end_input(self) -> None:
        """Close the child's input, which tells it to end; it is killed if it is still there after 10 s."""
        self._process.closeWriteChannel()
        QTimer.singleShot(KILL_AFTER_MS, self, self.kill)

    def kill(self) -> None:
        """End the child at once."""
        if self.is_running:
            self._process.kill()

    def close(self, wait_ms: int = 5000) -> None:
        """End the child and wait: for the end of the program."""
        self._process.closeWriteChannel()
        if self.is_running and not self._process.waitForFinished(wait_ms):
            self._process.kill()
            self._process.waitForFinished(wait_ms)

    @property
    def log_tail(self) -> str:
        """The last lines of the child's error output."""
        return "\n".join(self._log)

    def _read(self) -> None:
        *lines, self._buffer = (self._buffer + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            if self._skipping:
                self._skipping = False
            elif line.strip():
                self._take(line)
        if len(self._buffer) > LINE_LIMIT:
            self._buffer, self._skipping = b"", True
            self.bad_lines += 1

    def _take(self, line: bytes) -> None:
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            self.message.emit(value)
        else:
            self.bad_lines += 1

    def _read_log(self) -> None:
        text = self._process.readAllStandardError().data().decode(errors="replace")
        self._log.extend(line for line in text.splitlines() if line.strip())

    def _begun(self) -> None:
        self._lower_priority()
        self.started.emit(self.pid)

    def _lower_priority(self) -> None:
        if self._low_priority:
            try:
                psutil.Process(self.pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else 10)
            except (psutil.Error, OSError) as error:
                log.warning("the priority of the child could not be lowered: %s", error)

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end(-1, self._process.errorString())

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._read_log()
        self._end(code if status is QProcess.ExitStatus.NormalExit else -abs(code or 1), self.log_tail)

    def _end(self, code: int, text: str) -> None:
        if not self._ended:
            self._ended = True
            self.died.emit(code, text)


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    root = str(Path(medsapiens_core.__file__).parents[1])
    paths = [root, *filter(None, environment.value("PYTHONPATH", "").split(os.pathsep))]
    environment.insert("PYTHONPATH", os.pathsep.join(paths))
    environment.insert("PYTHONUNBUFFERED", "1")
    return environment
