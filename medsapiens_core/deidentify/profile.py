"""What the Basic Application Level Confidentiality Profile does to each attribute (PS3.15 table E.1-1, 2026c).

The table is the one that dicom-anonymizer generates from the standard; only its data are used.
"""

from __future__ import annotations

from enum import StrEnum

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table


class Action(StrEnum):
    """What happens to an attribute that is in the table."""

    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    GO_IN = "go in"  # a sequence of references: kept, its contents treated


_LISTS = {  # where the standard leaves a choice: whichever keeps the file a valid image
    Action.REMOVE: (table.X_TAGS,),
    Action.EMPTY: (table.Z_TAGS, table.X_Z_TAGS),
    Action.DUMMY: (table.D_TAGS, table.Z_D_TAGS, table.X_D_TAGS, table.X_Z_D_TAGS),
    Action.GO_IN: (table.X_Z_U_STAR_TAGS,),
}
# Tags with masks (repeating groups: curves, overlays) are left out: those groups are removed whole.
ACTIONS: dict[tuple[int, int], Action] = {
    (tag[0], tag[1]): action for action, lists in _LISTS.items() for tags in lists for tag in tags if len(tag) == 2
}
REMOVED_GROUPS = (0x5000, 0x6000)  # curves and overlays, with any of their repetitions
BINARY_KEPT = frozenset(
    {
        "PixelData", "LUTData", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
        "BluePaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData",
        "SegmentedGreenPaletteColorLookupTableData", "SegmentedBluePaletteColorLookupTableData",
        "ExtendedOffsetTable", "ExtendedOffsetTableLengths",
    }
)  # fmt: skip
BINARY_VRS = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
FREE_TEXT_VRS = frozenset({"PN", "LT", "ST", "UT", "UC", "UR", "AE", "AS", "DA", "DT", "TM"})
DUMMIES = {"DA": "19000101", "DT": "19000101000000", "TM": "000000", "AS": "000Y", "DS": "0", "IS": "0"}
