"""What the window says of a format is what docs/formats.md says, and every option exists."""

import re
from pathlib import Path

from medsapiens_core.exchange.facts import FACTS
from medsapiens_core.exchange.registry import MODULES

DOCUMENT = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in DOCUMENT.splitlines() if line.startswith("| `")]


def test_the_table_of_compatibility_says_the_same():
    table = {row[0].strip("`"): row for row in ROWS if len(row) == 8}
    assert set(table) == set(FACTS) == set(MODULES)
    for name, facts in FACTS.items():
        assert (facts.precision, facts.lost) == tuple(table[name][6:]), name


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
