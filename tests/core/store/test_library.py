from __future__ import annotations

import hashlib
import json
import zipfile

import pytest
import sqlalchemy as sa

from medsapiens_core.store import dialect
from medsapiens_core.store.errors import LibraryError
from medsapiens_core.store.library import ModelLibrary


def write_package(folder, *, templates=("ceph-19",), seed="", parent=None):
    """A real package folder; its weights are a few bytes, since the library never reads them."""
    folder.mkdir(parents=True)
    config = {"format": "msmodel/1", "templates": {t: {"version": 1, "landmarks": ["a"]} for t in templates}}
    files = {"config.json": json.dumps({**config, "parent": parent}), "model.safetensors": f"weights {seed}"}
    for name, text in files.items():
        (folder / name).write_text(text)
    listed = {
        name: {"bytes": len(text), "sha256": hashlib.sha256(text.encode()).hexdigest()} for name, text in files.items()
    }
    (folder / "manifest.json").write_text(json.dumps({"format": "msmodel/1", "files": listed}))
    return folder


@pytest.fixture
def library(tmp_path):
    write_package(tmp_path / "embedded" / "base", templates=("ceph-19", "hand-37"))
    return ModelLibrary(tmp_path / "home", embedded=tmp_path / "embedded")


@pytest.fixture
def made(tmp_path):
    """A function that writes a package as training would."""
    return lambda name, **kind: write_package(tmp_path / "runs" / name, seed=name, **kind)


def names_in_use(library):
    return {template: library.current(template).name for template in ("ceph-19", "hand-37")}


def states(library):
    return {entry.name: entry.state for entry in library.list()}


def test_the_embedded_model_is_in_use_until_another_is_promoted(library, made):
    assert names_in_use(library) == {"ceph-19": "base", "hand-37": "base"}
    assert library.current("unknown") is None
    entry = library.add(made("v2"), "v2")
    assert (entry.name, entry.state, entry.embedded, entry.templates) == ("v2", "candidate", False, ("ceph-19",))
    assert entry.id == f"v2@{hashlib.sha256((entry.folder / 'manifest.json').read_bytes()).hexdigest()[:12]}"
    assert states(library) == {"base": "promoted", "v2": "candidate"}
    assert library.promote("v2", by="AB", reason="better").state == "promoted"
    assert names_in_use(library) == {"ceph-19": "v2", "hand-37": "base"}
    assert states(library) == {"base": "promoted", "v2": "promoted"}
    assert library.get(entry.id) == library.get("v2")


def test_rolling_back_goes_one_step_each_time_and_is_recorded(library, made):
    for name in ("v2", "v3"):
        library.add(made(name), name)
        library.promote(name, by="AB")
    assert states(library)["v2"] == "retired"
    assert library.rollback(by="AB", reason="worse on new films") == ("ceph-19",)
    assert names_in_use(library)["ceph-19"] == "v2"
    assert library.rollback("ceph-19") == ("ceph-19",)
    assert names_in_use(library)["ceph-19"] == "base"
    with pytest.raises(LibraryError, match="nothing to roll back"):
        library.rollback()
    told = [(row.kind, row.model, row.by) for row in library.history()]
    assert told == [
        ("promote", "v2", "AB"), ("promote", "v3", "AB"), ("rollback", "v2", "AB"), ("rollback", None, ""),
    ]  # fmt: skip
    assert [row.previous_id and row.previous_id[:2] for row in library.history()] == [None, "v2", "v3", "v2"]
    library.promote("v3", by="CD")
    assert names_in_use(library)["ceph-19"] == "v3"


def test_one_promotion_for_several_templates_is_taken_back_as_one(library, made):
    library.add(made("both", templates=("ceph-19", "hand-37")), "both")
    library.promote("both", by="AB")
    assert set(names_in_use(library).values()) == {"both"}
    assert states(library)["base"] == "retired"
    assert sorted(library.rollback()) == ["ceph-19", "hand-37"]
    assert set(names_in_use(library).values()) == {"base"}
    library.promote("both", ["hand-37", "hand-37"], by="AB")
    assert names_in_use(library) == {"ceph-19": "base", "hand-37": "both"}


def test_a_model_is_promoted_only_for_what_it_knows(library, made):
    library.add(made("v2"), "v2")
    with pytest.raises(LibraryError, match="hand-37"):
        library.promote("v2", ["hand-37"], by="AB")
    assert library.history() == []


def test_the_table_of_promotions_cannot_be_rewritten(library, made):
    library.add(made("v2"), "v2")
    library.promote("v2", by="AB")
    engine = dialect.for_writing(dialect.open_engine(library.home / "library.db"))
    for statement in ("UPDATE promotion SET model = 'x'", "DELETE FROM promotion"):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_promoted_model_that_is_gone_is_not_replaced_silently(library, made):
    library.add(made("v2"), "v2")
    library.promote("v2", by="AB")
    manifest = library.path_for("v2") / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    with pytest.raises(LibraryError, match="roll back"):
        library.current("ceph-19")
    library.rollback("ceph-19")
    assert names_in_use(library)["ceph-19"] == "base"


def alter(name, text):
    return lambda folder: (folder / name).write_text(text)


def link(folder):
    content = (folder / "model.safetensors").rename(folder.parent / "elsewhere")
    (folder / "model.safetensors").symlink_to(content)


ALTERATIONS = {
    "changed weights": alter("model.safetensors", "weightz v2"),
    "longer weights": alter("model.safetensors", "weights v2 and more"),
    "missing file": lambda folder: (folder / "model.safetensors").unlink(),
    "extra file": alter("run.py", "print()"),
    "link": link,
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "broken manifest": alter("manifest.json", "{"),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_package_is_neither_added_nor_promoted(library, made, name):
    library.add(made("v3"), "v3")
    ALTERATIONS[name](library.path_for("v3"))
    with pytest.raises(LibraryError):
        library.promote("v3", by="AB")
    folder = made("v2")
    ALTERATIONS[name](folder)
    with pytest.raises(LibraryError):
        library.add(folder, "v2")
    assert library.history() == []
    assert "v2" not in states(library)
    assert not list((library.home / "models").glob(".tmp*"))


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "é", "x" * 65, "base", "BASE"])
def test_a_name_must_be_plain_and_free(library, made, name):
    with pytest.raises(LibraryError):
        library.add(made("v2"), name)
    assert list(states(library)) == ["base"]


def test_a_model_goes_out_and_comes_back_as_a_candidate(library, made, tmp_path):
    entry = library.add(made("v2"), "v2")
    library.promote("v2", by="AB")
    library.export("v2", tmp_path / "v2.msmodel")
    library.export("v2", tmp_path / "again.msmodel")
    assert (tmp_path / "v2.msmodel").read_bytes() == (tmp_path / "again.msmodel").read_bytes()
    other = ModelLibrary(tmp_path / "other", embedded=tmp_path / "embedded")
    back = other.import_archive(tmp_path / "v2.msmodel")
    assert (back.id, back.state) == (entry.id, "candidate")
    assert other.import_archive(tmp_path / "v2.msmodel", "renamed").name == "renamed"
    with pytest.raises(LibraryError, match="already"):
        other.import_archive(tmp_path / "v2.msmodel")


@pytest.mark.parametrize("member", ["../evil", "/etc/evil", "sub/evil", "..\\evil", ".hidden"])
def test_an_archive_that_reaches_out_is_refused(library, made, tmp_path, member):
    library.add(made("v2"), "v2")
    library.export("v2", tmp_path / "v2.msmodel")
    with zipfile.ZipFile(tmp_path / "v2.msmodel", "a") as archive:
        archive.writestr(member, "x")
    with pytest.raises(LibraryError):
        library.import_archive(tmp_path / "v2.msmodel", "v3")
    assert "v3" not in states(library)
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"x" * 100])
def test_a_file_that_is_no_archive_is_refused(library, tmp_path, content):
    (tmp_path / "v2.msmodel").write_bytes(content)
    with pytest.raises(LibraryError, match="not a readable model file"):
        library.import_archive(tmp_path / "v2.msmodel")


def test_a_cut_archive_is_refused(library, made, tmp_path):
    library.add(made("v2"), "v2")
    library.export("v2", tmp_path / "v2.msmodel")
    whole = (tmp_path / "v2.msmodel").read_bytes()
    for length in range(0, len(whole), 97):
        (tmp_path / "cut.msmodel").write_bytes(whole[:length])
        with pytest.raises(LibraryError):
            library.import_archive(tmp_path / "cut.msmodel")


def test_a_model_is_deleted_only_when_nothing_needs_it(library, made):
    for name, parent in (("v2", None), ("v3", "v2"), ("v4", None)):
        library.add(made(name, parent=parent), name)
    library.promote("v4", by="AB")
    for name, reason in (("base", "came with"), ("v4", "in use"), ("v2", "start of v3")):
        with pytest.raises(LibraryError, match=reason):
            library.remove(name)
    library.rollback()
    for name in ("v4", "v3", "v2"):
        library.remove(name)
    assert list(states(library)) == ["base"]
    with pytest.raises(LibraryError, match="Known models: base"):
        library.get("v2")


def test_shared_weights_are_found_by_their_hash(library, tmp_path):
    (tmp_path / "base.bin").write_bytes(b"base weights")
    sha256 = library.add_base(tmp_path / "base.bin")
    assert library.base_path(sha256).read_bytes() == b"base weights"
    assert library.add_base(tmp_path / "base.bin") == sha256


def test_a_damaged_model_does_not_hide_the_others(library, made):
    library.add(made("v2"), "v2")
    library.add(made("v3"), "v3")
    (library.path_for("v2") / "config.json").write_text("{")
    assert list(states(library)) == ["base", "v3"]
