"""Names in the original checkpoints -> names in our modules, and what a checkpoint tells of its network.

Source: methods.md 2.5. Names that have no place here are kept as they are, so that strict loading reports them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from medsapiens_core.geometry import Size
from medsapiens_core.models.checkpoint import CheckpointError
from medsapiens_core.models.lora import is_lora_name

NATIVE_GRID = (48, 64)  # tokens of the released pose models, 768 x 1024 pixels
_DROPPED = ("neck.", "mask_token", "backbone.mask_token", "data_preprocessor.")  # decoder of the masked autoencoder
_BACKBONE = (
    (r"patch_embed\.projection\.", r"patch."),
    (r"pos_embed$", r"position"),
    (r"ln1\.", r"norm_out."),
    (r"layers\.(\d+)\.ln([12])\.", r"blocks.\1.norm\2."),
    (r"layers\.(\d+)\.attn\.(qkv|proj)\.(?:original_layer\.)?", r"blocks.\1.\2."),
    (r"layers\.(\d+)\.ffn\.layers\.0\.0\.", r"blocks.\1.fc1."),
    (r"layers\.(\d+)\.ffn\.layers\.1\.", r"blocks.\1.fc2."),
)
_HEAD_STEP = 3  # layer, norm, activation: only the first of the three has weights


@dataclass(frozen=True)
class SapiensTensors:
    """A checkpoint in our names, without the prefixes `backbone.` and `head.`."""

    backbone: dict[str, Tensor]
    lora: dict[str, Tensor]
    head: dict[str, Tensor]


def sort_tensors(tensors: Mapping[str, Tensor], source: str) -> SapiensTensors:
    """Rename and sort the tensors of a checkpoint. Raises CheckpointError when two names mean the same tensor."""
    result = SapiensTensors({}, {}, {})
    for key, value in tensors.items():
        name = key.removeprefix("module.")
        if name.startswith(_DROPPED):
            continue
        if name.startswith("head."):
            part, ours = result.head, _head_name(name.removeprefix("head."))
        else:
            ours = _backbone_name(name.removeprefix("backbone.").removeprefix("module."))
            part = result.lora if is_lora_name(ours) else result.backbone
        if ours in part:
            raise CheckpointError(f"{source} holds two tensors for {ours}; it is not a Sapiens checkpoint.")
        part[ours] = value
    return result


def take_position_grid(backbone: dict[str, Tensor], grid: Size, source: str) -> Size:
    """Drop the class token and its slot from `backbone`, in place, and return the table's grid (columns, rows).

    `grid` is that of the wanted input; a table of another length is square, or that of the released pose models. A
    file that has lost its class token but kept the slot is known by its length, a square and one.
    """
    has_class_token = backbone.pop("cls_token", None) is not None
    table = tensor_of(backbone, "position", 3, source)
    for slots in (1,) if has_class_token else (0, 1):
        found = _grid_of(table.shape[1] - slots, grid)
        if found is not None:
            backbone["position"] = table[:, slots:]
            return found
    raise CheckpointError(
        f"{source} has a position table of {table.shape[1]} entries, which fits neither a square nor {grid[0]} x "
        f"{grid[1]} tokens. Give the input size (width, height) that it was trained with."
    )


def _grid_of(count: int, wanted: Size) -> Size | None:
    for columns, rows in (wanted, NATIVE_GRID, (math.isqrt(max(count, 0)),) * 2):
        if columns * rows == count > 0:
            return columns, rows
    return None


def tensor_of(tensors: Mapping[str, Tensor], name: str, ndim: int, source: str) -> Tensor:
    """A tensor that the network cannot do without, with that many axes. Raises CheckpointError."""
    tensor = tensors.get(name)
    if tensor is None or tensor.ndim != ndim or 0 in tensor.shape:
        state = "is missing" if tensor is None else f"has the shape {list(tensor.shape)}"
        raise CheckpointError(f"{source} is not a Sapiens checkpoint: {name} {state}.")
    return tensor


def _backbone_name(name: str) -> str:
    for pattern, replacement in _BACKBONE:
        renamed, count = re.subn("^" + pattern, replacement, name)
        if count:
            return renamed
    return name


def _head_name(name: str) -> str:
    layer = re.match(r"^(deconv|conv)_layers\.(\d+)\.(\w+)$", name)
    if layer and int(layer[2]) % _HEAD_STEP == 0:
        return f"{'up' if layer[1] == 'deconv' else 'mix'}.{int(layer[2]) // _HEAD_STEP}.{layer[3]}"
    return re.sub(r"^final_layer\.", "out.", name)
