"""From a checkpoint of the original code to a model package of ours."""

from __future__ import annotations

import tempfile
from pathlib import Path

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError
from medsapiens_core.geometry import Size
from medsapiens_core.models.config import AdapterConfig, LoraConfig, ModelConfig, TemplateChannels
from medsapiens_core.models.import_sapiens import DEFAULT_INPUT, LICENSE, load_landmark_model
from medsapiens_core.models.package import write_base, write_package
from medsapiens_core.models.package_files import file_sha256
from medsapiens_core.models.sapiens import SapiensLandmarkModel

CARD = """# {name}

Imported from a checkpoint of the original code (SHA-256 {sha256}).

- Network: Sapiens, {embed_dim} wide, {depth} blocks; input {width} x {height}.
- Template: {template} (version {version}), {count} landmarks in the order of the checkpoint's channels.
- Licence: {license}. This holds for
  whatever contains these weights or was derived from them.
- Nobody has measured this model here yet. It is a candidate until it has been compared on cases of your own.
- Not a medical device; not for diagnosis or treatment.
"""


def import_checkpoint(
    checkpoint: str | Path,
    *,
    name: str,
    base: str | Path | None = None,
    template: Template,
    into: Path | None = None,
    base_folder: Path | None = None,
    num_heads: int | None = None,
    input_size: Size = DEFAULT_INPUT,
) -> Path:
    """Convert a Sapiens pose or MedSapiens checkpoint into a package folder called `name` and return its path.

    The channels are taken as the landmarks of `template`, in its order. The package is made in `into` (default: a new
    temporary folder). With `base_folder` the backbone is stored there once, by its SHA-256, and the package holds only
    adapters and head. Raises UserError when the checkpoint is refused or has another number of landmarks.
    """
    path = Path(checkpoint)
    model = load_landmark_model(path, base=base, num_heads=num_heads, input_size=input_size)
    count = model.config.channel_count
    if count != len(template):
        raise UserError(
            f"{path.name} places {count} landmarks, but template {template.id} has {len(template)}. Choose the "
            "template that the checkpoint was trained for (--template)."
        )
    model.config = _adopt(model.config, name, template)
    if base_folder is not None:
        _make_adapter(model, base_folder)
    into = into if into is not None else Path(tempfile.mkdtemp(prefix="medsapiens-import-"))
    return write_package(
        into / name,
        model,
        card=_card(model, path, template),
        metrics={},
        provenance=_provenance(path, None if base is None else Path(base)),
        templates=[template],
    )


def _adopt(config: ModelConfig, name: str, template: Template) -> ModelConfig:
    """The imported config under a new name, with the template in place of the placeholder."""
    channels = {template.id: TemplateChannels(version=template.version, landmarks=template.ids)}
    return ModelConfig.model_validate(config.model_dump() | {"name": name, "templates": channels})


def _make_adapter(model: SapiensLandmarkModel, base_folder: Path) -> None:
    """Store the backbone apart; a pose checkpoint without adapters gets ones that change nothing yet."""
    if model.config.architecture.get("lora") is None:
        model.add_lora(LoraConfig())
    adapter = AdapterConfig(base_sha256=write_base(model, base_folder))
    model.config = model.config.model_copy(update={"adapter": adapter})


def _card(model: SapiensLandmarkModel, path: Path, template: Template) -> str:
    width, height = model.config.input_size
    return CARD.format(
        name=model.config.name,
        sha256=file_sha256(path),
        width=width,
        height=height,
        template=template.id,
        version=template.version,
        count=len(template),
        license=LICENSE,
        **{key: model.config.architecture[key] for key in ("embed_dim", "depth")},
    )


def _provenance(path: Path, base: Path | None) -> dict[str, object]:
    """Where the weights come from: digests, never paths, which may name a person."""
    return {
        "kind": "import",
        "checkpoint_sha256": file_sha256(path),
        "base_sha256": None if base is None else file_sha256(base),
        "license": LICENSE,
    }
