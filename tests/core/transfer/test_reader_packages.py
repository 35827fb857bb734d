"""Reader packages out and back, with real files: nothing is lost, named, overwritten or taken from strangers."""

from __future__ import annotations

import json
import stat
import zipfile
from dataclasses import replace

import pytest

from medsapiens_core.data.annotation import AbsentReason, absent, placed
from medsapiens_core.data.readers import Reader
from medsapiens_core.data.template import Example
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.canonical import canonical, seal
from medsapiens_core.io import read_image
from medsapiens_core.store.errors import ProjectExistsError
from medsapiens_core.store.project import Project
from medsapiens_core.transfer.double_readings import pairs, read_cases
from medsapiens_core.transfer.handing_back import hand_back, standing
from medsapiens_core.transfer.handing_out import Request, hand_out
from medsapiens_core.transfer.importing import all_cases, undo_import
from medsapiens_core.transfer.package_project import make_project
from medsapiens_core.transfer.reader_package import PackageError, read_package
from medsapiens_core.transfer.taking_in import look_at, summary, take_in

from ..deidentify.test_deidentify import BORN, FAMILY, GIVEN, NUMBER, planted
from ..store.building import TEMPLATE, add_case, image_of, prediction_for, write_picture

WITH_EXAMPLE = replace(TEMPLATE, example=Example(b"\x89PNG\r\n\x1a\n" + FAMILY.encode(), 4, 4))
POINTS = {mark: (5.25 + 4 * k, 6.5) for k, mark in enumerate(TEMPLATE.ids)}


@pytest.fixture
def clinic(tmp_path):
    """AB's project: two PNG and one DICOM of a named patient, all read by AB."""
    path = tmp_path / "clinic" / "p.mss"
    with Project.create(path, name=f"study of {FAMILY}", template=WITH_EXAMPLE) as project:
        for code in ("AB", "CD"):
            project.readers.add(Reader(code, f"Dr {FAMILY} {code}"))
        for number in (1, 2):
            file = path.parent / f"{FAMILY} {number}.png"
            image = write_picture(file, number)
            project.cases.add(image_of(file, image.pixels, patient=NUMBER), path=file)
        film = planted(path.parent, "CT_small.dcm", BurnedInAnnotation="NO")
        project.cases.add(read_image(film), path=film)
        for case in all_cases(project):
            project.predictions.add(prediction_for(case), case.id)
            read(project, case.id, "", "AB", {mark: (x + 9, y) for mark, (x, y) in POINTS.items()})
            project.notes.set(case.id, "", f"ask {GIVEN}")
        yield project


def read(project, case_id, slot, who, points, *, reviewed=True):
    annotation = project.annotations.load(case_id, reader=slot)
    states = {
        mark: absent(AbsentReason.OUTSIDE_FIELD) if xy is None else placed(*xy, None) for mark, xy in points.items()
    }
    edits = [replace(annotation.change("place", states), reader=who)]
    annotation = annotation.apply(edits[0])
    if reviewed:
        edits.append(replace(annotation.mark_reviewed(), reader=who))
    for edit in edits:
        known = project.annotations.load(case_id, reader=slot)
        project.annotations.commit(edit, case_id, expected_revision=known.revision, reader=slot)


def give(project, target, **more):
    request = Request("CD", tuple(all_cases(project)), "AB", **{"pixels": "looked-at", **more})
    return hand_out(project, request, target)


@pytest.fixture
def package(clinic, tmp_path):
    give(clinic, tmp_path / "for-CD.mssz")
    return tmp_path / "for-CD.mssz"


@pytest.fixture
def ward(package, tmp_path):
    """CD's project on another computer."""
    project = make_project(read_package(package), tmp_path / "ward" / "cd.mss")
    yield project
    project.close()


def read_all(ward, points=POINTS, count=3):
    for case in all_cases(ward)[:count]:
        read(ward, case.id, "CD", "CD", points)


def test_nothing_in_a_package_names_anybody_or_tells_what_was_read(clinic, package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        parts = {name: archive.read(name) for name in names}
    assert names == sorted(names) and {"manifest.json", "template.json"} < set(names)
    words = [FAMILY, GIVEN, NUMBER, BORN, clinic.uid]
    for name, data in [*parts.items(), ("the file", package.read_bytes())]:
        assert not [word for word in words if word.lower().encode() in data.lower() or word in name], name
    manifest = json.loads(parts["manifest.json"])
    assert (manifest["reader"], manifest["deidentified"]) == ("CD", "looked-at")
    assert all("prediction" not in case for case in manifest["cases"])
    assert "example" not in json.loads(parts["template.json"]), "the example picture is a patient's film"
    # the same cases again: the same files under the same names, another identity
    give(clinic, package.with_name("again.mssz"))
    with zipfile.ZipFile(package.with_name("again.mssz")) as archive:
        assert archive.namelist() == names
        assert json.loads(archive.read("manifest.json"))["id"] != manifest["id"]


def test_a_reader_gets_the_pictures_with_their_pixel_size_and_nothing_else(clinic, ward):
    assert [reader.code for reader in ward.readers.known] == ["CD"]
    assert [row.name.startswith("P-") for row in all_cases(ward)] == [True] * 3
    sizes = sorted((row.spacing.row_mm, row.spacing.source.value) for row in all_cases(ward) if row.width == 32)
    assert sizes == [(0.1, "detector")] * 2, "a PNG forgets its pixel size; the package does not"
    assert {ward.predictions.latest(row.id) for row in all_cases(ward)} == {None}
    assert [(one.blind, one.state) for one in ward.readings.of("CD")] == [(True, "new")] * 3
    assert clinic.readings.of("CD")[0].state == "new", "and they were asked for at the sender's"
    assert ward.check() == []


def test_readings_come_back_beside_those_of_others_and_can_be_taken_back(clinic, ward, tmp_path):
    before = {case.id: clinic.annotations.load(case.id) for case in all_cases(clinic)}
    read_all(ward, {**POINTS, "left": None}, count=2)
    ward.notes.set(all_cases(ward)[0].id, "menton", "hard to see", reader="CD")
    assert (len(standing(ward).done), len(standing(ward).waiting)) == (2, 1)
    target = tmp_path / "back.readings.jsonl"
    assert hand_back(ward, target) == 2
    assert all(json.loads(line)["kind"] == "read" for line in target.read_text().splitlines())

    incoming = look_at(clinic, target)
    assert (incoming.reader, incoming.handed_out, summary(incoming.cases)["new"]) == ("CD", 3, 2)
    assert clinic.annotations.readers(incoming.cases[0].case_id) == [""], "a look stores nothing"
    batch, count = take_in(clinic, incoming, by="AB")
    assert count == 2
    for case in incoming.cases:
        back = clinic.annotations.load(case.case_id, reader="CD")
        assert back.reviewed and (back["sella"].x, back["left"].place.value) == (POINTS["sella"][0], "absent")
        (edit,) = clinic.annotations.history(case.case_id, reader="CD")
        assert (edit.reader, edit.kind) == ("CD", "import") and edit.context.startswith("reader package ")
    assert {case.id: clinic.annotations.load(case.id) for case in all_cases(clinic)} == before
    notes = [clinic.notes.of(case.case_id, reader="CD") for case in incoming.cases]
    assert sorted(map(dict, notes), key=len) == [{}, {"menton": "hard to see"}]
    (record,) = clinic.imports.records()
    assert clinic.objects.get(record.body["object_sha256"]) == target.read_bytes(), "the whole history stays at hand"
    assert (record.body["reader"], record.body["by"]) == ("CD", "AB")
    (pair,) = pairs(read_cases(clinic), clinic.template)
    assert (pair.first, pair.second, len(pair.cases)) == ("AB", "CD", 2)

    assert summary(look_at(clinic, target).cases)["same"] == 2, "the same file again changes nothing"
    assert undo_import(clinic, batch) == (2, [])
    assert clinic.annotations.load(incoming.cases[0].case_id, reader="CD").decided_count == 0
    assert summary(look_at(clinic, target).cases)["new"] == 2
    assert clinic.check() == []


def test_reading_again_makes_a_further_revision_and_undo_brings_the_earlier_one_back(clinic, ward, tmp_path):
    read_all(ward)
    hand_back(ward, tmp_path / "1.readings.jsonl")
    take_in(clinic, look_at(clinic, tmp_path / "1.readings.jsonl"), by="AB")
    case = all_cases(ward)[0]
    read(ward, case.id, "CD", "CD", {**POINTS, "menton": (1.0, 2.0)})
    hand_back(ward, tmp_path / "2.readings.jsonl")
    incoming = look_at(clinic, tmp_path / "2.readings.jsonl")
    assert summary(incoming.cases) == {"new": 0, "again": 1, "same": 2, "refused": 0}
    (wanted,) = incoming.wanted
    assert set(wanted.changes) == {"menton"}
    batch, _ = take_in(clinic, incoming, by="AB")
    now = clinic.annotations.load(wanted.case_id, reader="CD")
    assert (now["menton"].x, now.revision, now.reviewed) == (1.0, 2, True)
    assert clinic.annotations.at_revision(wanted.case_id, 1, reader="CD")["menton"].x == POINTS["menton"][0]
    undo_import(clinic, batch)
    now = clinic.annotations.load(wanted.case_id, reader="CD")
    assert (now["menton"].x, now.reviewed) == (POINTS["menton"][0], True)


def test_a_case_that_the_reader_has_read_here_too_stays_as_it_is(clinic, ward, tmp_path):
    read_all(ward)
    hand_back(ward, tmp_path / "1.readings.jsonl")
    read(clinic, all_cases(clinic)[0].id, "CD", "CD", dict.fromkeys(TEMPLATE.ids, (1.0, 1.0)), reviewed=False)
    incoming = look_at(clinic, tmp_path / "1.readings.jsonl")
    assert summary(incoming.cases) == {"new": 2, "again": 0, "same": 0, "refused": 1}
    refused = next(case for case in incoming.cases if case.what == "refused")
    assert refused.problem == "CD has read this case on this computer, too; that reading stays as it is."


def test_with_predictions_it_is_read_like_any_predicted_case(clinic, tmp_path):
    give(clinic, tmp_path / "p.mssz", predictions=True)
    with make_project(read_package(tmp_path / "p.mssz"), tmp_path / "cd.mss") as ward:
        assert ward.readings.of("CD") == []
        for case in all_cases(ward):
            annotation = ward.annotations.load(case.id)
            assert annotation["sella"].label == "predicted"
            assert ward.predictions.latest(case.id).model_id == "import:base@000000000000"
            read(ward, case.id, "", "CD", POINTS)
        hand_back(ward, tmp_path / "p.readings.jsonl")
    incoming = look_at(clinic, tmp_path / "p.readings.jsonl")
    assert summary(incoming.cases)["new"] == 3


def test_pictures_as_they_are_are_the_same_bytes_under_other_names(clinic, tmp_path):
    give(clinic, tmp_path / "p.mssz", deidentify=False, pixels=None)
    with make_project(read_package(tmp_path / "p.mssz"), tmp_path / "cd.mss") as ward:
        assert {row.image_sha256 for row in all_cases(ward)} == {row.image_sha256 for row in all_cases(clinic)}
        assert not [row.name for row in all_cases(ward) if FAMILY in row.name]


def test_a_picture_that_may_show_a_name_needs_a_look_or_stays(clinic, tmp_path):
    with pytest.raises(UserError, match="cannot be ruled out in 2 pictures"):
        give(clinic, tmp_path / "p.mssz", pixels=None)
    made = give(clinic, tmp_path / "p.mssz", pixels="leave-out")
    assert (made.cases, len(made.left_out)) == (1, 2)
    made = give(clinic, tmp_path / "q.mssz", without=frozenset({f"{FAMILY} 1.png"}))
    assert (made.cases, [name for name, _ in made.left_out]) == (2, [f"{FAMILY} 1.png"])
    with pytest.raises(UserError, match="Nothing was handed out"):
        request = Request("CD", tuple(all_cases(clinic)), "AB", pixels="looked-at")
        hand_out(clinic, request, tmp_path / "r.mssz", go_on=lambda done, _total: done < 2)
    assert not (tmp_path / "r.mssz").exists() and not list(tmp_path.glob(".mssz-*"))


def test_what_does_not_belong_to_the_package_is_refused_with_a_reason(clinic, ward, package, tmp_path):
    read_all(ward)
    target = tmp_path / "back.readings.jsonl"
    hand_back(ward, target)
    lines = [json.loads(line) for line in target.read_text().splitlines()]

    def changed(**parts):
        return "".join(canonical(seal({**line, **parts})) + "\n" for line in lines)

    def refused(text, why):
        file = tmp_path / "odd.readings.jsonl"
        file.write_text(text)
        with pytest.raises(UserError, match=why):
            look_at(clinic, file)

    claim = lines[0]["package"]
    refused(changed(kind="case"), "no file of readings that came back")
    refused(changed(package={**claim, "token": "0" * 64}), "does not carry the mark of the package")
    refused(changed(package={**claim, "id": "0" * 32}), "did not hand out")
    refused(changed(template={**lines[0]["template"], "version": 2}), "revision 2 of the template")
    other = [{**line, "reads": [{**line["reads"][0], "reader": "EF"}]} for line in lines]
    refused("".join(canonical(seal(line)) + "\n" for line in other), "holds readings of EF")
    refused("[" * 100_000, "Nothing of odd.readings.jsonl can be used")
    # one case whose hash is wrong, one whose picture is another: they stay out, the third comes in
    moved = json.loads(json.dumps(lines[0]))
    moved["reads"][0]["points"][0]["x"] = 1.0
    strange = seal({**lines[1], "image": {**lines[1]["image"], "sha256": "0" * 64}})
    (tmp_path / "odd.readings.jsonl").write_text("\n".join(map(canonical, (moved, strange, lines[2]))))
    incoming = look_at(clinic, tmp_path / "odd.readings.jsonl")
    assert len(incoming.cases) == 1 and len(incoming.problems) == 2
    assert "its hash is wrong" in incoming.problems[0] and "not one that was handed out" in incoming.problems[1]
    # another project with the same template did not send it
    with (
        Project.create(tmp_path / "other.mss", name="O", template=WITH_EXAMPLE) as other,
        pytest.raises(UserError, match="did not hand out"),
    ):
        look_at(other, target)


# --- hostile packages


def rewritten(package, tmp_path, *, change=None, add=(), drop=(), replace_data=None):
    """The package with another manifest or other members; whatever the manifest lists keeps its hash unless changed."""
    target = tmp_path / "odd.mssz"
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == "manifest.json" and change is not None:
                data = change(json.loads(data)) if callable(change) else change
                data = data if isinstance(data, bytes) else json.dumps(data).encode()
            if name not in drop:
                archive.writestr(name, (replace_data or {}).get(name, data))
        for entry, data in add:
            archive.writestr(entry, data)
    return target


def entry(name, *, mode=stat.S_IFREG | 0o644, compress=zipfile.ZIP_STORED):
    info = zipfile.ZipInfo(name)
    info.external_attr, info.compress_type = mode << 16, compress
    return info


def as_format(text):
    return lambda value: {**value, "format": text}


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"add": [(entry("../evil"), b"x")]}, "names a file outside of itself"),
        ({"add": [(entry("/etc/evil"), b"x")]}, "names a file outside of itself"),
        ({"add": [(entry("pictures\\..\\evil"), b"x")]}, "names a file outside of itself"),
        ({"add": [(entry("CON"), b"x")]}, "names a file outside of itself"),
        ({"add": [(entry("pictures/link", mode=stat.S_IFLNK | 0o777), b"/etc/passwd")]}, "is a link or a device"),
        ({"add": [(entry("bomb", compress=zipfile.ZIP_DEFLATED), b"\0" * 1_000_000)]}, "is compressed"),
        ({"add": [(entry("Template.json"), b"{}")]}, "twice"),
        ({"add": [(entry("extra.txt"), b"x")]}, "its manifest does not list"),
        ({"drop": ["template.json"]}, "'template.json' is missing"),
        ({"drop": ["manifest.json"]}, "it has no manifest.json"),
        ({"replace_data": {"template.json": b"{}"}}, "the checksum of 'template.json' is wrong"),
        ({"change": b"[" * 100_000}, "nested deeper"),
        ({"change": b'{"format":"mss-package/1","format":"x"}'}, "a key occurs twice"),
        ({"change": as_format("mss-package/2")}, "made by a newer version .package format 2; this version reads 1"),
        ({"change": as_format("other")}, "manifest is not as it should be: format"),
        ({"change": lambda value: {**value, "kind": "project"}}, "package of another kind .project."),
        ({"change": lambda value: {**value, "reader": "../CD"}}, "Initials are 1 to 8 letters"),
        ({"change": lambda value: {**value, "cases": value["cases"] * 2}}, "a case twice"),
        ({"change": lambda value: {**value, "surprise": 1}}, "manifest is not as it should be: surprise"),
        ({"change": lambda value: {**value, "cases": value["cases"][:1]}}, "do not fit together"),
    ],
)
def test_a_hostile_package_is_refused_with_one_clear_message(package, tmp_path, how, why):
    with pytest.raises(PackageError, match=why) as caught:
        read_package(rewritten(package, tmp_path, **how))
    assert str(caught.value).startswith("odd.mssz was not opened: ") and "\n" not in str(caught.value)


def test_a_damaged_file_is_refused_wherever_it_ends(package, tmp_path):
    whole = package.read_bytes()
    for length in range(0, len(whole), len(whole) // 40):
        (tmp_path / "cut.mssz").write_bytes(whole[:length])
        with pytest.raises(PackageError, match=r"cut\.mssz was not opened"):
            read_package(tmp_path / "cut.mssz")


def test_a_package_that_fails_halfway_leaves_nothing_behind(package, tmp_path):
    def spoil(value):
        record = next(case for case in value["cases"] if case["width"] == 32)
        record["width"] = 33
        return value

    odd = read_package(rewritten(package, tmp_path, change=spoil))
    with pytest.raises(PackageError, match="points would not fit"):
        make_project(odd, tmp_path / "cd.mss")
    assert not (tmp_path / "cd.mss").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(ProjectExistsError):
        make_project(read_package(package), tmp_path / "full")
    assert (tmp_path / "full" / "mine").exists()


def test_a_project_of_ones_own_has_nobody_to_hand_back_to(tmp_path):
    with Project.create(tmp_path / "p.mss", name="P", template=TEMPLATE) as project:
        add_case(project, 1)
        with pytest.raises(UserError, match="not made of a reader package"):
            standing(project)
