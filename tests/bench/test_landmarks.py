"""The whole command on made-up films with a tiny model of random weights."""

import json

import numpy as np
import pytest

from bench import landmarks, unet_peer
from bench.contestants import load_package, load_peer
from bench.films import load_set, set_names
from bench.measure import Memory, place_all
from bench.unet import UNet
from bench.variants import AS_IT_IS, VARIANTS
from medsapiens_core.errors import UserError
from tests.bench.building import CEPH, write_ceph, write_ceph_model


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_ceph(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_ceph_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def peer(tmp_path_factory):
    file = tmp_path_factory.mktemp("peer") / "unet.safetensors"
    unet_peer.save(UNet(unet_peer.peer_config(CEPH, (32, 48)), (4, 8)), file, {})
    return file


def run(capsys, *arguments):
    assert landmarks.main([str(a) for a in arguments]) == 0
    return capsys.readouterr().out


def test_one_table_of_model_peer_and_readers_with_a_report(data, model, peer, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ("--data", data, "--model", model, "--peer", peer, "--limit", 2, "--repeat", 1, "--out", out)
    value = json.loads(run(capsys, *arguments, "--json"))
    seen = {(row["set"], row["reference"], row["placed_by"]) for row in value["rows"]}
    for name in ("ceph test1", "ceph-19 held out"):
        assert (name, "senior", "junior reader") in seen
        for reader in ("senior", "junior", "mean of both"):
            assert {(name, reader, "model"), (name, reader, "U-Net (ceph-19)")} <= seen
    readers = next(row for row in value["rows"] if row["placed_by"] == "junior reader")
    assert readers["mre"]["value"] == pytest.approx(0.5)  # one pixel of 0.5 mm
    assert len(readers["per_landmark"]) == 19
    assert {row["variant"] for row in value["changed"]} == {variant.name for variant in VARIANTS}
    assert [speed["placed_by"] for speed in value["speeds"]] == ["model", "U-Net (ceph-19)"]
    assert all(speed["threads"] >= 1 and speed["bytes"] > 0 for speed in value["speeds"])
    assert "ceph test1, changed films" in (out / "report.html").read_text()
    assert json.loads((out / "figures.jsonl").read_text())["rows"] == value["rows"]

    before = (out / "points.jsonl").read_text()
    table = run(capsys, *arguments)  # nothing is placed a second time
    assert (out / "points.jsonl").read_text() == before
    assert "hand-37" in table
    assert "five images" in table


def test_points_are_placed_again_when_weights_or_program_are_others(data, model, tmp_path):
    films = load_set(data, "ceph test1", 1)
    contestant = load_package(str(model), "model")
    memory = Memory(tmp_path / "points.jsonl")
    place_all(contestant, films, CEPH, AS_IT_IS, memory)
    place_all(contestant, films, CEPH, AS_IT_IS, Memory(tmp_path / "points.jsonl"))
    assert len((tmp_path / "points.jsonl").read_text().splitlines()) == 1
    changed = type(contestant)(**{**vars(contestant), "code": "another"})
    place_all(changed, films, CEPH, AS_IT_IS, Memory(tmp_path / "points.jsonl"))
    assert len((tmp_path / "points.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: v.name)
def test_points_on_a_changed_film_are_given_in_the_unchanged_one(data, model, variant):
    films = load_set(data, "ceph test1", 1)
    contestant = load_package(str(model), "model")
    film = films.films[0]

    def find_truth(image, template):
        x, y = variant.to_variant(film.size).apply(film.readers["senior"]).T
        return type(contestant.place(image, template))(np.stack([x, y], -1), False)

    knowing = type(contestant)(**{**vars(contestant), "place": find_truth})
    placed = place_all(knowing, films, CEPH, variant, Memory())
    np.testing.assert_allclose(placed.points[0], film.readers["senior"])


def test_held_out_films_are_those_that_joint_training_leaves_out(data):
    films = load_set(data, "ceph-19 held out")
    assert [film.path.name for film in films.films] == ["0-007.png"]
    assert load_set(data, "spine-68 held out") is None
    assert "hand-37 held out" not in set_names()
    with pytest.raises(UserError, match="no set"):
        load_set(data, "hand-37 held out")


def test_the_report_may_not_lie_in_the_repository(data, model, capsys):
    inside = landmarks.ROOT / "docs" / "report"
    assert landmarks.main(["--data", str(data), "--model", str(model), "--out", str(inside)]) == 2
    assert "lies in the repository" in capsys.readouterr().err
    assert not inside.exists()


def test_a_folder_without_labels_and_a_file_that_is_no_peer_are_refused(data, model, tmp_path, capsys):
    assert landmarks.main(["--data", str(tmp_path), "--model", str(model)]) == 2
    assert "There is no labelled set" in capsys.readouterr().err
    with pytest.raises(UserError, match="neither a model package nor"):
        load_peer(str(tmp_path / "nothing"))
