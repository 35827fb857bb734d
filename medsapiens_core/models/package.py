"""Model packages: a network written to a folder, and read back only if nothing about it has changed.

An adapter package holds adapters and head only; its base is looked up by the SHA-256 in its config. Source:
formats.md 8.4, reliability.md 3.4.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.models.build import build_empty
from medsapiens_core.models.checkpoint import load_exactly, read_tensors
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.lora import is_lora_name, is_merged
from medsapiens_core.models.package_files import (
    CALIBRATION,
    MANIFEST,
    WEIGHTS,
    PackageError,
    check_templates,
    file_sha256,
    read_calibrations,
    read_config,
    read_templates,
    templates_json,
    verify_files,
    write_calibration,
    write_json,
    write_manifest,
    write_text,
)

__all__ = [
    "copy_with_calibration",
    "load_model",
    "read_calibrations",
    "read_config",
    "read_templates",
    "write_base",
    "write_package",
]

DTYPES = {"fp16": torch.float16, "fp32": torch.float32}
STORED_TYPES = ("F32", "F16", "BF16", "I64")
MAX_HEADER_BYTES = 16_000_000


def write_package(
    folder: Path,
    model: LandmarkModel,
    *,
    card: str,
    metrics: Mapping[str, Any],
    provenance: Mapping[str, Any],
    dtype: Literal["fp16", "fp32"] = "fp32",
    templates: Iterable[Template] = (),
    calibrations: Mapping[str, Calibration] | None = None,
) -> Path:
    """Write `model` as a package to `folder`, which must not exist yet; it appears whole or not at all.

    With `config.adapter` only adapters and head are written. `templates` describes templates that are not shipped,
    `calibrations` what the model's figures are worth, by template id.
    Returns `folder`. Raises UserError when the folder exists, ValueError for weights that are merged or not finite.
    """
    tensors = _tensors_to_write(model, DTYPES[dtype])
    with _building(folder) as staging:
        _save(tensors, staging / WEIGHTS)
        write_text(staging / "config.json", model.config.to_json())
        write_json(staging / "template.json", templates_json(model.config, templates))
        write_json(staging / "metrics.json", metrics)
        write_json(staging / "provenance.json", provenance)
        write_text(staging / "MODEL_CARD.md", card)
        if calibrations:
            write_calibration(staging, calibrations)
    return folder


def copy_with_calibration(package: Path, folder: Path, calibrations: Mapping[str, Calibration]) -> Path:
    """Write a package like `package` but with these calibrations to `folder`, which must not exist yet.

    It is another model: its id differs. Returns `folder`. Raises UserError when the package is damaged.
    """
    verify_files(package)
    with _building(folder) as staging:
        for path in sorted(package.iterdir()):
            if path.name not in (MANIFEST, CALIBRATION):
                shutil.copyfile(path, staging / path.name)
        write_calibration(staging, calibrations)
    return folder


@contextmanager
def _building(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` to write into; it gets its manifest and the name when the block ends well."""
    if folder.exists():
        raise UserError(f"{folder} exists already. Choose another name; a model package is never changed.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}.tmp"
    staging.mkdir()
    try:
        yield staging
        write_manifest(staging)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def load_model(folder: Path, *, base_folder: Path | None = None) -> LandmarkModel:
    """Read a package into a network in eval mode, on the CPU, float32, all parameters frozen.

    `base_folder` holds the base weights of adapter packages as `<sha256>.safetensors`; by default it is `base` beside
    the folder that packages lie in. Raises UserError when the package was altered, does not match its architecture
    exactly, has values that are not finite, or its base is not there.
    """
    folder = Path(folder)
    verify_files(folder)
    config = read_config(folder)
    check_templates(folder, config)
    tensors = _read_weights(folder / WEIGHTS)
    if config.adapter is not None:
        base = _read_base(config.adapter.base_sha256, base_folder or folder.parent.parent / "base", folder.name)
        if base.keys() & tensors.keys():
            raise PackageError(f"The model {folder.name} is an adapter and must not hold weights of its base.")
        tensors |= base
    try:
        model = build_empty(config)
    except ValueError as error:
        raise PackageError(f"The configuration of the model {folder.name} cannot be used: {error}.") from error
    load_exactly(model, tensors, f"The model {folder.name}")
    return model.requires_grad_(False).eval()


def write_base(model: LandmarkModel, base_folder: Path) -> str:
    """Store the weights that adapter packages of `model` leave out, and return the SHA-256 that names the file.

    float32, under the network's names; writing the same weights again changes nothing.
    """
    base_folder.mkdir(parents=True, exist_ok=True)
    staging = base_folder / f".{uuid.uuid4().hex[:8]}.tmp"
    try:
        _save({n: t for n, t in _state(model, torch.float32).items() if not _in_adapter(n)}, staging)
        digest = file_sha256(staging)
        staging.replace(base_folder / f"{digest}.safetensors")
    finally:
        staging.unlink(missing_ok=True)
    return digest


def _tensors_to_write(model: LandmarkModel, dtype: torch.dtype) -> dict[str, Tensor]:
    state = _state(model, dtype)
    if model.config.adapter is not None:
        state = {name: tensor for name, tensor in state.items() if _in_adapter(name)}
    bad = [name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())]
    if bad:
        raise ValueError(f"{bad[0]} is not finite as {dtype}; nothing was written")
    return state


def _state(model: LandmarkModel, dtype: torch.dtype) -> dict[str, Tensor]:
    """The state dict on the CPU, floats as `dtype`, every tensor with memory of its own."""
    if is_merged(model):
        raise ValueError("the adapters are merged into the weights; call unmerge_lora first")
    return {
        name: tensor.detach().to("cpu", dtype if tensor.is_floating_point() else tensor.dtype).clone().contiguous()
        for name, tensor in model.state_dict().items()
    }


def _in_adapter(name: str) -> bool:
    return name.startswith(("head.", "prototypes.")) or is_lora_name(name)


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    save_file(tensors, path)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a package's weight file, after a look at its header."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise PackageError(f"{path.name} of the model {path.parent.name} has a header of {length} bytes: refused.")
        header = stream.read(length)
    try:
        kinds = {entry["dtype"] for name, entry in json.loads(header).items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PackageError(f"{path.name} of the model {path.parent.name} has a damaged header.") from error
    if not kinds <= set(STORED_TYPES):
        raise PackageError(f"The model {path.parent.name} has numbers of a kind that is not read: {sorted(kinds)}.")
    return read_tensors(path)


def _read_base(sha256: str, base_folder: Path, name: str) -> dict[str, Tensor]:
    path = base_folder / f"{sha256}.safetensors"
    if not path.is_file():
        raise PackageError(
            f"The model {name} is an adapter for base weights that are not in {base_folder} (SHA-256 {sha256[:12]}…). "
            "Import it again together with its base checkpoint."
        )
    if file_sha256(path) != sha256:
        raise PackageError(f"The base weights {path} of the model {name} are damaged. Import them again.")
    return read_tensors(path)
