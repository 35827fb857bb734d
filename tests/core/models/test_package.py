import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.errors import UserError
from medsapiens_core.evaluation.calibration import Calibration, LandmarkCalibration
from medsapiens_core.models.build import build_model
from medsapiens_core.models.config import AdapterConfig
from medsapiens_core.models.lora import merge_lora
from medsapiens_core.models.package import (
    copy_with_calibration,
    load_model,
    read_calibrations,
    read_config,
    read_templates,
    write_base,
    write_package,
)
from medsapiens_core.models.package_files import verify_files, write_manifest
from tests.core.models import tiny


def write(folder, network, **options):
    return write_package(folder, network, card="# Tiny", metrics={"mre_px": 1.5}, provenance={"run": "r"}, **options)


@pytest.fixture
def package(tmp_path):
    return write(tmp_path / "models" / "tiny", tiny.model(lora=True), templates=[tiny.template()])


def forge(package, change):
    """Change a package and give it a manifest that agrees."""
    change(package)
    (package / "manifest.json").unlink()
    write_manifest(package)


def test_what_is_read_is_what_was_written(package):
    original, read = tiny.model(lora=True), load_model(package)
    assert torch.equal(read(tiny.picture()), original(tiny.picture()))
    assert read.config == original.config
    assert not read.training
    assert not any(parameter.requires_grad for parameter in read.parameters())


def test_the_files_of_a_package(package):
    assert {path.name for path in package.iterdir()} == {
        "config.json",
        "model.safetensors",
        "manifest.json",
        "template.json",
        "metrics.json",
        "provenance.json",
        "MODEL_CARD.md",
    }
    manifest = json.loads((package / "manifest.json").read_text())
    assert manifest["format"] == "msmodel/1"
    for name, entry in manifest["files"].items():
        content = (package / name).read_bytes()
        assert entry == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    assert json.loads((package / "metrics.json").read_text()) == {"mre_px": 1.5}


def test_templates_travel_with_the_package(package, tmp_path):
    assert read_templates(package) == {"tiny": tiny.template()}
    shipped = next(iter(shipped_templates().values()))
    own = tiny.template(3, "own")
    other = write(tmp_path / "other", tiny.model(templates=(shipped, own)))
    read = read_templates(other)
    assert list(read) == [shipped.id, "own"]
    assert read[shipped.id] == shipped
    assert read["own"].ids == own.ids  # not described, but its landmarks are known by id


@pytest.mark.parametrize("dtype", ["fp16", "fp32"])
def test_saving_again_gives_the_same_bytes(tmp_path, dtype):
    first = write(tmp_path / "first", tiny.model(lora=True), dtype=dtype)
    second = write(tmp_path / "second", load_model(first), dtype=dtype)
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()
    stored = load_file(first / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16 if dtype == "fp16" else torch.float32}
    assert {p.dtype for p in load_model(first).parameters()} == {torch.float32}


def test_a_package_is_never_overwritten(package):
    with pytest.raises(UserError, match="exists already"):
        write(package, tiny.model())


@pytest.mark.parametrize(("value", "dtype"), [(float("nan"), "fp32"), (1e6, "fp16")])
def test_weights_that_are_not_finite_are_never_written(tmp_path, value, dtype):
    network = tiny.model()
    with torch.no_grad():
        network.head.out.bias[0] = value
    with pytest.raises(ValueError, match=r"head\.out\.bias"):
        write(tmp_path / "bad", network, dtype=dtype)
    assert list(tmp_path.iterdir()) == []


def test_merged_weights_are_never_written(tmp_path):
    network = tiny.model(lora=True)
    merge_lora(network)
    with pytest.raises(ValueError, match="merged"):
        write(tmp_path / "bad", network)


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        write_package(tmp_path / "bad", tiny.model(), card="", metrics={"odd": object()}, provenance={})
    assert list(tmp_path.iterdir()) == []


def test_figures_that_are_not_numbers_become_null(tmp_path):
    folder = write_package(
        tmp_path / "m", tiny.model(), card="", metrics={"mre": [float("nan"), {"x": float("inf")}]}, provenance={}
    )
    assert json.loads((folder / "metrics.json").read_text()) == {"mre": [None, {"x": None}]}


# --- a package that was changed ----------------------------------------------------------------------------------


def flip_a_bit(folder):
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def grow_the_card(folder):
    (folder / "MODEL_CARD.md").write_text("# A much better model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip_a_bit, r"checksum of \".*/model\.safetensors\" does not match its model card"),
        (grow_the_card, r"checksum of \".*/MODEL_CARD\.md\" does not match its model card"),
        (lambda f: (f / "extra.txt").write_text("x"), r"does not list: extra\.txt"),
        (lambda f: (f / "metrics.json").unlink(), r"lost files: metrics\.json"),
        (lambda f: (f / "manifest.json").unlink(), r"manifest\.json"),
        (lambda f: (f / "manifest.json").write_text("{}"), "manifest cannot be read"),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff\x00"), "manifest cannot be read"),
        (lambda f: (f / "sub").mkdir(), "links or folders"),
    ],
)
def test_an_altered_package_is_refused(package, change, message):
    change(package)
    with pytest.raises(UserError, match=message):
        load_model(package)


def test_links_are_not_followed(package, tmp_path):
    weights = package / "model.safetensors"
    shutil.move(weights, tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    with pytest.raises(UserError, match="links"):
        load_model(package)


def test_a_manifest_cannot_name_files_elsewhere(package):
    manifest = json.loads((package / "manifest.json").read_text())
    manifest["files"]["../secret"] = {"bytes": 1, "sha256": "0" * 64}
    (package / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="does not have: \\.\\./secret"):
        load_model(package)


def test_what_is_not_a_package_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nothing"):
        with pytest.raises(UserError, match="not a model package"):
            load_model(folder)


# --- a package whose manifest agrees, with wrong content -----------------------------------------------------------


def with_tensors(change):
    def apply(folder):
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors")

    return apply


def with_config(**values):
    def apply(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | values))

    return apply


def huge_header(folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 1 << 40) + b"{}")


def header_of_a_list(folder):
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2) + b"[]")


def swap_landmarks(folder):
    values = json.loads((folder / "template.json").read_text())
    values[0]["landmarks"].reverse()
    (folder / "template.json").write_text(json.dumps(values))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (with_tensors(lambda t: t["head.out.bias"].fill_(float("nan"))), "not numbers"),
        (with_tensors(lambda t: t.pop("head.out.bias")), "1 missing"),
        (with_tensors(lambda t: t.update(extra=torch.ones(1))), "1 not expected"),
        (with_tensors(lambda t: t.update({"head.out.bias": torch.ones(9)})), "another shape"),
        (with_tensors(lambda t: t.update({"head.out.bias": torch.ones(5).double()})), "kind that is not read"),
        (huge_header, "header of"),
        (header_of_a_list, "damaged header"),
        (with_config(format="msmodel/9"), "configuration"),
        (with_config(heatmap_size=[25, 32]), "heatmap size"),
        (with_config(architecture={"kind": "sapiens"}), "configuration"),
        (with_config(architecture={"kind": "other"}), "unknown architecture"),
        (with_config(license=""), "configuration"),
        (with_config(surprise=1), "configuration"),
        (with_config(templates={}), "template"),
        (lambda f: (f / "config.json").write_text("{"), "configuration"),
        (lambda f: (f / "LICENSE.md").write_text("?"), "does not have"),
        (lambda f: (f / "template.json").write_text("{}"), "not a list"),
        (lambda f: (f / "template.json").write_text("[]"), "not those that its outputs stand for"),
        (swap_landmarks, "not those that its outputs stand for"),
        (lambda f: (f / "template.json").unlink(), "not a complete model package"),
    ],
)
def test_wrong_content_is_refused_even_with_a_right_manifest(package, change, message):
    forge(package, change)
    with pytest.raises(UserError, match=message):
        load_model(package)


def test_a_calibration_may_be_there(package):
    forge(package, lambda f: (f / "calibration.json").write_text("{}"))
    load_model(package)


def test_the_compact_network_travels_the_same_way(tmp_path):
    compact = {"kind": "compact", "width": 8, "depths": [1, 1], "windows": [4, 4], "global_blocks": [1]}
    network = build_model(tiny.config(architecture=compact | {"decoder_width": 8})).eval()
    tiny.randomise(network)
    read = load_model(write(tmp_path / "compact", network))
    assert torch.equal(read.heatmaps(tiny.picture(), "tiny"), network.heatmaps(tiny.picture(), "tiny"))


# --- adapters ------------------------------------------------------------------------------------------------------


@pytest.fixture
def adapter(tmp_path):
    network = tiny.model(lora=True)
    digest = write_base(network, tmp_path / "base")
    network.config = network.config.model_copy(update={"adapter": AdapterConfig(base_sha256=digest)})
    return write(tmp_path / "models" / "adapter", network)


def test_an_adapter_package_holds_adapters_and_head_only(adapter, tmp_path):
    names = load_file(adapter / "model.safetensors").keys()
    assert all(name.startswith("head.") or ".lora_" in name for name in names)
    assert torch.equal(load_model(adapter)(tiny.picture()), tiny.model(lora=True)(tiny.picture()))
    moved = shutil.move(tmp_path / "base", tmp_path / "other")
    load_model(adapter, base_folder=moved)


def test_the_base_is_stored_once(adapter, tmp_path):
    (base,) = (tmp_path / "base").iterdir()
    assert base.stem == hashlib.sha256(base.read_bytes()).hexdigest()
    write_base(load_model(adapter), tmp_path / "base")
    assert list((tmp_path / "base").iterdir()) == [base]


def test_an_adapter_refuses_another_base(adapter, tmp_path):
    (base,) = (tmp_path / "base").iterdir()
    tensors = load_file(base)
    tensors["backbone.norm_out.bias"] += 1
    save_file(tensors, base)
    with pytest.raises(UserError, match="damaged"):
        load_model(adapter)
    base.unlink()
    with pytest.raises(UserError, match="not in"):
        load_model(adapter)


def test_an_adapter_must_not_bring_base_weights(adapter):
    forge(adapter, with_tensors(lambda t: t.update({"backbone.norm_out.bias": torch.zeros(tiny.DIM)})))
    with pytest.raises(UserError, match="must not hold"):
        load_model(adapter)


def test_training_everything_ends_the_adapter(adapter, tmp_path):
    network = load_model(adapter)
    network.trainable_parameters("full")
    assert network.config.adapter is None
    whole = write(tmp_path / "whole", network)
    shutil.rmtree(tmp_path / "base")
    assert torch.equal(load_model(whole)(tiny.picture()), tiny.model(lora=True)(tiny.picture()))


def test_config_and_manifest_are_read_without_torch(package):
    code = (
        "import sys, pathlib; from medsapiens_core.models.package_files import read_config, verify_files;"
        f"folder = pathlib.Path({os.fspath(package)!r}); verify_files(folder); read_config(folder);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    verify_files(package)
    assert read_config(package).name == "tiny"


def test_a_package_without_calibration_has_none_and_a_damaged_one_is_refused(package, tmp_path):
    assert read_calibrations(package) == {}
    mark = LandmarkCalibration(n=12, scale=1.0, error_factor=1.0, quantiles=(1.0, None))
    calibration = Calibration(
        template_version=1,
        n_images=12,
        effective_n=20.0,
        data_sha256="",
        coverages=(0.68, 0.95),
        pooled=(1.0, 2.0),
        landmarks={"a": mark},
    )
    written = write(tmp_path / "written", tiny.model(lora=True), calibrations={"tiny": calibration})
    copied = copy_with_calibration(package, tmp_path / "copied", {"tiny": calibration})
    for folder in (written, copied):
        verify_files(folder)
        assert read_calibrations(folder) == {"tiny": calibration}
    assert (copied / "model.safetensors").read_bytes() == (package / "model.safetensors").read_bytes()

    forge(copied, lambda folder: (folder / "calibration.json").write_text('{"templates": {"tiny": {"pooled": [0]}}}'))
    with pytest.raises(UserError, match="calibration of the model copied cannot be read"):
        read_calibrations(copied)
    with pytest.raises(UserError, match="does not match its model card"):
        (package / "MODEL_CARD.md").write_text("other")
        copy_with_calibration(package, tmp_path / "never", {"tiny": calibration})
    assert not (tmp_path / "never").exists()
