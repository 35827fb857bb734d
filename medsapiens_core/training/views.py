"""Teaching a compact network how a picture lies and which anatomy it shows (`models/view_head.py`).

The head learns on features of the trained encoder, which stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from medsapiens_core.inference.engines import Engine, autocast
from medsapiens_core.inference.view import View
from medsapiens_core.models.compact import VIEW_STAGE, Anatomy, CompactLandmarkModel
from medsapiens_core.models.view_head import ViewLogits, upright_logits
from medsapiens_core.training.view_pictures import Shown

EPOCHS, BATCH, RATE = 40, 64, 2e-3


def with_view_head(model: CompactLandmarkModel, anatomies: Sequence[Anatomy]) -> CompactLandmarkModel:
    """The same network with a new view head for `anatomies`."""
    told = [anatomy.model_dump(mode="json") for anatomy in anatomies]
    config = model.config.model_copy(update={"architecture": {**model.config.architecture, "anatomies": told}})
    result = CompactLandmarkModel.build(config)
    kept = {key: value for key, value in model.state_dict().items() if not key.startswith("view_head.")}
    result.load_state_dict({**result.state_dict(), **kept})
    return result


def view_features(model: CompactLandmarkModel, pictures: Sequence[Shown], device: torch.device) -> Tensor:
    """The encoder's features (N, C, h, w) half precision that the head reads."""
    model = model.to(device).eval()
    parts = []
    with torch.inference_mode(), autocast(device):
        for start in range(0, len(pictures), 16):
            x = torch.from_numpy(np.stack([shown.pixels for shown in pictures[start : start + 16]]))
            parts.append(model.encoder(x.to(device))[VIEW_STAGE].half().cpu())
    return torch.cat(parts)


def view_loss(said: ViewLogits, pictures: Sequence[Shown], anatomies: Sequence[Anatomy]) -> Tensor:
    """Cross-entropies of anatomy, view and inversion; what is none of the anatomies has no view."""
    loss = F.cross_entropy(said.anatomy, torch.tensor([shown.anatomy for shown in pictures]))
    for sided in (True, False):
        rows = [k for k, s in enumerate(pictures) if s.anatomy < len(anatomies) and anatomies[s.anatomy].sided == sided]
        if rows:
            target = torch.tensor([pictures[k].view.index if sided else pictures[k].view.turns for k in rows])
            share = len(rows) / len(pictures)
            loss = loss + share * F.cross_entropy(upright_logits(said.view[rows], sided=sided), target)
    rows = [k for k, shown in enumerate(pictures) if shown.anatomy < len(anatomies)]
    inverted = torch.tensor([float(pictures[k].view.inverted) for k in rows])
    return loss + F.binary_cross_entropy_with_logits(said.inverted[rows], inverted)


def train_view_head(
    model: CompactLandmarkModel, pictures: Sequence[Shown], anatomies: Sequence[Anatomy], seed: int = 0
) -> None:
    """Teach the head of `model` on pictures; the rest of the network stays."""
    head = model.view_head
    if head is None:
        raise ValueError("this network has no view head")
    features = view_features(model, pictures, torch.device("cpu"))
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(head.parameters(), RATE, weight_decay=0.05)
    steps = EPOCHS * -(-len(pictures) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    head.train()
    for _ in range(EPOCHS):
        order = torch.randperm(len(pictures)).tolist()
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            loss = view_loss(head(features[rows].float()), [pictures[k] for k in rows], anatomies)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
            optimiser.step()
            schedule.step()
    head.eval()


def measure_views(
    model: CompactLandmarkModel, pictures: Sequence[Shown], anatomies: Sequence[Anatomy]
) -> dict[str, float]:
    """Shares that come out right: `view` and `inverted` over films, `anatomy` over films, `other` over the rest."""
    engine = Engine(model, torch.device("cpu"))
    right: dict[str, list[bool]] = {"view": [], "inverted": [], "anatomy": [], "other": []}
    for shown in pictures:
        said = engine.look_at_view(shown.pixels[None])
        if said is None:
            raise ValueError("this network has no view head")
        if shown.anatomy == len(anatomies):
            right["other"].append(int(said.anatomy[0].argmax()) == shown.anatomy)
            continue
        view = View.from_class(int(said.view[0].argmax()))
        sided = anatomies[shown.anatomy].sided
        right["view"].append(view.turns == shown.view.turns and (not sided or view.mirrored == shown.view.mirrored))
        right["inverted"].append(bool(said.inverted[0] > 0.5) == shown.view.inverted)
        right["anatomy"].append(int(said.anatomy[0].argmax()) == shown.anatomy)
    return {key: float(np.mean(values)) for key, values in right.items() if values}
