"""DICOM grayscale presentation state: points and names for viewers that ignore reports (formats.md 7). Write only.

One file is written for each reading, `<image name>.gsps.dcm`, for greyscale images that came as DICOM.
Choices: `undecided=include`; `project` as for reports; `window=low,high` (modality units, default the file's window);
`label=abbreviation` instead of names; `creator` (a pseudonym; default the reader); `series_number`.
"""

from __future__ import annotations

import io
from pathlib import Path

from highdicom.pr import GrayscaleSoftcopyPresentationState

from medsapiens_core import __version__
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, MadeFile, Reading, WriteOptions, WriteReport
from medsapiens_core.exchange.dicom_codes import new_uid, stable_uid
from medsapiens_core.exchange.dicom_gsps_items import Drawing, drawing, polarity, show_size, window
from medsapiens_core.exchange.dicom_images import DicomImage, open_image
from medsapiens_core.exchange.dicom_output import library_calls
from medsapiens_core.exchange.dicom_sr_document import person_name, series_description
from medsapiens_core.exchange.dicom_sr_groups import Source
from medsapiens_core.exchange.one_by_one import write_each

SUFFIX = ".gsps.dcm"
_SERIES_NUMBER = 9002
_REFUSED = "a presentation state cannot describe this kind of image"
_HINT = "Use dicom-sr for it."
_LOSSES = (
    "Absent landmarks are not drawn.",
    "A presentation state is for looking at: it is not read back. Send dicom-sr along to keep the landmarks.",
)


def write(batch: Batch, target: Path, options: WriteOptions) -> WriteReport:
    """Write one presentation state for each reading into the folder `target`; the rest is in the report's `skipped`.

    Raises EnvironmentProblemError when the folder cannot be written to.
    """
    return write_each(batch, target, options, FORMAT, SUFFIX).report(_LOSSES)


def make(reading: Reading, options: WriteOptions, number: int, _earlier: Path | None) -> MadeFile:
    """The presentation state of one reading. Raises UserError when its image or its points do not allow one."""
    image = open_image(reading.image)
    _check_grey(image)
    source = Source(reading, image, options.template, options.choices.get("project", ""))
    stream = io.BytesIO()
    with library_calls(image.path, _REFUSED, _HINT):
        drawn = drawing(source, options.choices.get("label", "name"))
        state = _state(source, drawn, options, number)
        show_size(state, reading.image.spacing)
        state.save_as(stream)
    return MadeFile(stream.getvalue(), drawn.losses, drawn.rounding_px)


def _check_grey(image: DicomImage) -> None:
    if image.samples != 1 or not str(image.header.get("PhotometricInterpretation", "")).startswith("MONOCHROME"):
        raise UserError(f"a grayscale presentation state cannot show a colour image. {_HINT}")


def _state(source: Source, drawn: Drawing, options: WriteOptions, number: int) -> GrayscaleSoftcopyPresentationState:
    description = series_description(source)
    creator = options.choices.get("creator", source.reading.reader)
    return GrayscaleSoftcopyPresentationState(
        referenced_images=[source.image.header],
        series_instance_uid=stable_uid("PR", source.project, source.image.header.StudyInstanceUID, description),
        series_number=int(options.choices.get("series_number", _SERIES_NUMBER)),
        sop_instance_uid=new_uid(),
        instance_number=number,
        manufacturer=options.product,
        manufacturer_model_name=options.product,
        software_versions=__version__,
        device_serial_number=stable_uid("device", options.product, __version__),
        content_label="LANDMARKS",
        content_description=description,
        graphic_annotations=list(drawn.annotations),
        graphic_layers=list(drawn.layers),
        content_creator_name=person_name(creator) if creator else None,
        voi_lut_transformations=window(source, options.choices.get("window", "")),
        presentation_lut_transformation=polarity(source),
        specific_character_set="ISO_IR 192",
        series_description=description,
    )


FORMAT = Format("dicom-gsps", "DICOM presentation state (GSPS)", (".dcm",), True, None, write, make)
