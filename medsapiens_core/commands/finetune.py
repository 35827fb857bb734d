"""`medsapiens finetune`: adapt a model to labelled pictures and add it to the library as a candidate."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from medsapiens_core.commands.choosing import choose_model, choose_template
from medsapiens_core.commands.output import JSON_OPTION, note, result
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.store.library import NAME_RULE, ModelEntry, ModelLibrary
from medsapiens_core.training.coco import read_coco
from medsapiens_core.training.config import TrainingJob, TrainingOptions
from medsapiens_core.training.progress import EpochDone, LogLine, Message, PhaseStarted, StepDone

TELL_EVERY = 15.0  # seconds


def finetune(
    *,
    coco: Annotated[Path, typer.Option(help="COCO keypoints file.")],
    images: Annotated[Path, typer.Option(help="Folder of the pictures that it names.")],
    template: Annotated[str, typer.Option(help="Template id, e.g. ceph-19, or a template file.")],
    name: Annotated[str, typer.Option(help="Name of the new model.")],
    base: Annotated[str | None, typer.Option(help="Model to begin from; default: the one in use.")] = None,
    shots: Annotated[int | None, typer.Option(help="Use only so many images, chosen by the seed.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Time limit of the training itself.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the images; default: by their number.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    mode: Annotated[
        str,
        typer.Option(
            help="What is trained: head, adapt, lora, experts or full; prototypes learns a new template from 1 to 10 "
            "images."
        ),
    ] = "adapt",
    as_json: Annotated[bool, JSON_OPTION] = False,
) -> None:
    """Adapt a model to labelled pictures. The new model is a candidate: `medsapiens models promote` puts it in use.

    With more than 50 images a tenth of them (20 at most) is held out to find the best epoch; n_train counts the rest.
    `--mode prototypes` trains nothing: the landmarks are found by likeness to the examples, in seconds.
    """
    began = time.perf_counter()
    library, chosen = ModelLibrary(), choose_template(template)
    _check_name(library, name)
    entry = choose_model(library, chosen, base)
    options = _options(minutes=minutes, epochs=epochs, seed=seed, device=device, mode=mode)
    folder = _prepare(library, chosen, entry, name, options=options, coco=coco, images=images, shots=shots)
    from medsapiens_core.training.job import run_job

    run = run_job(folder, _Reporter())
    library.add(run.candidate, name)
    seconds = time.perf_counter() - began
    value = {
        "model": name,
        "epochs": run.epochs,
        "seconds": seconds,
        "n_train": run.n_train,
        "n_val": run.n_val,
        "base": entry.id,
        "run": str(folder),
    }
    what = "by likeness to" if mode == "prototypes" else f"{run.epochs} epochs on"
    text = f"{name}: {what} {run.n_train} images in {seconds:.0f} s. It is a candidate for {chosen.id}."
    result(value, text, as_json=as_json)


def _check_name(library: ModelLibrary, name: str) -> None:
    """Refuse a name that the library will refuse, before the training and not after it."""
    if NAME_RULE.fullmatch(name) is None or name.startswith("."):
        raise UserError(f"{name!r} cannot be the name of a model: use 1 to 64 letters, digits, dots, - or _.")
    if name.casefold() in {entry.name.casefold() for entry in library.list()}:
        raise UserError(f"There is a model {name} in the library already. Choose another name.")


def _options(**values: Any) -> TrainingOptions:
    from pydantic import ValidationError

    try:
        return TrainingOptions(**values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UserError(f"--{first['loc'][0]}: {first['msg']}.") from error


def _prepare(
    library: ModelLibrary,
    template: Template,
    base: ModelEntry,
    name: str,
    *,
    options: TrainingOptions,
    coco: Path,
    images: Path,
    shots: int | None,
) -> Path:
    """Write snapshot and job into a new run folder below the library."""
    from medsapiens_core.training.snapshot_items import snapshot_from_coco

    snapshot = snapshot_from_coco(read_coco(coco, images, template), template, shots=shots, seed=options.seed)
    folder = library.home / "runs" / f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{snapshot.id[:6]}"
    folder.mkdir(parents=True)
    path = folder / "snapshot.json"
    path.write_text(json.dumps(snapshot.to_json()), encoding="utf-8")
    job = TrainingJob.create(
        snapshot=path,
        base_folder=base.folder,
        base_model=base.id,
        weights_folder=library.home / "base",
        name=name,
        template=template,
        options=options,
    )
    job.write(folder)
    return folder


class _Reporter:
    """Tells the progress on standard error, not more often than every 15 seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = 0.0

    def __call__(self, message: Message) -> None:
        """Tell a message of the run if it is worth it."""
        now = time.monotonic()
        with self._lock:
            if isinstance(message, PhaseStarted | LogLine):
                note(message.text)
            elif isinstance(message, EpochDone) and message.val_mre_px is not None:
                note(f"epoch {message.epoch}: validation error {message.val_mre_px:.2f} px")
            elif isinstance(message, StepDone) and now - self._told > TELL_EVERY:
                self._told = now
                left = "" if message.seconds_left is None else f", about {message.seconds_left / 60:.0f} min left"
                loss = "not finite" if message.loss is None else f"{message.loss:.4f}"
                note(f"step {message.step} of {message.steps}, loss {loss}{left}")
