"""A fine-tuning job, `RUNFOLDER/job.json`. Torch-free: the window writes it, the child process reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import template_from_json, template_to_json
from medsapiens_core.errors import UserError

JOB_FILE = "job.json"
MAX_JOB_BYTES = 8_000_000


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainingOptions(_Frozen):
    """What a person may choose. None means: decide by the number of cases and the device.

    `minutes` bounds the training itself, not reading the images before and the evaluation after it.
    `mode` names what is trained (`LandmarkModel.trainable_parameters`), or `prototypes`: nothing is, a new template is
    learned by likeness to at most 10 cases (`learn_prototypes`).
    """

    minutes: Annotated[float, Field(gt=0, le=100_000)] | None = None
    epochs: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    mode: Literal["head", "adapt", "lora", "experts", "full", "prototypes"] = "adapt"
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda|cuda:\d+)$")] = "auto"
    batch_size: Annotated[int, Field(ge=1, le=256)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None


class TrainingJob(_Frozen):
    """Everything that a training process needs to know.

    `snapshot` is a frozen `TrainingSnapshot` file; `base_folder` the package that training starts from, known to the
    registry as `base_model`; `weights_folder` holds the shared weights of adapter packages (default: `base` beside the
    folder that packages lie in); `name` is the candidate's; `template` is an `mstemplate/1` object. `best_folder` and
    `best_model` are the best model that was ever promoted, where that is not the one training starts from.
    """

    format: Literal["msjob/1"] = "msjob/1"
    snapshot: Path
    base_folder: Path
    base_model: str
    weights_folder: Path | None = None
    best_folder: Path | None = None
    best_model: str | None = None
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    template: dict[str, Any]
    options: TrainingOptions = TrainingOptions()

    @property
    def landmark_template(self) -> Template:
        """The template as a `Template`. Raises TemplateError."""
        return template_from_json(self.template)

    @classmethod
    def create(
        cls,
        *,
        snapshot: Path,
        base_folder: Path,
        base_model: str,
        name: str,
        weights_folder: Path | None = None,
        template: Template,
        options: TrainingOptions | None = None,
        best: tuple[Path, str] | None = None,
    ) -> TrainingJob:
        """Make a job; raises UserError for a name that cannot be a folder's or an option out of range."""
        try:
            return cls(
                snapshot=snapshot.absolute(),
                base_folder=base_folder.absolute(),
                base_model=base_model,
                weights_folder=None if weights_folder is None else weights_folder.absolute(),
                best_folder=None if best is None else best[0].absolute(),
                best_model=None if best is None else best[1],
                name=name,
                template=template_to_json(template),
                options=options or TrainingOptions(),
            )
        except ValidationError as error:
            raise UserError(f"This training job cannot be started: {_first(error)}") from error

    def write(self, folder: Path) -> Path:
        """Write `job.json` into a run folder, which is made if needed."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / JOB_FILE
        path.write_text(json.dumps(self.model_dump(mode="json"), indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, folder: Path) -> TrainingJob:
        """Read `job.json` of a run folder. Raises UserError when it is missing or not a job."""
        path = folder / JOB_FILE
        try:
            if path.stat().st_size > MAX_JOB_BYTES:
                raise UserError(f"{path} is too large to be a training job.")
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise UserError(f"The run folder {folder} has no readable {JOB_FILE}: {error.strerror}.") from error
        except ValidationError as error:
            raise UserError(f"{path} is not a training job: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}."
