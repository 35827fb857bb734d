"""12-bit JPEG (process 4) through GDCM itself: pydicom's plugin for it refuses this depth, the library does not."""

from __future__ import annotations

from typing import Any

import gdcm
import numpy as np
from numpy.typing import NDArray
from pydicom.uid import JPEGExtended12Bit


def decode_jpeg12(codestream: bytes, width: int, height: int) -> NDArray[Any]:
    """Return (H, W) uint16 greys of a lossy 12-bit grey JPEG. Raises ValueError when GDCM cannot decode it."""
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(codestream)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((width, height, 1))
    image.SetDataElement(element)
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str.__str__(JPEGExtended12Bit))))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    buffer = image.GetBuffer().encode("utf-8", "surrogateescape")
    if len(buffer) != 2 * width * height:
        raise ValueError("GDCM could not decode the 12-bit JPEG")
    return np.frombuffer(buffer, dtype="<u2").reshape(height, width)
