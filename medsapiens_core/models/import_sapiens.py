"""The original checkpoints of Sapiens and MedSapiens as networks of ours.

Layouts: pose files (`backbone.` and `head.`), pretraining files (no prefix, or `backbone.` with a decoder beside it),
and MedSapiens files that hold only adapters and a head and need the pretraining file as base. Source: methods.md 2, 3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

from medsapiens_core.geometry import Size
from medsapiens_core.models.checkpoint import CheckpointError, load_exactly, read_tensors
from medsapiens_core.models.config import (
    GreyRecipe,
    LoraConfig,
    LoraTarget,
    ModelConfig,
    SapiensArchitecture,
    TemplateChannels,
)
from medsapiens_core.models.sapiens import SapiensLandmarkModel
from medsapiens_core.models.sapiens_names import SapiensTensors, sort_tensors, take_position_grid, tensor_of
from medsapiens_core.models.vit import VARIANTS, SapiensBackbone, token_grid

LICENSE = "CC BY-NC 4.0 (Sapiens weights, Meta Platforms): non-commercial use only"
DEFAULT_INPUT: Size = (768, 1024)
PLACEHOLDER = "imported"  # template id while nobody has said what the channels mean


def load_landmark_model(
    checkpoint: str | Path,
    *,
    base: str | Path | None = None,
    num_heads: int | None = None,
    input_size: Size = DEFAULT_INPUT,
) -> SapiensLandmarkModel:
    """Load a Sapiens pose or MedSapiens checkpoint for inference.

    `base` is the pretraining file that a MedSapiens adapter file needs; `num_heads` is known for the released sizes
    and must be given for others; `input_size` is (width, height). Returns a module in eval mode, normalised
    (B, 3, H, W) -> heatmaps (B, K, H/4, W/4), with a placeholder for its template. Raises CheckpointError for a file
    that is not safe, not finite, or does not match to the last tensor.
    """
    path = Path(checkpoint)
    tensors = sort_tensors(read_tensors(path), path.name)
    if not tensors.head:
        raise CheckpointError(
            f"{path.name} holds no heatmap head, so it cannot place landmarks. Give a pose or MedSapiens checkpoint "
            "(a pretraining file can only be its base)."
        )
    backbone = _find_backbone(tensors, path.name, None if base is None else Path(base))
    architecture = infer_architecture(backbone, path.name, num_heads, input_size)
    config = _config(path, tensors, architecture, (int(input_size[0]), int(input_size[1])))
    with torch.device("meta"):
        model = SapiensLandmarkModel(config)
    parts = {"backbone": backbone | tensors.lora, "head": tensors.head}
    named = {f"{part}.{name}": value for part, members in parts.items() for name, value in members.items()}
    load_exactly(model, named, path.name)
    return model.requires_grad_(False).eval()


def load_backbone(
    checkpoint: str | Path, *, num_heads: int | None = None, input_size: Size = DEFAULT_INPUT
) -> SapiensBackbone:
    """Load the backbone of a Sapiens pretraining or pose file, in eval mode: (B, 3, H, W) -> (B, D, H/16, W/16).

    A head in the file is left alone. `input_size` (width, height) tells the shape of a position table that is not
    square. Raises CheckpointError.
    """
    path = Path(checkpoint)
    tensors = sort_tensors(read_tensors(path), path.name).backbone
    architecture = infer_architecture(tensors, path.name, num_heads, input_size)
    with torch.device("meta"):
        backbone = SapiensBackbone(architecture)
    load_exactly(backbone, tensors, path.name)
    return backbone.requires_grad_(False).eval()


def infer_architecture(
    backbone: dict[str, Tensor], source: str, num_heads: int | None, input_size: Size
) -> SapiensArchitecture:
    """Read the network's numbers off its tensors (our names); takes a class slot out of the table, in place."""
    dim = tensor_of(backbone, "patch.weight", 4, source).shape[0]
    heads = num_heads or {variant.embed_dim: variant.num_heads for variant in VARIANTS.values()}.get(dim)
    if heads is None:
        raise CheckpointError(
            f"{source} has a token width of {dim}, which is none of the released sizes "
            f"({', '.join(VARIANTS)}). Give the number of attention heads (num_heads)."
        )
    blocks = {found[1] for name in backbone if (found := re.match(r"blocks\.(\d+)\.", name))}
    try:
        return SapiensArchitecture(
            embed_dim=dim,
            depth=len(blocks),
            num_heads=heads,
            ffn_dim=tensor_of(backbone, "blocks.0.fc1.weight", 2, source).shape[0],
            position_grid=take_position_grid(backbone, token_grid(input_size), source),
        )
    except ValidationError as error:
        raise CheckpointError(f"{source} cannot be loaded: {error.errors()[0]['msg']}.") from error


def _find_backbone(tensors: SapiensTensors, source: str, base: Path | None) -> dict[str, Tensor]:
    """The file's own backbone, or for an adapter file that of its base."""
    if tensors.backbone:
        if base is not None:
            raise CheckpointError(f"{source} has a backbone of its own; load it without a base.")
        return tensors.backbone
    if base is None:
        raise CheckpointError(
            f"{source} holds only adapters and a head. Give the Sapiens pretraining checkpoint that they were trained "
            "on as base."
        )
    base_tensors = sort_tensors(read_tensors(base), base.name)
    if base_tensors.head or base_tensors.lora:
        raise CheckpointError(
            f"{base.name} is not a pretraining checkpoint (it has a head or adapters). Adapters only fit the backbone "
            "that they were trained on: give the Sapiens pretraining file as base."
        )
    return base_tensors.backbone


def _config(path: Path, tensors: SapiensTensors, architecture: SapiensArchitecture, input_size: Size) -> ModelConfig:
    """The config of an imported network: the original's box, warp and use of 8-bit pixels as they are."""
    up, mix = (_widths(tensors.head, part, path.name) for part in ("up", "mix"))
    count = tensor_of(tensors.head, "out.weight", 4, path.name).shape[0]
    columns, rows = (length * 2 ** len(up) for length in token_grid(input_size))
    numbers = {"deconv_channels": up, "conv_channels": mix, "lora": _lora(tensors.lora)}
    landmarks = tuple(f"landmark_{k + 1}" for k in range(count))
    return ModelConfig(
        name=re.sub(r"[^A-Za-z0-9._-]", "_", path.stem)[:64],
        architecture=architecture.model_copy(update=numbers).model_dump(mode="json"),
        input_size=input_size,
        heatmap_size=(columns, rows),
        padding=1.25,
        reference_warp=True,
        sigma=3.0,
        grey=GreyRecipe(eight_bit_as_is=True),
        templates={PLACEHOLDER: TemplateChannels(version=1, landmarks=landmarks)},
        license=LICENSE,
    )


def _widths(head: Mapping[str, Tensor], part: str, source: str) -> tuple[int, ...]:
    """Output channels of each layer of one part of the head; transposed convolutions have them on axis 1."""
    count = sum(name.startswith(f"{part}.") and name.endswith(".weight") for name in head)
    axis = 1 if part == "up" else 0
    return tuple(tensor_of(head, f"{part}.{k}.weight", 4, source).shape[axis] for k in range(count))


def _lora(tensors: Mapping[str, Tensor]) -> LoraConfig | None:
    """MedSapiens' targets with the file's ranks and alpha = rank; None for a file without adapters."""
    if not tensors:
        return None
    targets = dict(LoraConfig().targets)
    for target in targets:
        down = tensors.get(f"blocks.0.{target}.lora_down.weight")
        if down is not None and down.ndim == 2 and down.shape[0] > 0:
            targets[target] = LoraTarget(rank=down.shape[0], alpha=down.shape[0])
    return LoraConfig(targets=targets)
