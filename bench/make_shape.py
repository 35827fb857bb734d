"""Make a template's shape file from a COCO file: `python bench/make_shape.py TRAIN.json... TEMPLATE_ID OUT.json`.

Only the mean shape and the covariance of all films together are written, never a film's own points. Files that read
the same films twice are averaged. Films without a spacing are left out.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from medsapiens_core.data.template_file import find_template
from medsapiens_core.shape.model import learn_shape


def read_points(path: Path) -> dict[str, np.ndarray]:
    """File name -> (K, 2) millimetres."""
    value = json.loads(path.read_text(encoding="utf-8"))
    images = {image["id"]: image for image in value["images"] if image.get("pixel_spacing_mm")}
    result = {}
    for annotation in value["annotations"]:
        image = images.get(annotation["image_id"])
        if image is not None:
            marks = np.array(annotation["keypoints"], dtype=float).reshape(-1, 3)
            points = np.where(marks[:, 2:] > 0, marks[:, :2], np.nan)
            result[image["file_name"]] = points * np.array(image["pixel_spacing_mm"])[::-1]
    return result


def main(arguments: list[str]) -> None:
    """Read, average readings of one film, learn, write."""
    *files, template_id, out = arguments
    template = find_template(template_id)
    readings: dict[str, list[np.ndarray]] = defaultdict(list)
    for file in files:
        for name, points in read_points(Path(file)).items():
            readings[name].append(points)
    shape = learn_shape([np.mean(points, axis=0) for points in readings.values()])
    value = {"format": "msshape/1", "template": template.id, "unit": "mm", "landmarks": list(template.ids)}
    Path(out).write_text(json.dumps({**value, **shape.to_json()}) + "\n", encoding="utf-8")
    print(f"{shape.count} films, {len(template)} landmarks -> {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
