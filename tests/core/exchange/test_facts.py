"""What the window says of a format is what docs/formats.md says, and every option exists."""

import re
from pathlib import Path

from bench.round_trips import PRECISION_PX as BENCH_PRECISION_PX
from medsapiens_core.exchange.facts import FACTS
from medsapiens_core.exchange.registry import MODULES, find_format
from tests.core.exchange.test_all_formats import EXACT_PX, PRECISION_PX

DOCUMENT = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
LIBRARIES = ("defusedxml", "h5py", "SimpleITK", "highdicom", "pydicom")
ALSO = {"dicom-sr": ("dicom_codes", "dicom_images", "dicom_library"), "dicom-gsps": ("dicom_codes", "dicom_images")}
WITNESSES = {
    "pycocotools": "pycocotools", "pandas": "pandas", "sleap-io": "sleap_io", "highdicom": "highdicom",
    "dsrdump": "dsrdump", "dcmp2pgm": "dcmp2pgm", "Python's csv": "csv.",
}  # fmt: skip
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in DOCUMENT.splitlines() if line.startswith("| `")]


def test_the_table_of_compatibility_says_the_same():
    table = {row[0].strip("`"): row for row in ROWS if len(row) == 8}
    assert set(table) == set(FACTS) == set(MODULES)
    for name, facts in FACTS.items():
        assert (facts.precision, facts.lost) == tuple(table[name][6:]), name


def test_directions_libraries_and_witnesses_are_those_of_the_code():
    """The library column names what a format's modules import, "checked with" what its tests open our files with."""
    for row in (row for row in ROWS if len(row) == 8):
        form = find_format(row[0].strip("`"))
        assert row[2] == ", ".join(["in"] * (form.read is not None) + ["out"] * (form.write is not None)), row[0]
        assert ("a folder" in row[1]) == form.is_folder, row[0]
        used = {name for name in LIBRARIES if any(name in imports(path) for path in modules_of(form.name))}
        told = {name for name in LIBRARIES if name in row[3]}
        assert told == used, row[0]
        tests = "".join(path.read_text(encoding="utf-8") for path in Path("tests/core/exchange").glob("*.py"))
        for witness, word in WITNESSES.items():
            assert witness not in row[4] or word in tests, (row[0], witness)


CONVENTIONS = {  # what the column says -> what the modules of the format convert from and to
    "corner": "CORNER", "percent of the image": "PERCENT", "corner, y upwards": "UP", "integer = centre": None,
    "LPS millimetres of the image as Slicer loads it": None,
}  # fmt: skip


def test_precision_and_convention_are_those_of_the_code():
    """A point may move as far as the round trips of real landmarks allow (`test_all_formats`), and no further."""
    for row in (row for row in ROWS if len(row) == 8):
        form = find_format(row[0].strip("`"))
        figure = re.match(r"([\d.e-]+) px", row[6])
        stated = float(figure.group(1)) if figure else EXACT_PX
        assert (row[6] == "exact") or figure, row[0]
        if form.read is not None:
            assert stated == PRECISION_PX.get(form.name, EXACT_PX), row[0]
        convention = CONVENTIONS[re.sub(r" \((option|older).*\)", "", row[5])]
        code = "".join(path.read_text(encoding="utf-8") for path in modules_of(form.name))
        written = set(re.findall(r"from_image\([^\n]*Convention\.(\w+)", code)) - {"CENTRE"}
        assert written == ({convention} if convention else set()), row[0]


def test_the_figures_of_the_bench_are_the_same():
    assert {**BENCH_PRECISION_PX, "dicom-sr": PRECISION_PX["dicom-sr"]} == PRECISION_PX


def modules_of(name):
    """The modules that belong to one format alone."""
    stem = MODULES[name].removesuffix("_read")
    return [
        path
        for path in Path("medsapiens_core/exchange").glob("*.py")
        if path.stem.startswith((stem, *ALSO.get(name, ())))
    ]


def imports(path):
    found = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name.split(".")[0] for name in found}


def test_every_option_stands_in_the_documents_and_in_the_code_of_its_format():
    told = {name: row[1] for row in ROWS if len(row) == 2 for name in re.findall(r"`([\w-]+)`", row[0])}
    code = {path.stem: path.read_text(encoding="utf-8") for path in Path("medsapiens_core/exchange").glob("*.py")}
    for name, facts in FACTS.items():
        stem = MODULES[name].removesuffix("_read")
        mine = "".join(text for module, text in code.items() if module.startswith((stem, name.replace("-", "_"))))
        for option in facts.options:
            assert f"{option.key}=" in told[name] or f"`{option.key}" in told[name], (name, option.key)
            assert f'"{option.key}"' in mine, (name, option.key)
            assert all(value in mine + told[name] for value, _ in option.values[1:]), (name, option.key)
