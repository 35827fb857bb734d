"""A second forward pass of the Sapiens network, written out in elementary steps from methods.md 2.2, 2.3 and 3.

It takes tensors under the original names and shares no code with the product, so that the two check each other.
"""

import math

import numpy as np
import torch
from torch import Tensor


def layer_norm(x, weight, bias, eps=1e-6):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    return (x - mean) / torch.sqrt(variance + eps) * weight + bias


def gelu(x):
    return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))


def linear(w, name, x, scale=1.0):
    y = x @ w[f"{name}.weight"].T + w[f"{name}.bias"]
    if f"{name}.lora_down.weight" in w:
        y = y + scale * (x @ w[f"{name}.lora_down.weight"].T) @ w[f"{name}.lora_up.weight"].T
    return y


def block(w: dict[str, Tensor], n: int, x: Tensor, heads: int) -> Tensor:
    """Tokens (N, D) of one image through block n."""
    name, dim = f"layers.{n}", x.shape[-1]
    each = dim // heads
    qkv = linear(w, f"{name}.attn.qkv", layer_norm(x, w[f"{name}.ln1.weight"], w[f"{name}.ln1.bias"]))
    outputs = []
    for h in range(heads):
        query, key, value = (qkv[:, part * dim + h * each : part * dim + (h + 1) * each] for part in range(3))
        scores = query @ key.T / math.sqrt(each)
        weights = torch.exp(scores - scores.max(-1, keepdim=True).values)
        outputs.append(weights / weights.sum(-1, keepdim=True) @ value)
    x = x + linear(w, f"{name}.attn.proj", torch.cat(outputs, 1))
    hidden = gelu(linear(w, f"{name}.ffn.layers.0.0", layer_norm(x, w[f"{name}.ln2.weight"], w[f"{name}.ln2.bias"])))
    return x + linear(w, f"{name}.ffn.layers.1", hidden)


def patches(w: dict[str, Tensor], image: Tensor) -> tuple[Tensor, int, int]:
    """Tokens (N, D) before positions, rows and columns; patch 16, stride 16, zero padding 2."""
    _, height, width = image.shape
    padded = torch.zeros(3, height + 4, width + 4)
    padded[:, 2:-2, 2:-2] = image
    rows, columns = (height + 4 - 16) // 16 + 1, (width + 4 - 16) // 16 + 1
    cells = [
        padded[:, 16 * r : 16 * r + 16, 16 * c : 16 * c + 16].flatten() for r in range(rows) for c in range(columns)
    ]
    weight = w["patch_embed.projection.weight"].flatten(1)
    return torch.stack(cells) @ weight.T + w["patch_embed.projection.bias"], rows, columns


def cubic(t: float, a: float = -0.75) -> float:
    t = abs(t)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def resize_matrix(old: int, new: int) -> Tensor:
    """Bicubic interpolation along one axis, edge-aligned, as a matrix (new, old)."""
    matrix = np.zeros((new, old))
    for i in range(new):
        source = (i + 0.5) * old / new - 0.5
        first = math.floor(source)
        for j in range(first - 1, first + 3):
            matrix[i, min(max(j, 0), old - 1)] += cubic(source - j)
    return torch.from_numpy(matrix).float()


def resized_table(table: Tensor, side: int, rows: int, columns: int) -> Tensor:
    """A square table (side * side, D), squeezed to (rows * columns, D)."""
    square = table.reshape(side, side, -1)
    squeezed = torch.einsum("rs,ct,std->rcd", resize_matrix(side, rows), resize_matrix(side, columns), square)
    return squeezed.flatten(0, 1)


def features(w: dict[str, Tensor], image: Tensor, heads: int, positions: Tensor) -> Tensor:
    """One image (3, H, W) -> (D, rows, columns); `positions` (N, D)."""
    tokens, rows, columns = patches(w, image)
    tokens = tokens + positions
    for n in range(sum(name.endswith("attn.qkv.weight") for name in w)):
        tokens = block(w, n, tokens, heads)
    return layer_norm(tokens, w["ln1.weight"], w["ln1.bias"]).T.reshape(-1, rows, columns)


def instance_norm_silu(x: Tensor) -> Tensor:
    mean = x.mean((1, 2), keepdim=True)
    variance = ((x - mean) ** 2).mean((1, 2), keepdim=True)
    x = (x - mean) / torch.sqrt(variance + 1e-5)
    return x / (1 + torch.exp(-x))


def deconvolve(x: Tensor, weight: Tensor) -> Tensor:
    """Transposed convolution 4x4, stride 2, padding 1: every cell adds its stamp to the finer map."""
    _, rows, columns = x.shape
    out = torch.zeros(weight.shape[1], 2 * rows + 2, 2 * columns + 2)
    for r in range(rows):
        for c in range(columns):
            out[:, 2 * r : 2 * r + 4, 2 * c : 2 * c + 4] += torch.einsum("i,ioyx->oyx", x[:, r, c], weight)
    return out[:, 1:-1, 1:-1]


def heatmaps(w: dict[str, Tensor], x: Tensor) -> Tensor:
    """Features (D, h, w) -> (K, 4h, 4w)."""
    for k in (0, 3):
        x = instance_norm_silu(deconvolve(x, w[f"head.deconv_layers.{k}.weight"]))
    for k in (0, 3):
        x = instance_norm_silu(mix(w, f"head.conv_layers.{k}", x))
    return mix(w, "head.final_layer", x)


def mix(w: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    return torch.einsum("oi,irc->orc", w[f"{name}.weight"][:, :, 0, 0], x) + w[f"{name}.bias"][:, None, None]
