"""The window in which a reader package is made."""

from __future__ import annotations

from app.views.transfer.hand_out_form import HandOutForm
from app.views.transfer.outgoing_window import OutgoingWindow


class HandOutWindow(OutgoingWindow):
    """Takes a `HandOutState`, gives a `HandOutAnswer`."""

    TITLE, DO = "Hand out a reader package", "Make package"
    REPLACE = "{path} is there already. Replace it? Readings of the older package can still be taken in."
    form: HandOutForm

    def _make_form(self) -> HandOutForm:
        return HandOutForm(self.dialogs)
