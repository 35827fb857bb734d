"""From an image to a `Prediction`: prepare, run, decode, map back."""

from __future__ import annotations

import hashlib
import time
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.engines import Engine, choose_device
from medsapiens_core.inference.heatmap_codec import HeatmapCodec, merge_flipped
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.package import load_model


class Predictor:
    """One model, loaded once and asked for many images."""

    def __init__(self, engine: Engine, model_id: str) -> None:
        self.engine, self.model_id = engine, model_id

    @classmethod
    def load(
        cls, package: Path, device: str = "auto", *, model_id: str | None = None, base_folder: Path | None = None
    ) -> Predictor:
        """Load a model package. `model_id` defaults to the registry's name of it: name@first 12 of the manifest hash.

        `base_folder` holds the shared weights of adapter packages (see `load_model`).
        Raises UserError when the package is damaged or altered, or the device is not there.
        """
        model = load_model(package, base_folder=base_folder)
        return cls(Engine(model, choose_device(device)), model_id or package_id(package, model.config.name))

    @property
    def config(self) -> ModelConfig:
        """The model's config."""
        return self.engine.model.config

    def predict(self, image: Image, template: Template) -> Prediction:
        """Place the template's landmarks on an image. Raises UserError if the model does not know the template."""
        order = self.config.landmark_order(template)
        start = time.perf_counter()
        pixels, to_input = prepare(image, self.config)
        xy, scores, covariance = self.locate(pixels, to_input, template, order)
        inside = np.clip(xy, 0.0, np.array(image.size) - 1.0)  # the border of the input is no part of the image
        return Prediction(
            id=uuid.uuid4().hex,
            image_sha256=image.provenance.sha256,
            template_id=template.id,
            template_version=template.version,
            model_id=self.model_id,
            xy_image=inside,
            scores=scores,
            covariance=covariance,
            created_utc=utc_now(),
            seconds=time.perf_counter() - start,
        )

    def locate(
        self, pixels: NDArray[np.float32], to_input: Affine2D, template: Template, order: list[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Points (K, 2) image px, scores (K,) 0..1, covariance (K, 2, 2) image px^2 of one prepared input (3, H, W)."""
        maps = self.engine.heatmaps(pixels[None], template.id)[0][order]
        if self.config.flip_test:
            mirrored = self.engine.heatmaps(pixels[None, :, :, ::-1], template.id)[0][order]
            maps = merge_flipped(maps, mirrored, template.flip_index).astype(np.float32)
        codec = HeatmapCodec(self.config.input_size, self.config.heatmap_size, self.config.sigma)
        xy_input, scores, covariance, _ = codec.decode_full(maps)
        back = to_input.inverse()
        found = np.isfinite(xy_input).all(axis=1)
        return back.apply(xy_input), np.where(found, np.clip(scores, 0, 1), 0.0), back.apply_covariance(covariance)


def package_id(package: Path, name: str) -> str:
    """The id that predictions carry: the name and the beginning of the manifest's SHA-256."""
    return f"{name}@{hashlib.sha256((package / 'manifest.json').read_bytes()).hexdigest()[:12]}"
