import pytest
import torch

from medsapiens_core.errors import UserError
from medsapiens_core.models.convert import import_checkpoint
from medsapiens_core.models.import_sapiens import load_landmark_model
from medsapiens_core.models.package import load_model, read_templates
from tests.core.models import tiny

OPTIONS = {"num_heads": tiny.HEADS, "input_size": tiny.INPUT}


@pytest.fixture
def files(tmp_path):
    layouts = {"pose": tiny.pose_tensors(), "mae": tiny.pretraining_tensors(), "lora": tiny.lora_tensors()}
    for name, tensors in layouts.items():
        torch.save({"state_dict": tensors}, tmp_path / f"{name}.pth")
    return tmp_path


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("checkpoint", "base"), [("pose.pth", None), ("lora.pth", "mae.pth")])
def test_the_package_predicts_what_the_checkpoint_does(files, checkpoint, base, apart):
    base_path = files / base if base else None
    base_folder = files / "library" / "base" if apart else None
    folder = import_checkpoint(
        files / checkpoint,
        name="mine",
        base=base_path,
        template=tiny.template(),
        into=files / "library" / "models",
        base_folder=base_folder,
        **OPTIONS,
    )
    assert folder == files / "library" / "models" / "mine"
    read = load_model(folder)
    original = load_landmark_model(files / checkpoint, base=base_path, **OPTIONS)
    assert torch.equal(read.heatmaps(tiny.picture(), "tiny"), original(tiny.picture()))
    assert read.config.name == "mine"
    assert (read.config.adapter is not None) == apart
    assert read_templates(folder) == {"tiny": tiny.template()}
    size = (folder / "model.safetensors").stat().st_size
    assert (size < 30_000) == apart


def test_the_licence_is_in_the_card_and_the_config(files):
    folder = import_checkpoint(files / "pose.pth", name="mine", template=tiny.template(), into=files, **OPTIONS)
    assert "CC BY-NC 4.0" in (folder / "MODEL_CARD.md").read_text()
    assert "CC BY-NC 4.0" in load_model(folder).config.license


def test_no_path_or_file_name_is_kept(files):
    folder = import_checkpoint(files / "pose.pth", name="mine", template=tiny.template(), into=files / "x", **OPTIONS)
    for path in folder.iterdir():
        assert b"pose.pth" not in path.read_bytes()
        assert str(files).encode() not in path.read_bytes()


def test_another_number_of_landmarks_is_refused(files):
    with pytest.raises(UserError, match="places 5 landmarks, but template tiny has 6"):
        import_checkpoint(files / "pose.pth", name="mine", template=tiny.template(6), into=files / "out", **OPTIONS)
    assert not (files / "out").exists()
