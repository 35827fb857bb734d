"""Running a network: on which device, in which precision, and what to do when its memory does not suffice."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medsapiens_core.errors import EnvironmentProblemError
from medsapiens_core.models.landmark_model import LandmarkModel

Maps = NDArray[np.float32]
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class ViewProbabilities:
    """`view` (B, 8) and `anatomy` (B, A + 1, the last "none of these") sum to 1; `inverted` (B,) is 0..1."""

    view: Maps
    inverted: Maps
    anatomy: Maps


def choose_device(name: str = "auto") -> torch.device:
    """`auto` is the first GPU if there is one. Raises EnvironmentProblemError for a GPU that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise EnvironmentProblemError("No usable GPU was found. Choose the device cpu or auto.")
    return device


def gpu_problem() -> tuple[str, str]:
    """Why there is no usable GPU: in a few words ("" where there just is none), and what the library says of it."""
    if torch.version.cuda is None:
        return "", f"PyTorch {torch.__version__} was made without support for a GPU."
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except (RuntimeError, AssertionError) as error:
        told = str(error).strip()
        old = re.search(r"driver.* too old \(found version (\d+)\)", told)
        if old is None:
            return "", told
        found = int(old[1])
        return f"driver for CUDA {found // 1000}.{found % 1000 // 10}, {torch.version.cuda} needed", told
    return "", f"PyTorch {torch.__version__} finds no GPU."


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """bfloat16 where the hardware multiplies it (it halves the time there), else float32."""
    if device.type == "cuda":
        usable = torch.cuda.is_bf16_supported()
    else:
        able = torch.cpu.get_capabilities()
        usable = bool(able.get("avx512_bf16") or able.get("amx_bf16"))
    return torch.autocast(device.type, torch.bfloat16, enabled=usable)


def laid_out_for_asking(model: LandmarkModel) -> LandmarkModel:
    """The same model with the channels of its kernels last, which convolves a fifth faster on a CPU.

    Sums are then taken in another order. A model that is being trained is left as it is, or a run that was killed would
    not go on exactly.
    """
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch does not annotate it
    return model


class Engine:
    """A model on a device, ready to be asked; not thread safe."""

    def __init__(self, model: LandmarkModel, device: torch.device) -> None:
        self.model = model.to(device).eval()
        self.device = device
        self.fell_back = False  # True once the GPU was full and the CPU took over

    def heatmaps(self, pixels: NDArray[np.float32], template_id: str) -> Maps:
        """(B, 3, H, W) normalised -> (B, K, h, w) with peak about 1, channels in the model's order.

        When the GPU has not enough memory, this and all later calls run on the CPU.
        """
        return _numpy(self._run(lambda x: self.model.heatmaps(x, template_id), pixels))

    def refine(self, crops: NDArray[np.float32], template_id: str, landmarks: Sequence[int]) -> Maps:
        """Crops (N, 2, S, S) on 0..255 about landmarks of those numbers -> probabilities (N, c, c) of their places.

        `landmarks` count the model's channels of the template. Raises KeyError where the template is not refined.
        """
        numbers = torch.tensor(landmarks)

        def ask(x: Tensor) -> Tensor:
            logits = self.model.refined_logits(x, template_id, numbers.to(x.device))
            return logits.flatten(1).softmax(-1).view_as(logits)

        return _numpy(self._run(ask, crops))

    def look_at_view(self, pixels: NDArray[np.float32]) -> ViewProbabilities | None:
        """(B, 3, h, w) normalised, of `VIEW_SIZE` -> how the pictures lie; None when this network cannot tell."""
        said = self._run(self.model.view_logits, pixels)
        if said is None:
            return None
        return ViewProbabilities(
            _numpy(said.view.float().softmax(-1)),
            _numpy(said.inverted.float().sigmoid()),
            _numpy(said.anatomy.float().softmax(-1)),
        )

    def _run(self, ask: Callable[[Tensor], Answer], pixels: NDArray[np.float32]) -> Answer:
        x = torch.from_numpy(np.ascontiguousarray(pixels))
        with torch.inference_mode(), autocast(self.device):
            try:
                return ask(x.to(self.device))
            except torch.OutOfMemoryError:
                if self.device.type == "cpu":
                    raise
        self.device, self.fell_back = torch.device("cpu"), True
        self.model.to(self.device)
        torch.cuda.empty_cache()
        return self._run(ask, pixels)


def _numpy(tensor: Tensor) -> Maps:
    result: Maps = tensor.float().cpu().numpy()
    return result
