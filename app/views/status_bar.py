"""The status bar: saved or not, where the pointer is, what is seen, the pixel size with its source, model and job."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from app.session.view_state import ImageState
from app.translate import tr
from app.views.camera import XY
from app.views.widgets import label

JOB_WIDTH = 120


class StatusBar(QStatusBar):
    """`models_requested()`: the model badge or the job was clicked; `window_requested()`: the window field;
    `upright_requested()`: the badge of a flipped or turned view; `spacing_requested()`: the pixel size;
    `reader_requested()`: who is reading.
    """

    models_requested = Signal()
    window_requested = Signal()
    upright_requested = Signal()
    spacing_requested = Signal()
    reader_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._saved = self._part(tr("Saved"), 0)
        self._note = self._part(tr("Note"), 0)
        self._cursor = self._part(tr("Pointer, pixels"), 150)
        self._mm = self._part(tr("Pointer, millimetres"), 110)
        self._value = self._part(tr("Grey value"), 76)
        self._zoom = self._part(tr("Zoom"), 52)
        self.window_field = self._button(tr("Window and level"), self.window_requested)
        self.window_field.setMinimumWidth(118)
        self.window_field.setToolTip(tr("Show the grey values and set window and level"))
        self._polarity = self._part(tr("Greys"), 0)
        self._view = self._button(tr("View"), self.upright_requested)
        self._view.setProperty("role", "alert")
        self._spacing = self._button(tr("Pixel size"), self.spacing_requested)
        self._model = self._button(tr("Model"), self.models_requested)
        self._reader = self._button(tr("Reader"), self.reader_requested)
        self._job = self._button(tr("Job"), self.models_requested)
        self._bar = QProgressBar(textVisible=False)
        self._bar.setFixedWidth(JOB_WIDTH)
        self._bar.setAccessibleName(tr("Job progress"))
        self.addWidget(self._saved)
        self.addWidget(self._note)
        for part in (self._cursor, self._mm, self._value, self._zoom, self.window_field):
            self.addPermanentWidget(part)
        for part in (self._polarity, self._view, self._spacing):
            self.addPermanentWidget(part)
        for part in (self._model, self._reader, self._job, self._bar):
            self.addPermanentWidget(part)
        self._image: ImageState | None = None
        self.set_job(None, None)
        self.set_model("", "")
        self.set_reader("", "")
        self.set_polarity(False, False)
        self.set_orientation("")
        self.set_image(None)

    def set_saved(self, text: str) -> None:
        """When the last decision went to disk, e.g. "Saved 10:42:07"."""
        self._saved.setText(text)

    def set_note(self, text: str) -> None:
        """A word beside it, e.g. "Typing - Esc returns to the image"."""
        self._note.setText(text)

    def set_image(self, image: ImageState | None) -> None:
        """Show the pixel size of a picture with its source, or nothing."""
        self._image = image
        for part in (self._cursor, self._mm, self._value, self._zoom, self.window_field, self._spacing):
            part.setVisible(image is not None)
        self.clear_cursor()
        if image is not None:
            self._spacing.setText(image.spacing_badge)
            hint = tr("Click to see where it comes from, or to set another.")
            self._spacing.setToolTip(f"{image.spacing_tooltip}\n{hint}")
            self._spacing.setAccessibleName(tr("Pixel size: {size}", size=image.spacing_badge))
            self._mm.setVisible(image.col_mm is not None)

    def set_cursor(self, xy_image: XY, value: Any) -> None:
        """Where the pointer is, in pixels and, if the size is known, in millimetres from the first pixel centre."""
        x, y = xy_image
        self._cursor.setText(tr("x {x}  y {y}", x=f"{x:.2f}", y=f"{y:.2f}"))
        image = self._image
        if image is not None and image.row_mm and image.col_mm:
            holds = image.spacing is None or image.spacing.holds_for([xy_image])
            place = tr("{x}, {y} mm", x=f"{x * image.col_mm:.1f}", y=f"{y * image.row_mm:.1f}")
            self._mm.setText(place if holds else tr("outside region"))
        self._value.setText("" if value is None else _value_text(value))

    def clear_cursor(self) -> None:
        """The pointer is elsewhere."""
        for part in (self._cursor, self._mm, self._value):
            part.setText("")

    def set_zoom(self, zoom: float) -> None:
        """Screen device pixels per image pixel."""
        self._zoom.setText(f"{zoom * 100:.0f} %")

    def set_window(self, low: float, high: float) -> None:
        """The grey range on screen, as width and level."""
        width, level = f"{high - low:.0f}", f"{(high + low) / 2:.0f}"
        self.window_field.setText(tr("W {width}  L {level}", width=width, level=level))

    def set_polarity(self, file_inverted: bool, inverted: bool) -> None:
        """How greys are shown: MONOCHROME1 files have low values bright; the reader may swap them on top."""
        words = [tr("M1 inv.")] if file_inverted else []
        words += [tr("inverted")] if inverted else []
        self._polarity.setText("  ".join(words))
        tips = [
            tr("The file stores bright as low values (MONOCHROME1); it is shown with bones bright.")
        ] * file_inverted
        tips += [tr("Black and white are swapped on screen (I).")] * inverted
        self._polarity.setToolTip(" ".join(tips))
        self._polarity.setVisible(bool(words))

    def set_orientation(self, text: str) -> None:
        """How the view is flipped and turned, "" as the file lies; red-framed, a click undoes it."""
        self._view.setText(text)
        tip = tr("The view is {how}; stored numbers are not changed. Click to show it as the file lies.", how=text)
        self._view.setToolTip(tip)
        self._view.setVisible(bool(text))

    def set_model(self, text: str, tooltip: str) -> None:
        """The model in use."""
        self._model.setText(text)
        self._model.setToolTip(tooltip)
        self._model.setVisible(bool(text))

    def set_reader(self, text: str, tooltip: str) -> None:
        """Who is reading, "" without a project."""
        self._reader.setText(text)
        self._reader.setToolTip(tooltip)
        self._reader.setAccessibleName(tooltip)
        self._reader.setVisible(bool(text))

    def set_job(self, text: str | None, progress: float | None) -> None:
        """The running job, or None; `progress` 0..1, None while unknown."""
        self._job.setText(text or "")
        self._job.setVisible(bool(text))
        self._bar.setVisible(bool(text))
        self._bar.setRange(0, 0 if progress is None else 1000)
        self._bar.setValue(round((progress or 0.0) * 1000))

    def _part(self, name: str, width: int) -> QLabel:
        part = label("", "caption")
        part.setMinimumWidth(width)
        part.setContentsMargins(6, 0, 6, 0)
        part.setAccessibleName(name)
        return part

    def _button(self, name: str, clicked: SignalInstance) -> QToolButton:
        part = QToolButton()
        part.setProperty("role", "flat")
        part.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        part.setAccessibleName(name)
        part.clicked.connect(clicked)
        return part


def _value_text(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return tr("grey {value}", value=f"{value:.6g}")
