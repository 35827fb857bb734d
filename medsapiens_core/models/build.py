"""From a config to a network."""

from __future__ import annotations

import torch

from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.landmark_model import LandmarkModel
from medsapiens_core.models.sapiens import SapiensLandmarkModel


def build_model(config: ModelConfig) -> LandmarkModel:
    """Build the network that `config` describes, with random weights. Raises ValueError when it makes no sense."""
    if config.kind == "sapiens":
        return SapiensLandmarkModel(config)
    from medsapiens_core.models.compact import CompactLandmarkModel

    return CompactLandmarkModel.build(config)


def build_empty(config: ModelConfig) -> LandmarkModel:
    """Build the network for weights that are assigned next; where it is large, without spending memory on it.

    Only the Sapiens model is built on the `meta` device: all its tensors are in its state dict.
    """
    if config.kind != "sapiens":
        return build_model(config)
    with torch.device("meta"):
        return build_model(config)
