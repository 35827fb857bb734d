"""What each format keeps, loses and lets one choose: for the window; the tables of docs/formats.md say the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FormatOption:
    """A choice that a format leaves open. `values` are (value, words), the first is the default; none: free text."""

    key: str
    words: str
    values: tuple[tuple[str, str], ...] = ()
    for_reading: bool = True
    for_writing: bool = True


@dataclass(frozen=True)
class FormatFacts:
    """`precision` and `lost` as in the table of compatibility of docs/formats.md."""

    precision: str
    lost: str
    options: tuple[FormatOption, ...] = ()


def _origin(*values: tuple[str, str], writing: bool = False) -> FormatOption:
    return FormatOption("origin", "Pixel (0, 0) lies at", values, for_writing=writing)


_CENTRE, _CORNER = ("centre", "the centre of the first pixel"), ("corner", "its upper left corner")
_COCO = (
    FormatOption("flavour", "Flavour", (("", "plain COCO"), ("medsapiens", "as MedSapiens writes it"))),
    FormatOption("category", "Category", (), for_writing=False),
    FormatOption("person", "Annotation of each image, if there are several", (), for_writing=False),
    _origin(_CENTRE, _CORNER),
)
_SERIES = FormatOption("series_number", "Series number", (), for_reading=False)
FACTS: dict[str, FormatFacts] = {
    "coco": FormatFacts(
        "exact",
        "absent becomes not placed for readers that ignore our `msl` key; in the MedSapiens flavour estimated and the "
        "source of the pixel size too",
        _COCO,
    ),
    "labelme": FormatFacts(
        "1e-9 px",
        "absent becomes not placed for readers that ignore our `msl` key",
        (_origin(_CORNER, _CENTRE),),
    ),
    "cvat": FormatFacts(
        "0.0051 px (CVAT itself keeps two decimals)",
        "the reason of absent, where our `msl` key is dropped",
        (_origin(_CORNER, _CENTRE),),
    ),
    "labelstudio": FormatFacts(
        "1e-9 px",
        "estimated and absent, in projects without the labelling configuration written beside the file",
    ),
    "slicer": FormatFacts(
        "1e-9 px",
        "in `.fcsv`: absent and not placed",
        (
            FormatOption("file", "Files", (("", ".mrk.json"), ("fcsv", ".fcsv")), for_reading=False),
            FormatOption("image", "Image file, if the markups name none", (), for_writing=False),
            FormatOption(
                "axis", "Slices lie along", (("", "as the image says"), ("0", "the first axis"), ("1", "the second"),
                ("2", "the third")), for_writing=False,
            ),
            FormatOption(
                "coordinates", "Coordinates, if the file does not say", (("", "ask"), ("lps", "LPS"), ("ras", "RAS")),
                for_writing=False,
            ),
        ),
    ),
    "deeplabcut": FormatFacts(
        "exact",
        "estimated becomes visible, absent becomes missing; pixel size; no frames of volumes",
        (FormatOption("folder", "Folder under labeled-data", (), for_reading=False),),
    ),
    "sleap": FormatFacts("exact", "estimated becomes visible, absent becomes missing"),
    "tps": FormatFacts(
        "1e-5 px",
        "names (order counts), estimated, absent",
        (
            _origin(_CORNER, _CENTRE, writing=True),
            FormatOption(
                "negative", "Negative coordinates", (("", "are positions"), ("missing", "mean missing")),
                for_writing=False,
            ),
        ),
    ),
    "isbi": FormatFacts(
        "0.5 px (whole pixels)",
        "names, states, pixel size; readings without all 19 points are not written",
        (
            _origin(_CENTRE, ("one-based", "the centre, counted from 1")),
            FormatOption(
                "mean", "Mean of all readers", (("", "not"), ("yes", "as a reading of its own")), for_writing=False
            ),
        ),
    ),
    "csv": FormatFacts("exact", "nothing but the history"),
    "csv-wide": FormatFacts(
        "exact",
        "estimated becomes visible, absent becomes blank; scores, pixel size",
        (
            _origin(_CENTRE, _CORNER, ("one-based", "the centre, counted from 1")),
            FormatOption(
                "names", "Columns are landmarks", (("", "by their names"), ("order", "in the order of the template")),
                for_writing=False,
            ),
        ),
    ),
    "spreadsheet": FormatFacts("exact", "only written: a spreadsheet may change what it opens"),
    "json": FormatFacts("exact", "nothing"),
    "dicom-sr": FormatFacts(
        "0.002 px (32-bit numbers)",
        "points outside the image; images that are not DICOM",
        (
            _SERIES,
            FormatOption("verifier", "Verified by", (), for_reading=False),
            FormatOption("organisation", "Organisation", (), for_reading=False),
        ),
    ),
    "dicom-gsps": FormatFacts(
        "0.002 px",
        "for display only, never read back as landmarks",
        (
            _SERIES,
            FormatOption(
                "label", "Points are called by", (("", "name"), ("abbreviation", "abbreviation")), for_reading=False
            ),
            FormatOption("window", "Grey window as low,high", (), for_reading=False),
            FormatOption("creator", "Creator", (), for_reading=False),
        ),
    ),
}  # fmt: skip
