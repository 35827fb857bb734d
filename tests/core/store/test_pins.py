"""PINs of readers: only salted hashes are stored, and nothing stored can make the check misbehave."""

import pytest
import sqlalchemy as sa

from medsapiens_core import cli
from medsapiens_core.data.readers import Reader
from medsapiens_core.errors import UserError
from medsapiens_core.store import tables
from medsapiens_core.store.pins import Pins
from medsapiens_core.store.project import Project

from .building import TEMPLATE


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as made:
        made.readers.add(Reader("AB"))
        yield made


def stored(project):
    with project.database.read() as connection:
        return str(connection.execute(sa.select(tables.meta.c.value).where(tables.meta.c.key == "pin AB")).scalar())


def test_a_pin_is_set_checked_changed_and_taken_away(project):
    assert project.pins.holders == frozenset() and not project.pins.fits("AB", "")
    project.pins.set("AB", "1234", by="AB")
    first = stored(project)
    assert first.startswith("scrypt$16384$8$1$") and "1234" not in first
    assert (
        project.pins.fits("AB", "1234") and not project.pins.fits("AB", "1235") and not project.pins.fits("CD", "1234")
    )
    assert Pins(project.database).holders == {"AB"}
    project.pins.set("AB", "1234", by="AB")
    assert stored(project) != first, "another salt"
    project.pins.remove("AB", by="CD")
    assert project.pins.holders == frozenset() and not project.pins.fits("AB", "1234")
    bodies = [row.body for row in project.audit.rows() if row.op == "reader.pin"]
    assert [(body["code"], body["set"], body["by"]) for body in bodies] == [
        ("AB", True, "AB"), ("AB", True, "AB"), ("AB", False, "CD"),
    ]  # fmt: skip
    assert project.check(files=False) == []


def test_a_forgotten_pin_is_taken_away_at_the_command_line(project, capsys):
    project.pins.set("AB", "1234", by="AB")
    folder = project.folder
    project.close()
    assert cli.main(["project", "remove-pin", str(folder), "CD"]) == 2
    assert "Readers with a PIN: AB." in capsys.readouterr().err
    assert cli.main(["project", "remove-pin", str(folder), "AB"]) == 0
    with Project.open(folder) as again:
        assert again.pins.holders == frozenset()


@pytest.mark.parametrize("pin", ["", "123", "x" * 65])
def test_a_pin_too_short_or_too_long_is_refused(project, pin):
    with pytest.raises(UserError, match="4 to 64"):
        project.pins.set("AB", pin, by="AB")


@pytest.mark.parametrize(
    "value",
    ["", "plain", "md5$1$1$1$00$00", "scrypt$16384$8$1$zz$00", "scrypt$3$8$1$00$00", "scrypt$1073741824$64$8$00$00"],
)
def test_what_is_no_hash_of_ours_fits_nothing(project, value):
    with project.database.write() as connection:
        connection.execute(sa.insert(tables.meta).values(key="pin AB", value=value))
    assert not project.pins.fits("AB", "1234")
