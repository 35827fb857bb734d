import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from medsapiens_core.models.checkpoint import CheckpointError, load_exactly, match, read_tensors
from tests.core.models import tiny


class Exploit:
    """Touches a file when it is unpickled."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def legacy(value, path):
    torch.save(value, path, _use_new_zipfile_serialization=False)


def plain_pickle(value, path):
    path.write_bytes(pickle.dumps(value))


def hidden_pickle(value, path):
    """A torch archive whose pickle was exchanged for another."""
    torch.save({"w": torch.ones(2)}, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, pickle.dumps(value, protocol=2) if name.endswith("data.pkl") else content)


@pytest.mark.parametrize("write", [torch.save, legacy, plain_pickle, hidden_pickle])
@pytest.mark.parametrize(
    "wrap", [lambda e: e, lambda e: {"state_dict": {"w": torch.ones(2)}, "meta": e}, lambda e: [e]]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_code_in_a_checkpoint_is_never_run(tmp_path, write, wrap, suffix):
    marker = tmp_path / "executed"
    path = tmp_path / f"weights{suffix}"
    write(wrap(Exploit(marker)), path)
    with pytest.raises(CheckpointError):
        read_tensors(path)
    assert not marker.exists()


def test_the_exploit_would_work_if_it_were_read_unsafely(tmp_path):
    marker = tmp_path / "executed"
    torch.save(Exploit(marker), tmp_path / "weights.pth")
    torch.load(tmp_path / "weights.pth", weights_only=False)
    assert marker.exists()


def test_numpy_scalars_are_refused_with_a_reason(tmp_path):
    torch.save({"state_dict": {"w": torch.ones(2)}, "meta": np.float64(3)}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=r"more than weights \(numpy"):
        read_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_values_that_are_not_numbers_are_refused(tmp_path, value, suffix):
    path = tmp_path / f"weights{suffix}"
    tensors = {"good": torch.ones(2), "bad": torch.tensor([1.0, value])}
    if suffix == ".pth":
        torch.save(tensors, path)
    else:
        save_file(tensors, path)
    with pytest.raises(CheckpointError, match="bad has values that are not numbers"):
        read_tensors(path)


def test_a_tensor_larger_than_its_bytes_is_refused(tmp_path):
    torch.save({"w": torch.ones(1).expand(10**9)}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match="more values than the file holds"):
        read_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("content", [{}, [torch.ones(2)], {"w": "text"}, {1: torch.ones(2)}, {"w": torch.ones(2) > 0}])
def test_what_is_no_table_of_weights_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError):
        read_tensors(tmp_path / "weights.pth")


def test_sparse_tensors_are_refused(tmp_path):
    torch.save({"w": torch.sparse_coo_tensor([[0]], [1.0], (3,), check_invariants=False)}, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError):
        read_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files_are_refused(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"w": torch.ones(1000)}, path)
    else:
        save_file({"w": torch.ones(1000)}, path)
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"\x00" * 100, whole[:20]):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError):
            read_tensors(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="not a file"):
        read_tensors(tmp_path / "nothing.pth")


def test_wrapped_and_bare_tables_are_the_same(tmp_path):
    tensors = {"a": torch.arange(3.0), "b": torch.ones(2, dtype=torch.int64)}
    for name, content in (("bare", tensors), ("wrapped", {"meta": {"epoch": 3}, "state_dict": tensors})):
        torch.save(content, tmp_path / f"{name}.pth")
        legacy(content, tmp_path / f"{name}_legacy.pth")
        for path in (tmp_path / f"{name}.pth", tmp_path / f"{name}_legacy.pth"):
            read = read_tensors(path)
            assert read.keys() == tensors.keys()
            assert all(torch.equal(read[k], tensors[k]) for k in tensors)


def test_the_report_says_what_does_not_fit():
    network = torch.nn.Linear(3, 2)
    report = match(network, {"weight": torch.ones(2, 4), "other": torch.ones(1)})
    assert report.matched == ()
    assert report.missing == ("bias",)
    assert report.unexpected == ("other",)
    assert report.wrong_shape == ("weight [2, 4] instead of [2, 3]",)
    assert not report.is_exact
    assert str(report) == (
        "0 tensors matched; 1 missing (bias); 1 not expected (other); "
        "1 of another shape (weight [2, 4] instead of [2, 3])"
    )


def test_loading_copies_and_is_exact():
    network = tiny.model(seed=4)
    tensors = {name: value.clone() for name, value in network.state_dict().items()}
    other = tiny.model(seed=5)
    report = load_exactly(other, tensors, "the file")
    assert report.is_exact
    assert len(report.matched) == len(tensors)
    tensors["head.out.bias"].fill_(9)
    assert not (other.head.out.bias == 9).any()
    with pytest.raises(CheckpointError, match="the file does not fit"):
        load_exactly(other, tensors | {"extra": torch.ones(1)}, "the file")
