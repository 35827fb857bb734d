"""The labelling configuration for a Label Studio project that can say visible, estimated and absent."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from medsapiens_core.data.annotation import AbsentReason
from medsapiens_core.data.template import Template
from medsapiens_core.exchange.labelstudio_file import ABSENT_PREFIX, VISIBILITY


def labelling_config(template: Template) -> str:
    """XML for Settings > Labeling Interface > Code; no snapping to pixels, so positions stay as they are set."""
    view = Element("View")
    SubElement(view, "Image", {"name": "image", "value": "$image", "zoom": "true"})
    labels = SubElement(view, "KeyPointLabels", {"name": "lm", "toName": "image"})
    for index, landmark in enumerate(template.ids):  # Label Studio's COCO export orders keypoints by model_index
        SubElement(labels, "Label", {"value": landmark, "model_index": str(index)})
    region = {"name": VISIBILITY, "toName": "image", "perRegion": "true", "choice": "multiple"}
    SubElement(SubElement(view, "Choices", region), "Choice", {"value": "estimated"})
    for reason in AbsentReason:
        SubElement(view, "Header", {"value": f"Cannot be placed: {reason.value.replace('_', ' ')}"})
        name = {"name": ABSENT_PREFIX + reason.value, "toName": "image", "choice": "multiple"}
        choices = SubElement(view, "Choices", name)
        for landmark in template.ids:
            SubElement(choices, "Choice", {"value": landmark})
    indent(view, "  ")
    return tostring(view, encoding="unicode") + "\n"
