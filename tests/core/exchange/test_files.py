import re

import pytest

from medsapiens_core.errors import EnvironmentProblemError, UserError
from medsapiens_core.exchange.files import (
    base_name,
    is_plain_relative,
    read_bytes,
    unique_stems,
    write_bytes,
    write_text,
)


@pytest.mark.parametrize(
    ("hint", "name"),
    [
        ("a.png", "a.png"),
        ("set 1/a.png", "a.png"),
        ("../../x", "x"),
        ("/etc/passwd", "passwd"),
        (r"C:\scans\a.png", "a.png"),
        ("C:a.png", "a.png"),
        (r"\\host\share\a.png", "a.png"),
        ("a.png:secret", "a.png"),
        ("con", "_con"),
        ("NUL.png", "_NUL.png"),
        ("a\nb\x00.png", "ab.png"),
        ("a.png. .", "a.png"),
        ("..", "unnamed"),
        ("folder/", "unnamed"),
        ("", "unnamed"),
        ("Schädel 骨.png", "Schädel 骨.png"),
    ],
)
def test_base_name(hint, name):
    assert base_name(hint) == name


@pytest.mark.parametrize("hint", ["a.png", "set 1/a.png", "a/b/c.d"])
def test_plain_relative(hint):
    assert is_plain_relative(hint)


@pytest.mark.parametrize(
    "hint", ["", "/a", "../a", "a/../b", "./a", "a//b", "C:/a", r"a\b", r"\\host\a", "a:b", "aux/a", "a\n", "x" * 300]
)
def test_not_plain_relative(hint):
    assert not is_plain_relative(hint)


def test_stems_stay_apart():
    stems = unique_stems(["a/x.png", "b/x.png", "a/X.dcm", "../../x.png", "C:\\d\\x.png", "1.2.840.113", 'q"?.png'])
    assert stems == ["a/x", "b/x", "a/X-2", "x", "x-2", "1.2.840.113", "q__"]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "new" / "a.csv"
    write_text(path, "a\nä\n", newline="\r\n")
    write_bytes(path, path.read_bytes() + b"b")
    assert read_bytes(path) == "a\r\nä\r\nb".encode()
    assert [file.name for file in path.parent.iterdir()] == ["a.csv"]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(EnvironmentProblemError, match="cannot be written"):
        write_bytes(tmp_path / "taken", b"x")
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


def test_reading_keeps_to_the_limit(tmp_path):
    path = tmp_path / "a.json"
    write_text(path, "x" * 11)
    assert len(read_bytes(path, limit=11)) == 11
    with pytest.raises(UserError, match=re.escape("a.json is larger")):
        read_bytes(path, limit=10)
    with pytest.raises(UserError, match="cannot be read"):
        read_bytes(tmp_path)
