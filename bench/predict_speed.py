"""How long one film takes: reading, preparing, network, decoding, for the model in use of each template.

    python bench/predict_speed.py [IMAGE...] [--model NAME] [--device auto] [--repeat 5]

Without pictures a cephalogram-sized phantom (1935 x 2400) is used. Prints a table and a JSON line; nothing is asserted.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from medsapiens_core.commands.choosing import load_predictor
from medsapiens_core.commands.output import table
from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.inference.locate import locate
from medsapiens_core.inference.preprocess import prepare
from medsapiens_core.io import read_image
from medsapiens_core.store.library import ModelLibrary


def noise_film(folder: Path) -> Path:
    """A grey PNG of the size of a scanned cephalogram."""
    small = np.random.default_rng(0).integers(0, 255, (60, 48), dtype=np.uint8)
    path = folder / "film.png"
    cv2.imwrite(str(path), cv2.resize(small, (1935, 2400), interpolation=cv2.INTER_CUBIC))
    return path


def seconds(function, repeat):
    """The median time of a call."""
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure(predictor, template, path, repeat):
    image = read_image(path)
    config = predictor.config.for_template(template.id)
    prepared = prepare(image, config)
    predictor.predict(image, template)  # the first call plans memory and kernels
    return {
        "image": path.name,
        "template": template.id,
        "model": predictor.model_id,
        "read": seconds(lambda: read_image(path), repeat),
        "prepare": seconds(lambda: prepare(image, config), repeat),
        "network": seconds(lambda: predictor.engine.heatmaps(prepared[0][None], template.id), repeat),
        "locate": seconds(lambda: locate(predictor.engine, *prepared, template), repeat),
        "repeated": seconds(lambda: predictor.predict(image, template), repeat),
        "film": seconds(lambda: predictor.predict(read_image(path), template), repeat),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="*", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    library = ModelLibrary()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        paths = given.images or [noise_film(Path(folder))]
        for template in shipped_templates().values():
            entry = library.get(given.model) if given.model else library.current(template.id)
            if entry is None or template.id not in entry.templates:
                continue
            predictor = load_predictor(library, entry, template, given.device)
            results += [measure(predictor, template, path, given.repeat) for path in paths]
    columns = ("read", "prepare", "network", "locate", "repeated", "film")
    rows = [(r["image"], r["template"], *(f"{r[c]:.3f}" for c in columns)) for r in results]
    print(table([("image", "template", *columns), *rows]))
    print(json.dumps({"seconds": results, "threads": torch.get_num_threads(), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
