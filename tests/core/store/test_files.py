from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medsapiens_core.store.errors import DamagedProjectError, UnknownRecordError
from medsapiens_core.store.files import ObjectStore, canonical_json
from medsapiens_core.whole_files import write_atomic


def test_a_file_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a.json"
    for content in (b"one", b"two"):
        write_atomic(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_atomic(tmp_path / "folder", b"x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_an_object_is_found_by_its_hash_and_known_when_it_was_changed(tmp_path):
    store = ObjectStore(tmp_path)
    sha256 = store.put(b"content")
    assert sha256 == hashlib.sha256(b"content").hexdigest()
    assert store.path(sha256) == tmp_path / sha256[:2] / sha256
    assert store.put(b"content") == sha256
    assert store.get(sha256) == b"content"
    store.path(sha256).write_bytes(b"altered")
    with pytest.raises(DamagedProjectError):
        store.get(sha256)
    with pytest.raises(UnknownRecordError):
        store.get("0" * 64)


@given(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)))
def test_one_value_has_one_text(value):
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError):
        canonical_json({"x": value})
