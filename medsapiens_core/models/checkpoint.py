"""Weight files, read safely and matched exactly.

A pickle is only ever read with torch's weights-only reader, and there is no second try with anything else. Loading
fails unless names, shapes and values all fit. Source: formats.md 8.4, reliability.md 3.4 (M1-M3).
"""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from medsapiens_core.errors import UserError

WRAPPERS = ("state_dict", "model", "module")
FLOAT_TYPES = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
INTEGER_TYPES = (torch.int64, torch.int32)


class CheckpointError(UserError):
    """A weight file that is refused; the message names the file and the reason."""


@dataclass(frozen=True)
class MatchReport:
    """How the tensors of a file fit a network, by the network's names."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong_shape: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """True when every tensor of either side has its partner."""
        return not (self.missing or self.unexpected or self.wrong_shape)

    def __str__(self) -> str:
        parts = [f"{len(self.matched)} tensors matched"]
        for label, names in (
            ("missing", self.missing),
            ("not expected", self.unexpected),
            ("of another shape", self.wrong_shape),
        ):
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                parts.append(f"{len(names)} {label} ({', '.join(names[:3])}{more})")
        return "; ".join(parts)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read all tensors of a `.safetensors` file or a torch checkpoint, under the names in the file.

    A `state_dict` wrapper is opened; what is beside it is left alone. Nothing in the file is executed. Raises
    CheckpointError when the file is not a plain table of finite dense tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path} is not a file. Give the path of a checkpoint (.pth, .pt or .safetensors).")
    content: Any = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path.name} holds no table of weights.")
    return {_checked_name(path, name): _checked(path, name, value) for name, value in content.items()}


def match(module: nn.Module, tensors: Mapping[str, Tensor]) -> MatchReport:
    """Compare the tensors of a file, in the network's names, with what `module` needs."""
    wanted = module.state_dict()
    common = [name for name in wanted if name in tensors]
    wrong = [name for name in common if wanted[name].shape != tensors[name].shape]
    return MatchReport(
        matched=tuple(name for name in common if name not in set(wrong)),
        missing=tuple(name for name in wanted if name not in tensors),
        unexpected=tuple(name for name in tensors if name not in wanted),
        wrong_shape=tuple(f"{n} {list(tensors[n].shape)} instead of {list(wanted[n].shape)}" for n in wrong),
    )


def load_exactly(module: nn.Module, tensors: Mapping[str, Tensor], source: str) -> MatchReport:
    """Give `module` (also one built on the `meta` device) these weights, copied and as float32 where they are floats.

    Raises CheckpointError naming `source` unless every tensor of either side has a partner of the same shape.
    """
    report = match(module, tensors)
    if not report.is_exact:
        raise CheckpointError(f"{source} does not fit this network and was not loaded: {report}.")
    copies = {
        name: value.to(torch.float32 if value.is_floating_point() else value.dtype, copy=True)
        for name, value in tensors.items()
    }
    module.load_state_dict(copies, strict=True, assign=True)
    return report


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path.name} is damaged or not a safetensors file ({_first_line(error)}).") from error


def _read_torch(path: Path) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):  # on unusual pickles: what cannot be read is refused anyway
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # the reader answers damaged bytes with almost any exception
        refused = re.search(r"GLOBAL ([\w.]+)", str(error)) if isinstance(error, pickle.UnpicklingError) else None
        if refused is None:
            raise CheckpointError(
                f"{path.name} is damaged or not a torch checkpoint ({_first_line(error)})."
            ) from error
        raise CheckpointError(
            f"{path.name} holds more than weights ({refused[1]}) and was refused, because opening it could run a "
            "program hidden in it. Save its state_dict alone, best as .safetensors, where the file comes from."
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _checked_name(path: Path, name: Any) -> str:
    if not isinstance(name, str):
        raise CheckpointError(f"{path.name} is no table of weights: an entry is called {name!r}.")
    return name


def _checked(path: Path, name: str, value: Any) -> Tensor:
    """The tensor, if it is dense, backed by its own bytes (no trick of strides), of a usable type, and finite."""
    if not isinstance(value, Tensor):
        raise CheckpointError(f"{path.name} is no table of weights: {name} is a {type(value).__name__}.")
    tensor = value.detach()
    if tensor.layout is not torch.strided or tensor.is_meta or tensor.dtype not in FLOAT_TYPES + INTEGER_TYPES:
        raise CheckpointError(f"{path.name}: {name} is of a kind that is not read ({tensor.dtype}, {tensor.layout}).")
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise CheckpointError(f"{path.name}: {name} claims more values than the file holds.")
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise CheckpointError(f"{path.name}: {name} has values that are not numbers (NaN or infinite). It is damaged.")
    return tensor
