"""Reading image files: one door (`read_image`), headers (`probe`), folders (`list_images`)."""

from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.header import ImageHeader
from medsapiens_core.io.read import file_sha256, probe, read_image

__all__ = ["ImageHeader", "UnreadableImageError", "file_sha256", "probe", "read_image"]
