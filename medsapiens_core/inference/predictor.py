"""From an image to a `Prediction`: prepare, run, decode, map back."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medsapiens_core.data.annotation import utc_now
from medsapiens_core.data.image import Image
from medsapiens_core.data.prediction import Prediction
from medsapiens_core.data.template import Template
from medsapiens_core.evaluation.calibration import Calibration
from medsapiens_core.geometry import Affine2D
from medsapiens_core.inference.engines import Engine, choose_device, laid_out_for_asking
from medsapiens_core.inference.find import find, heatmap_of
from medsapiens_core.inference.preprocess import to_grey
from medsapiens_core.models.config import ModelConfig
from medsapiens_core.models.package import load_model, read_calibrations


class Predictor:
    """One model, loaded once and asked for many images."""

    def __init__(self, engine: Engine, model_id: str, calibrations: Mapping[str, Calibration] | None = None) -> None:
        self.engine, self.model_id = engine, model_id
        self.calibrations = dict(calibrations or {})  # template id -> what the figures are worth

    @classmethod
    def load(
        cls, package: Path, device: str = "auto", *, model_id: str | None = None, base_folder: Path | None = None
    ) -> Predictor:
        """Load a model package. `model_id` defaults to the registry's name of it: name@first 12 of the manifest hash.

        `base_folder` holds the shared weights of adapter packages (see `load_model`).
        Raises UserError when the package is damaged or altered, or the device is not there.
        """
        model = laid_out_for_asking(load_model(package, base_folder=base_folder))
        name = model_id or package_id(package, model.config.name)
        return cls(Engine(model, choose_device(device)), name, read_calibrations(package))

    @property
    def config(self) -> ModelConfig:
        """The model's config."""
        return self.engine.model.config

    def predict(self, image: Image, template: Template) -> Prediction:
        """Place the template's landmarks on an image. Raises UserError if the model does not know the template."""
        start = time.perf_counter()
        located, notice = find(self.engine, to_grey(image, self.config.grey), template)
        inside = np.clip(located.xy, 0.0, np.array(image.size) - 1.0)  # the border of the input is no part of the image
        return Prediction(
            id=uuid.uuid4().hex,
            image_sha256=image.provenance.sha256,
            template_id=template.id,
            template_version=template.version,
            model_id=self.model_id,
            xy_image=inside,
            scores=located.scores if notice is None else np.zeros_like(located.scores),
            covariance=located.covariance,
            radial_error=located.radial_error,
            created_utc=utc_now(),
            seconds=time.perf_counter() - start,
            notice=notice,
        )

    def heatmap(self, image: Image, template: Template, landmark: str) -> tuple[NDArray[np.uint8], Affine2D]:
        """Where the model sees one landmark (see `find.heatmap_of`). Raises UserError for an unknown template."""
        return heatmap_of(self.engine, to_grey(image, self.config.grey), template, landmark)


def package_id(package: Path, name: str) -> str:
    """The id that predictions carry: the name and the beginning of the manifest's SHA-256."""
    return f"{name}@{hashlib.sha256((package / 'manifest.json').read_bytes()).hexdigest()[:12]}"
