"""A fine-tuning run from `job.json` to a candidate package and its comparison with the model it began from.

Run folder: `job.json` and the snapshot go in; `checkpoint.safetensors`, `state.json`, `candidate/` and
`comparison.json` come out. Run again on the same folder, it goes on where it was. The locked cases are opened only
after training has ended (reliability.md X4).
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.snapshot import TrainingSnapshot
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import MIN_IMAGES, Calibration
from medsapiens_core.evaluation.comparison import ModelPoints
from medsapiens_core.evaluation.cover import Cover
from medsapiens_core.evaluation.gate import compare
from medsapiens_core.inference.engines import Engine, choose_device, gpu_problem
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.package import load_model, write_package
from medsapiens_core.training.augment import AugmentRange
from medsapiens_core.training.config import TrainingJob
from medsapiens_core.training.dataset import LandmarkDataset
from medsapiens_core.training.held_out import calibrate_on, predict_items
from medsapiens_core.training.learner import Learner
from medsapiens_core.training.locked_part import cover_of, points_of, predict_locked
from medsapiens_core.training.measuring import ValidationPart, locked_cases
from medsapiens_core.training.model_card import write_card
from medsapiens_core.training.plan import make_plan
from medsapiens_core.training.progress import DeviceChosen, EpochDone, Finished, LogLine, PhaseStarted, Reporter
from medsapiens_core.training.prototypes import learn_prototypes
from medsapiens_core.training.run_state import CHECKPOINT, RunState
from medsapiens_core.training.snapshot_items import check_item, read_snapshot, split_items, training_item
from medsapiens_core.training.stopping import run_until_told
from medsapiens_core.training.trainer import Control, RunAbortedError, Trainer

CANDIDATE, COMPARISON = "candidate", "comparison.json"


@dataclass(frozen=True)
class RunResult:
    """What a run has made. `epochs` were begun, `seconds` trained, on `n_train` images with `n_val` held out."""

    candidate: Path
    comparison: dict[str, Any]
    epochs: int
    seconds: float
    n_train: int
    n_val: int


def run_job(folder: Path, report: Reporter, control: Control | None = None) -> RunResult:
    """Do what `job.json` in `folder` says. Raises UserError for what the user can mend, RunAbortedError on abort."""
    cv2.setNumThreads(1)  # views are made beside the network, which needs the cores
    return _Run(folder, report, control or Control()).run()


class _Run:
    def __init__(self, folder: Path, report: Reporter, control: Control) -> None:
        self.folder, self.report, self.control = folder, report, control
        self.job = TrainingJob.read(folder)
        self.template: Template = self.job.landmark_template
        self.snapshot: TrainingSnapshot = read_snapshot(self.job.snapshot, self.template)
        self.training, self.validation = split_items(self.snapshot)
        self.locked = self.snapshot.part("locked")
        self.device = choose_device(self.job.options.device)

    def run(self) -> RunResult:
        self.report(PhaseStarted("prepare", f"Preparing {len(self.training)} cases"))
        if self.job.options.device == "auto" and self.device.type == "cpu":
            self.report(DeviceChosen("cpu", *gpu_problem()))
        model = self._load_base()
        if self.job.options.mode == "prototypes":
            return self._run_prototypes(model)
        known = model.config.has_head(self.template.id)
        if not known:
            model.add_template(self.template)
        model.config.landmark_order(self.template)  # refuses a model trained on other landmarks before any work
        trainer = self._make_trainer(model, known)
        if known and not (self.folder / CHECKPOINT).is_file():
            self._tell_where_it_begins(model, trainer)
        where = "GPU" if self.device.type == "cuda" else "CPU"
        text = f"Training on {len(self.training)} cases on the {where}, {trainer.plan.batch} at a time"
        self.report(PhaseStarted("train", text))
        return self._finish(model, run_until_told(trainer, self.control), trainer.plan.steps_per_epoch)

    def _tell_where_it_begins(self, model: LandmarkModel, trainer: Trainer) -> None:
        """The base's own error on the validation part, as epoch 0: what the curve is to be seen against."""
        self._leave_if_told()
        errors = None if self.control.stop.is_set() else trainer.validate(model)
        if errors is not None:
            self.report(EpochDone(0, None, errors.px, errors.mm))

    def _run_prototypes(self, model: LandmarkModel) -> RunResult:
        """Learn from examples without training; the seconds are those that it took."""
        began = time.monotonic()
        learned = learn_prototypes(
            model,
            [training_item(item, self.template) for item in self.training],
            self.template,
            device=self.device,
            each=self._tell_example,
        )
        if learned.left_out_cells is not None:
            self.report(LogLine(f"Left-out examples are found within {learned.left_out_cells:.1f} cells on average"))
        return self._finish(learned.model, RunState(used=time.monotonic() - began), 1)

    def _tell_example(self, position: int) -> None:
        self._leave_if_told()
        self.report(PhaseStarted("train", f"Looking at example {position + 1}"))

    def _finish(self, model: LandmarkModel, state: RunState, per_epoch: int) -> RunResult:
        model.fold_adapters()
        calibrations = self._calibrate(model)
        comparison, cover = self._compare(model, calibrations.get(self.template.id))
        if cover is not None and cover.is_refuted:
            calibrations = {}  # regions that do not hold are not drawn, and nothing is confirmed in bulk by them
        self.report(PhaseStarted("write", "Writing the candidate"))
        result = self._write(model, state, comparison, calibrations, per_epoch)
        self.report(Finished(str(result.candidate), comparison))
        return result

    def _load_base(self) -> LandmarkModel:
        return load_model(self.job.base_folder, base_folder=self.job.weights_folder)

    def _make_trainer(self, model: LandmarkModel, known: bool) -> Trainer:
        options = self.job.options
        assert options.mode != "prototypes"
        plan = make_plan(options, len(self.training), self.device.type, new_template=not known)
        learner = Learner(model, self.template, options.mode, plan.rate, self.device)
        return Trainer(
            learner,
            self._make_dataset(model),
            plan,
            options.seed,
            self.folder,
            validate=ValidationPart(self.validation, self.template, model.config, self.device),
            report=self.report,
            control=self.control,
        )

    def _make_dataset(self, model: LandmarkModel) -> LandmarkDataset:
        """The training pictures, all read now so that a missing one is told before hours of training."""
        items = [training_item(item, self.template) for item in self.training]
        dataset = LandmarkDataset(
            items,
            model.config,
            {self.template.id: self.template},
            augment_range(model, self.template),
        )
        for index, item in enumerate(self.training):
            self._leave_if_told()
            check_item(item)
            dataset.cached(index)
        return dataset

    def _leave_if_told(self) -> None:
        if self.control.abort.is_set():
            raise RunAbortedError

    def _compare(self, model: LandmarkModel, calibration: Calibration | None) -> tuple[dict[str, Any], Cover | None]:
        self.report(PhaseStarted("evaluate", f"Comparing on {len(self.locked)} locked cases"))
        cases = locked_cases(self.locked)
        predictions = self._predict_locked(model, self.job.name)
        cover = cover_of(predictions, cases, self.template, calibration)
        comparison = compare(
            cases,
            self.template,
            self._points_of(self._load_base(), self.job.base_model),
            points_of(self.job.name, predictions, self.template),
            best=self._best_points(),
            cover=cover,
            seed=self.job.options.seed,
        )
        return comparison, cover

    def _best_points(self) -> ModelPoints | None:
        if self.job.best_folder is None or self.job.best_model is None:
            return None
        return self._points_of(
            load_model(self.job.best_folder, base_folder=self.job.weights_folder), self.job.best_model
        )

    def _points_of(self, model: LandmarkModel, name: str) -> ModelPoints | None:
        if self.template.id not in model.config.templates:
            return None
        return points_of(name, self._predict_locked(model, name), self.template)

    def _predict_locked(self, model: LandmarkModel, name: str) -> list[Prediction]:
        def tell(position: int) -> None:
            self._leave_if_told()
            text = f"Comparing on locked cases: {name}, {position + 1} of {len(self.locked)}"
            self.report(PhaseStarted("evaluate", text))

        return predict_locked(Predictor(Engine(model, self.device), name), self.locked, self.template, tell)

    def _calibrate(self, model: LandmarkModel) -> dict[str, Calibration]:
        """What the candidate's figures are worth, from the validation cases; nothing where they are too few.

        The locked cases are not used: the gate measures on them whether the regions hold.
        """
        if len(self.validation) < MIN_IMAGES:
            return {}
        self.report(PhaseStarted("evaluate", f"Calibrating on {len(self.validation)} validation cases"))
        items = [training_item(item, self.template) for item in self.validation]
        predictions = predict_items(Predictor(Engine(model, self.device), self.job.name), items, self.template)
        fitted = calibrate_on(predictions, items, self.template)
        return {} if fitted is None else {self.template.id: fitted}

    def _write(
        self,
        model: LandmarkModel,
        state: RunState,
        comparison: dict[str, Any],
        calibrations: dict[str, Calibration],
        per_epoch: int,
    ) -> RunResult:
        candidate = self.folder / CANDIDATE
        if candidate.exists():  # of a run that was killed before it could tell
            shutil.rmtree(candidate)
        epochs = -(-state.step // per_epoch)
        provenance = self._provenance(state, epochs)
        model.config = model.config.model_copy(update={"name": self.job.name, "parent": self.job.base_model})
        card = write_card(self.job, self.template, provenance, comparison, model.config.license)
        metrics = {"comparison": comparison, "best_validation_error": state.best}
        write_package(
            candidate,
            model,
            card=card,
            metrics=metrics,
            provenance=provenance,
            templates=[self.template],
            calibrations=calibrations,
        )
        partial = self.folder / (COMPARISON + ".partial")
        partial.write_text(json.dumps(comparison, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(self.folder / COMPARISON)
        return RunResult(candidate, comparison, epochs, state.used, len(self.training), len(self.validation))

    def _provenance(self, state: RunState, epochs: int) -> dict[str, Any]:
        return {
            "kind": "fine-tune",
            "utc": utc_now(),
            "base_model": self.job.base_model,
            "snapshot_id": self.snapshot.id,
            "snapshot_sha256": self.snapshot.sha256,
            "locked_sha256": self.snapshot.locked_sha256,
            "n_train": len(self.training),
            "n_val": len(self.validation),
            "n_locked": len(self.locked),
            "epochs": epochs,
            "steps": state.step,
            "best_epoch": state.best_epoch or None,
            "seconds": round(state.used, 1),
            "options": self.job.options.model_dump(mode="json"),
            "device": str(self.device),
            "torch": torch.__version__,
        }


def augment_range(model: LandmarkModel, template: Template) -> AugmentRange:
    """Views for fine-tuning: around the box that inference uses, mirrored only if the base model was trained so.

    A template without left/right pairs is mostly seen in one direction, so it is mirrored seldom.
    """
    padding, usual = model.config.padding, AugmentRange()
    flip = 0.0
    if model.config.flip_trained:
        flip = 0.5 if any(mark.pair for mark in template.landmarks) else 0.15
    low, high = usual.scale
    return AugmentRange(scale=(low * padding, high * padding), flip=flip)
