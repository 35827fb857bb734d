"""The Image Library of a report: without one some viewers fail to load it (formats.md 6.4).

highdicom's own builder fails on films without Imager Pixel Spacing, so the container is built here.
"""

from __future__ import annotations

from highdicom.sr import (
    CodedConcept,
    ContainerContentItem,
    ContentSequence,
    ImageContentItem,
    NumContentItem,
    RelationshipTypeValues,
)

from medsapiens_core.data.image import Spacing
from medsapiens_core.exchange.dicom_codes import UNITS
from medsapiens_core.exchange.dicom_images import DicomImage

_LIBRARY = CodedConcept("111028", "DCM", "Image Library")
_GROUP = CodedConcept("126200", "DCM", "Image Library Group")
_SOURCE = CodedConcept("260753009", "SCT", "Source")
ROWS = CodedConcept("110910", "DCM", "Pixel Data Rows")
COLUMNS = CodedConcept("110911", "DCM", "Pixel Data Columns")
ROW_MM = CodedConcept("111066", "DCM", "Vertical Pixel Spacing")
COLUMN_MM = CodedConcept("111026", "DCM", "Horizontal Pixel Spacing")
_MM_PER_PIXEL = CodedConcept("mm/{pixel}", "UCUM", "mm/pixel")


def image_library(image: DicomImage, spacing: Spacing | None) -> ContainerContentItem:
    """The library with one image, its size in pixels and, where known, the size of a pixel."""
    entry = ImageContentItem(
        name=_SOURCE,
        referenced_sop_class_uid=image.header.SOPClassUID,
        referenced_sop_instance_uid=image.uid,
        referenced_frame_numbers=image.frame_numbers,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
    facts: list[tuple[CodedConcept, float, CodedConcept]] = [
        (COLUMNS, image.size[0], UNITS["px"]),
        (ROWS, image.size[1], UNITS["px"]),
    ]
    if spacing is not None:
        facts += [(COLUMN_MM, spacing.col_mm, _MM_PER_PIXEL), (ROW_MM, spacing.row_mm, _MM_PER_PIXEL)]
    entry.ContentSequence = ContentSequence(
        [
            NumContentItem(name, value, unit, relationship_type=RelationshipTypeValues.HAS_ACQ_CONTEXT)
            for name, value, unit in facts
        ]
    )
    return _container(_LIBRARY, _container(_GROUP, entry))


def _container(name: CodedConcept, item: ContainerContentItem | ImageContentItem) -> ContainerContentItem:
    container = ContainerContentItem(name, relationship_type=RelationshipTypeValues.CONTAINS)
    container.ContentSequence = ContentSequence([item])
    return container
