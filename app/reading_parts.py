"""What belongs to the people who read in an open project: who is here, blind and second readings (ux.md 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controllers.adjudication_controller import AdjudicationController
from app.controllers.agreement_controller import AgreementController
from app.controllers.blind_controller import BlindController
from app.controllers.case_access import CaseDetail
from app.controllers.figures_work import figures_state
from app.controllers.people_controller import PeopleController
from app.controllers.reader_desk import ReaderDesk
from app.lock_parts import LockParts
from app.session.figures_state import FiguresState
from app.tasks.task_runner import IO, STORE
from app.translate import tr
from app.views.adjudication_window import AdjudicationWindow
from app.views.agreement_window import AgreementWindow
from app.views.dialogs import Dialogs
from app.views.figures_window import FiguresWindow
from app.views.people_window import PeopleWindow
from medsapiens_core.data.readers import Reader
from medsapiens_core.measurements.point_errors import Repeatability
from medsapiens_core.transfer.adjudicating import REASONS
from medsapiens_core.transfer.double_readings import pairs, read_cases
from medsapiens_core.transfer.my_figures import my_figures
from medsapiens_core.transfer.own_distance import own_distances

if TYPE_CHECKING:
    from app.workspace import Workspace

NOTICE = "not-mine"
GO_ON_MS = 10_000


class ReadingParts(QObject):
    """Made with the workspace before anything is read, since what is shown depends on who looks."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._workspace = workspace
        window, session = workspace.window, workspace.session
        self.lock = LockParts(workspace, lambda: self.desk)
        self.desk = ReaderDesk(
            workspace.runner,
            workspace.project,
            session,
            window.preferences,
            ask=window.dialogs.who,
            prove=self.lock.prove,
            parent=self,
        )
        self.blind = BlindController(
            workspace.runner,
            workspace.project,
            session,
            view=window.image_view,
            notices=workspace.notices,
            set_condition=window.registry.set_condition,
            parent=self,
        )
        self.people_window = PeopleWindow(window)
        self.people = PeopleController(workspace.runner, workspace.project, self.desk, self.people_window, self)
        self.agreement_window = AgreementWindow(window)
        self.agreement = AgreementController(
            workspace.runner,
            workspace.project,
            self.desk,
            self.agreement_window,
            ask_file=window.dialogs.save_file,
            parent=self,
        )
        self.adjudication_window: AdjudicationWindow | None = None
        self.figures_window = FiguresWindow(window)
        self._reviewed_by = ""
        session.write_refusal = self._refusal_to_write
        self._connect()

    def acts(self) -> dict[str, Callable[[], object]]:
        """What is done here of the actions of the menus."""
        return {
            "project.reader": self.desk.choose,
            "project.people": self.people.show,
            "project.agreement": self.agreement.show,
            "project.adjudicate": self.adjudicate,
            "project.figures": self.show_figures,
            "case.own_reading": self.read_anew,
            **self.lock.acts(),
        }

    def start(self) -> None:
        """Find out who is here, before the first case is read."""
        self.desk.start()
        self.lock.start()
        self.agreement.refresh()  # double readings tell how far a decided point may be off (ux.md 11.4)

    def adjudicate(self) -> None:
        """Settle differences between readers; the window with its picture is made when it is wanted first."""
        workspace = self._workspace
        if self.adjudication_window is None:
            self.adjudication_window = AdjudicationWindow(REASONS, workspace.window)
            self.adjudication = AdjudicationController(
                workspace.runner,
                workspace.project,
                self.desk,
                self.agreement,
                view=self.adjudication_window,
                parent=self,
            )
            self.adjudication.told.connect(self._tell_adjudicator)
            self.adjudication.changed.connect(self._consensus_changed)
        self.adjudication.show()

    def show_figures(self) -> None:
        """What the person's own readings tell them."""
        workspace, me = self._workspace, self.desk.me
        if me is None:
            self.desk.choose()
            return
        self.figures_window.bring_up()

        def work() -> FiguresState:
            project = workspace.project
            return figures_state(my_figures(project, me.code, pairs(read_cases(project), project.template)))

        workspace.runner.submit(IO, work, on_done=self.figures_window.set_state)

    def open(self, detail: CaseDetail) -> None:
        """A case has come on screen."""
        self._reviewed_by = detail.reviewed_by
        if self._is_not_mine():
            text = tr("Reviewed by {name}: you can look at it, but not change it.", name=self._reviewed_by)
            self._workspace.notices.show(NOTICE, "info", text, {tr("Make my own reading"): self.read_anew})
        else:
            self._workspace.notices.dismiss(NOTICE)

    def refuses(self, action: str) -> bool:
        """True for what would show the prediction of a case that is read blind."""
        return self.blind.refuses(action)

    @property
    def will_reveal(self) -> bool:
        """True when reviewing the open case would show its prediction."""
        return self.blind.will_reveal

    def read_anew(self) -> None:
        """Begin an own reading of the open case, which somebody else has reviewed."""
        session, me, workspace = self._workspace.session, self.desk.me, self._workspace
        if session.case is None or me is None or not self._is_not_mine():
            workspace.window.toasts.show_message(tr("Nobody else has reviewed this case: change it as it is."))
            return
        case_id = session.case.id
        workspace.runner.submit(
            STORE,
            lambda: workspace.project.readings.assign([case_id], me.code, by=me.code, blind=False),
            on_done=lambda _count: workspace.reopen_wanted.emit(tr("This is your own reading. Both are kept.")),
        )

    def close(self) -> None:
        """The project is closed: nothing of it stays in the window."""
        self.lock.close()
        self.blind.close()
        for window in (self.people_window, self.agreement_window, self.figures_window, self.adjudication_window):
            if window is not None:
                window.close()
                window.deleteLater()
        self._workspace.window.status.set_reader("", "")
        self._workspace.window.registry.set_condition("sighted", True)

    # --- inside

    def _connect(self) -> None:
        window = self._workspace.window
        self.desk.shown.connect(self._show_reader)
        self.desk.reopen_wanted.connect(self._workspace.reopen_wanted)
        self.desk.failed.connect(lambda text: window.dialogs.tell(tr("Reader"), text, kind="warning"))
        self.blind.told.connect(window.toasts.show_message)
        self.blind.revealed.connect(self._revealed)
        self.people.changed.connect(self._people_changed)
        self.agreement.told.connect(window.toasts.show_message)
        self.agreement.settle_wanted.connect(self.adjudicate)
        self.agreement.repeatable.connect(self._know_repeatability)
        self.agreement_window.case_requested.connect(self._open_case)
        self.agreement_window.definition_requested.connect(self._show_definition)
        window.theme_changed.connect(self.agreement_window.refresh)

    def _show_reader(self, me: Reader | None) -> None:
        status = self._workspace.window.status
        if me is None:
            status.set_reader(tr("reader?"), tr("Nobody has said who is reading. Click to choose."))
        else:
            roles = ", ".join(tr(role.capitalize()) for role in me.roles)
            tip = tr("{name} is reading ({roles}). Click when somebody else takes over.", name=me.label, roles=roles)
            status.set_reader(tr("reader {code}", code=me.code), tip)

    def _revealed(self, text: str) -> None:
        window = self._workspace.window
        if not window.action("view.ghost").isChecked():
            window.action("view.ghost").trigger()
        window.toasts.show_message(text, ms=GO_ON_MS)

    def _know_repeatability(self, figures: dict[str, Repeatability]) -> None:
        self._workspace.measuring.measures.set_repeatability(figures)
        me = self.desk.me
        self._workspace.cards.know_own({} if me is None else own_distances(self.agreement.cases, me.code))

    def _open_case(self, case_id: int) -> None:
        self._workspace.open_case(case_id)
        self._workspace.window.activateWindow()
        self._workspace.window.image_view.setFocus()

    def _show_definition(self, landmark: str) -> None:
        window, session = self._workspace.window, self._workspace.session
        if landmark and session.is_open:
            session.set_current(landmark)
            window.landmark_panel.card.show_page("card")
            window.activateWindow()

    def _consensus_changed(self) -> None:
        self._workspace.training.count_corrections()

    def _tell_adjudicator(self, text: str) -> None:
        window = self.adjudication_window
        dialogs = Dialogs(window if window is not None and window.isVisible() else self._workspace.window)
        dialogs.tell(tr("Adjudicate"), text, kind="warning")

    def _people_changed(self) -> None:
        self._workspace.worklist.refresh()
        self._workspace.guidance.refresh()
        me = self.desk.me
        self._show_reader(None if me is None else self._workspace.project.readers.find(me.code) or me)

    def _is_not_mine(self) -> bool:
        me = self.desk.me
        others = bool(self._reviewed_by) and me is not None and self._reviewed_by != me.code
        return others and bool(self.desk.refusal("edit_others"))

    def _refusal_to_write(self) -> str:
        if self._is_not_mine():
            return tr(
                "Reviewed by {name}: nothing was changed. Case > Make my own reading keeps both.",
                name=self._reviewed_by,
            )
        session = self._workspace.session
        is_truth = getattr(session.case, "part", "") == "locked" and not session.annotation.reader
        if is_truth and session.annotation.reviewed and self.desk.refusal("edit_others"):
            return tr("This locked case is read and measures models by now: an Adjudicator may change it.")
        return self.desk.refusal_to_write()
