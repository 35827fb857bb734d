"""The window in which landmarks are exported."""

from __future__ import annotations

from app.views.transfer.export_form import ExportForm
from app.views.transfer.outgoing_window import OutgoingWindow


class ExportWindow(OutgoingWindow):
    """Takes an `ExportState`, gives an `ExportAnswer`."""

    TITLE, DO = "Export landmarks", "Export"
    REPLACE = "{path} is there already. Replace it, with its report and pictures?"
    form: ExportForm

    def _make_form(self) -> ExportForm:
        return ExportForm(self.dialogs)
