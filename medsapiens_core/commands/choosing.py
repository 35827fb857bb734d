"""Which template, which model: names on the command line to objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import find_template, load_template
from medsapiens_core.errors import UserError
from medsapiens_core.store.library import ModelEntry, ModelLibrary

if TYPE_CHECKING:
    from medsapiens_core.inference.predictor import Predictor


def choose_template(name: str) -> Template:
    """A shipped template by id, or a template file by path. Raises UserError."""
    return load_template(Path(name)) if name.endswith(".json") else find_template(name)


def choose_model(library: ModelLibrary, template: Template, name: str | None) -> ModelEntry:
    """The named model, else the one in use for the template. Raises UserError."""
    if name is not None:
        return library.get(name)
    entry = library.current(template.id)
    if entry is None:
        raise UserError(
            f"There is no model for template {template.id} yet. Name one with --model, or make one with "
            "`medsapiens finetune --base MODEL`."
        )
    return entry


def load_predictor(library: ModelLibrary, entry: ModelEntry, template: Template, device: str) -> Predictor:
    """Load the model; refuses one that does not know the template before any picture is read."""
    from medsapiens_core.inference.predictor import Predictor

    predictor = Predictor.load(entry.folder, device, model_id=entry.id, base_folder=library.home / "base")
    predictor.config.landmark_order(template)
    return predictor
