"""Reading image files: one door (`read_image`), headers (`probe`), folders (`list_images`)."""

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.listing import ImageListing, SkippedFile, list_images, walk_images
from medsapiens_core.io.read import file_sha256, probe, read_image

__all__ = [
    "ImageHeader",
    "ImageListing",
    "SkippedFile",
    "UnreadableImageError",
    "file_sha256",
    "list_images",
    "probe",
    "read_image",
    "walk_images",
]
