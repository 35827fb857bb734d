"""Whoever places points in the comparison: a model package, or the U-Net peer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import medsapiens_core
from bench import unet_peer
from medsapiens_core.data.image import Image
from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.inference.predictor import Predictor
from medsapiens_core.models.package_files import MANIFEST
from medsapiens_core.store.library import ModelLibrary

# What decides where a point comes out, besides the weights.
PLACING = ("data", "geometry.py", "inference", "io", "models")


@dataclass(frozen=True)
class Placement:
    """Points (K, 2) in image px, NaN where nothing was found, and whether the model doubts the whole set."""

    xy_image: NDArray[np.float64]
    flagged: bool


@dataclass(frozen=True)
class Contestant:
    """One way to place points. `id` changes with the weights, `code` with the program that runs them."""

    name: str
    id: str
    code: str
    templates: frozenset[str]
    parameters: int
    bytes: int
    place: Callable[[Image, Template], Placement]


def load_package(path: str, name: str) -> Contestant:
    """A package folder, or the name of a model of the library. Raises UserError."""
    library = ModelLibrary()
    folder = Path(path) if (Path(path) / MANIFEST).is_file() else library.get(path).folder
    predictor = Predictor.load(folder, "cpu", base_folder=library.home / "base")

    def place(image: Image, template: Template) -> Placement:
        prediction = predictor.predict(image, template)
        return Placement(prediction.xy_image, prediction.notice is not None)

    return Contestant(
        name=name,
        id=predictor.model_id,
        code=code_digest(),
        templates=frozenset(predictor.config.templates),
        parameters=sum(parameter.numel() for parameter in predictor.engine.model.parameters()),
        bytes=sum(file.stat().st_size for file in folder.iterdir()),
        place=place,
    )


def load_peer(path: str) -> Contestant:
    """A package folder, or the safetensors file of a U-Net of `bench.unet_peer`. Raises UserError."""
    if (Path(path) / MANIFEST).is_file():
        return load_package(path, Path(path).name)
    file = Path(path)
    if file.suffix != ".safetensors" or not file.is_file():
        raise UserError(f"{path} is neither a model package nor a .safetensors file of bench.unet_peer.")
    peer = unet_peer.load(file)
    return Contestant(
        name=f"U-Net ({peer.template_id})",
        id=peer.id,
        code=code_digest(),
        templates=frozenset([peer.template_id]),
        parameters=sum(parameter.numel() for parameter in peer.network.parameters()),
        bytes=file.stat().st_size + file.with_suffix(".json").stat().st_size,
        place=lambda image, template: Placement(peer.predict(image, template), flagged=False),
    )


def code_digest() -> str:
    """SHA-256 (first 12 digits) of the source that decides where points come out."""
    root = Path(medsapiens_core.__file__).parent
    files = [*_sources(root / part for part in PLACING), *sorted(Path(__file__).parent.glob("unet*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def _sources(places: Iterable[Path]) -> list[Path]:
    return [file for place in places for file in (sorted(place.rglob("*.py")) if place.is_dir() else [place])]
