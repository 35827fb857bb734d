"""Fine-tuning and models: the button, the queue, the curves, and the models that can be put in use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.action_registry import ActionRegistry
from app.session.view_state import JobState, ModelRow
from app.translate import tr
from app.views.card_column import CardColumn
from app.views.curves import Curves
from app.views.icons import set_icon
from app.views.job_card import JobCard
from app.views.model_card import ModelCard
from app.views.widgets import GAP, MARGIN, button, flat_button, label, repolish

CURVES_FROM = 760


class ModelsPanel(QWidget):
    """Job ids are int, models go by name."""

    finetune_requested = Signal()
    stop_requested = Signal(int)
    cancel_requested = Signal(int)
    resume_requested = Signal(int)
    remove_requested = Signal(int)
    compare_job_requested = Signal(int)
    compare_model_requested = Signal(str)
    promote_requested = Signal(str)
    rollback_requested = Signal(str)
    export_requested = Signal(str)
    card_requested = Signal(str)
    log_requested = Signal(int)
    import_requested = Signal()
    close_requested = Signal()

    def __init__(self, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.finetune = button("Fine-tune", primary=True, icon="spark")
        self.finetune.clicked.connect(self.finetune_requested)
        self._note = label("", "caption", wrap=True)
        self.jobs = CardColumn(JobCard, tr("Jobs"), tr("No fine-tuning yet. It runs in the background; you can go on."))
        self.models = CardColumn(ModelCard, tr("Models"), tr("No models yet."))
        self.curves = Curves()
        self.curves.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # they take what is left
        self.curves.setMinimumSize(1, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(MARGIN)
        layout.addWidget(self._make_jobs(), 5)
        layout.addWidget(self.curves, 5)
        layout.addWidget(self._make_models(actions), 5)
        self.set_finetune_button(tr("Fine-tune"), False, tr("Review some cases first."))

    def set_finetune_button(
        self, text: str, enabled: bool, reason: str, note: str = "", *, suggested: bool = True
    ) -> None:
        """The button's text; why it is off, or a note below it. It is filled when it is the `suggested` step."""
        self.finetune.setText(text)
        self.finetune.setProperty("role", "primary" if suggested else "")
        set_icon(self.finetune, "spark", "on_accent" if suggested else "text")
        self.finetune.setEnabled(enabled)
        self.finetune.setToolTip(reason if not enabled else note)
        self._note.setText(note if enabled else reason)
        self._note.setVisible(bool(self._note.text()))
        repolish(self.finetune)

    def set_jobs(self, jobs: Sequence[JobState]) -> None:
        """Show the queue, newest first as given; the curves are those of the running job, else of the first."""
        for job, card, is_new in self.jobs.renew([(job.id, job) for job in jobs]):
            card.set_job(job)
            if is_new:
                card.used.connect(lambda name, job_id=job.id: self._job_used(job_id, name))
        self.jobs.fit_width()
        running = next((job for job in jobs if job.state in ("running", "stopping")), None)
        self.curves.set_job(running or (jobs[0] if jobs else None))

    def set_models(self, models: Sequence[ModelRow]) -> None:
        """Show the library."""
        for model, card, is_new in self.models.renew([(model.name, model) for model in models]):
            card.set_model(model)
            if is_new:
                card.used.connect(lambda name, model_name=model.name: self._model_used(model_name, name))
        self.models.fit_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The curves give way where there is no room for them."""
        super().resizeEvent(event)
        self.curves.setVisible(event.size().width() >= CURVES_FROM)

    def _make_jobs(self) -> QWidget:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.finetune)
        layout.addWidget(self._note)
        layout.addWidget(self.jobs, 1)
        return column

    def _make_models(self, actions: ActionRegistry) -> QWidget:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        head = QHBoxLayout()
        head.addWidget(label("Models", "section"))
        head.addStretch(1)
        bring = button("Import…")
        bring.setToolTip(actions.action("model.import").toolTip())
        bring.clicked.connect(self.import_requested)
        head.addWidget(bring)
        close = flat_button("close", "Close (F7)")
        close.clicked.connect(self.close_requested)
        head.addWidget(close)
        layout.addLayout(head)
        layout.addWidget(self.models, 1)
        return column

    def _job_used(self, job_id: int, name: str) -> None:
        signals = {
            "stop": self.stop_requested,
            "cancel": self.cancel_requested,
            "resume": self.resume_requested,
            "log": self.log_requested,
            "remove": self.remove_requested,
            "compare": self.compare_job_requested,
        }
        signals[name].emit(job_id)

    def _model_used(self, model_name: str, name: str) -> None:
        signals = {
            "compare": self.compare_model_requested,
            "promote": self.promote_requested,
            "rollback": self.rollback_requested,
            "card": self.card_requested,
            "export": self.export_requested,
        }
        signals[name].emit(model_name)
