"""Tiny networks, and checkpoints in the original layouts with random weights."""

import torch
from torch import Tensor

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.models.build import build_model
from medsapiens_core.models.config import LoraConfig, ModelConfig, SapiensArchitecture, TemplateChannels

INPUT = (96, 128)
DIM, DEPTH, HEADS, FFN, HEAD_WIDTH = 24, 2, 3, 48, 8


def template(count: int = 5, template_id: str = "tiny", version: int = 1) -> Template:
    marks = tuple(Landmark(f"p{k}", f"Point {k}", f"P{k}", "A point.") for k in range(count))
    return Template(template_id, version, "Tiny", marks)


def config(*, lora: bool = False, templates: tuple[Template, ...] = (template(),), **options) -> ModelConfig:
    architecture = SapiensArchitecture(
        embed_dim=DIM,
        depth=DEPTH,
        num_heads=HEADS,
        ffn_dim=FFN,
        position_grid=(6, 8),
        deconv_channels=(HEAD_WIDTH, HEAD_WIDTH),
        conv_channels=(HEAD_WIDTH, HEAD_WIDTH),
        lora=LoraConfig() if lora else None,
    )
    values = {
        "name": "tiny",
        "architecture": architecture.model_dump(mode="json"),
        "input_size": INPUT,
        "heatmap_size": (24, 32),
        "sigma": 2.0,
        "templates": {t.id: TemplateChannels(version=t.version, landmarks=t.ids) for t in templates},
        "license": "test",
    }
    return ModelConfig.model_validate(values | options)


def model(seed: int = 0, **options):
    """A tiny Sapiens model with weights large enough to matter, adapters included, in eval mode."""
    network = build_model(config(**options))
    randomise(network, seed)
    return network.eval()


def randomise(network: torch.nn.Module, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)


def picture(seed: int = 1, batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, INPUT[1], INPUT[0], generator=torch.Generator().manual_seed(seed))


def pretraining_tensors(seed: int = 2, side: int = 8) -> dict[str, Tensor]:
    """A checkpoint as the masked autoencoder leaves it: no prefix, class token, a square position table."""
    shapes = {
        "cls_token": (1, 1, DIM),
        "pos_embed": (1, 1 + side * side, DIM),
        "patch_embed.projection.weight": (DIM, 3, 16, 16),
        "patch_embed.projection.bias": (DIM,),
        "ln1.weight": (DIM,),
        "ln1.bias": (DIM,),
    }
    for n in range(DEPTH):
        shapes |= {
            f"layers.{n}.ln1.weight": (DIM,),
            f"layers.{n}.ln1.bias": (DIM,),
            f"layers.{n}.attn.qkv.weight": (3 * DIM, DIM),
            f"layers.{n}.attn.qkv.bias": (3 * DIM,),
            f"layers.{n}.attn.proj.weight": (DIM, DIM),
            f"layers.{n}.attn.proj.bias": (DIM,),
            f"layers.{n}.ln2.weight": (DIM,),
            f"layers.{n}.ln2.bias": (DIM,),
            f"layers.{n}.ffn.layers.0.0.weight": (FFN, DIM),
            f"layers.{n}.ffn.layers.0.0.bias": (FFN,),
            f"layers.{n}.ffn.layers.1.weight": (DIM, FFN),
            f"layers.{n}.ffn.layers.1.bias": (DIM,),
        }
    return _random(shapes, seed)


def head_tensors(count: int = 5, seed: int = 3) -> dict[str, Tensor]:
    shapes = {
        "head.deconv_layers.0.weight": (DIM, HEAD_WIDTH, 4, 4),
        "head.deconv_layers.3.weight": (HEAD_WIDTH, HEAD_WIDTH, 4, 4),
        "head.conv_layers.0.weight": (HEAD_WIDTH, HEAD_WIDTH, 1, 1),
        "head.conv_layers.0.bias": (HEAD_WIDTH,),
        "head.conv_layers.3.weight": (HEAD_WIDTH, HEAD_WIDTH, 1, 1),
        "head.conv_layers.3.bias": (HEAD_WIDTH,),
        "head.final_layer.weight": (count, HEAD_WIDTH, 1, 1),
        "head.final_layer.bias": (count,),
    }
    return _random(shapes, seed)


def pose_tensors(count: int = 5) -> dict[str, Tensor]:
    """A pose checkpoint: prefixes, no class token, the position table of the trained grid."""
    backbone = pretraining_tensors()
    del backbone["cls_token"]
    backbone["pos_embed"] = _random({"pos": (1, 48, DIM)}, 4)["pos"]
    return {f"backbone.{k}": v for k, v in backbone.items()} | head_tensors(count)


def lora_tensors(count: int = 5, seed: int = 5) -> dict[str, Tensor]:
    """A MedSapiens checkpoint: adapters and head only."""
    shapes = {}
    for n in range(DEPTH):
        prefix = f"backbone.module.layers.{n}.attn"
        shapes |= {
            f"{prefix}.qkv.lora_down.weight": (4, DIM),
            f"{prefix}.qkv.lora_up.weight": (3 * DIM, 4),
            f"{prefix}.proj.lora_down.weight": (8, DIM),
            f"{prefix}.proj.lora_up.weight": (DIM, 8),
        }
    return _random(shapes, seed) | head_tensors(count)


def _random(shapes: dict[str, tuple[int, ...]], seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) * 0.3 for name, shape in shapes.items()}
