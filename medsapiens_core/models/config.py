"""What a model package says of its network, its input and its output channels. Torch-free; stored as `config.json`.

Every size is (width, height). Grey values, mean, std and border are on the 0..255 scale. Source: formats.md 8.4.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from medsapiens_core.data.template import Template
from medsapiens_core.errors import UserError

PositiveSize = tuple[Annotated[int, Field(gt=1, le=8192)], Annotated[int, Field(gt=1, le=8192)]]
Channels3 = tuple[float, float, float]
LoraLayer = Literal["qkv", "proj", "fc1", "fc2"]
IMAGENET_MEAN: Channels3 = (123.675, 116.28, 103.53)
IMAGENET_STD: Channels3 = (58.395, 57.12, 57.375)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class GreyRecipe(_Frozen):
    """Percentiles of the image (padding left out) that become 0 and 255 of the network's grey scale.

    `eight_bit_as_is` leaves the values of 8-bit images alone, as the original MedSapiens code does.
    """

    low: Annotated[float, Field(ge=0, le=100)] = 0.5
    high: Annotated[float, Field(ge=0, le=100)] = 99.5
    eight_bit_as_is: bool = False


class Placement(_Frozen):
    """Where a template's landmarks lie in the network's input, and how far the training films stray from it.

    `mean` (K, 2) are shares of the input's width and height; `scale` is the range of sizes against the mean shape,
    `rotation` the largest turn in degrees, `shift` the largest shift of the centre over the input's height, `residual`
    the largest root mean square distance from the mean shape after a similarity, over the size of the shape.
    `either_side`: films may show the shape or its mirror image.
    """

    mean: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]
    scale: tuple[float, float]
    rotation: float
    shift: float
    residual: float
    either_side: bool = False


class PrototypeConfig(_Frozen):
    """Outputs by likeness to `examples` labelled images in the place of a trained head (models/prototypes.py).

    `levels` number the network's feature maps that are compared, `whitened` those made uncorrelated first; `scale`
    sharpens the likeness. `anchor` is the template whose own output says where to look, `reused` are landmarks whose
    output is the anchor's (of the same id); `by_shape` lets the landmarks place one another.
    """

    examples: int = Field(ge=1, le=100)
    levels: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0,)
    whitened: tuple[int, ...] = (0,)
    scale: float = Field(gt=0, default=30.0)
    anchor: str | None = None
    reused: tuple[str, ...] = ()
    by_shape: bool = False


class TemplateChannels(_Frozen):
    """The landmarks of one template in the order of the output channels.

    `input_scale` is the part of the input's sides that this template's films are shown at; `refined` templates have a
    second stage (models/refiner.py).
    """

    version: int = Field(ge=1)
    landmarks: tuple[str, ...] = Field(min_length=1)
    input_scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    placement: Placement | None = None
    prototypes: PrototypeConfig | None = None
    refined: bool = False

    @model_validator(mode="after")
    def _landmarks_are_distinct(self) -> TemplateChannels:
        if len(set(self.landmarks)) != len(self.landmarks):
            raise ValueError("a landmark id occurs twice")
        if self.placement is not None and len(self.placement.mean) != len(self.landmarks):
            raise ValueError("the placement has another number of landmarks")
        if self.refined and self.prototypes is not None:
            raise ValueError("prototypes have no second stage")
        return self

    @property
    def channel_count(self) -> int:
        """Number of output channels: none for prototypes."""
        return len(self.landmarks) if self.prototypes is None else 0


class LoraTarget(_Frozen):
    """One low-rank update: W + alpha / rank * up @ down."""

    rank: int = Field(ge=1)
    alpha: float = Field(gt=0)


MEDSAPIENS_LORA: dict[LoraLayer, LoraTarget] = {
    "qkv": LoraTarget(rank=4, alpha=4),
    "proj": LoraTarget(rank=8, alpha=8),
}


class LoraConfig(_Frozen):
    """Low-rank adapters by linear layer of every block. The defaults are those of MedSapiens (methods.md 3)."""

    targets: Annotated[dict[LoraLayer, LoraTarget], Field(min_length=1)] = MEDSAPIENS_LORA
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


class ExpertsConfig(_Frozen):
    """Task experts: the last `width` rows of every block's second feed-forward layer exist once per template."""

    width: int = Field(ge=1)


class SapiensArchitecture(_Frozen):
    """Numbers of a Sapiens ViT with its heatmap head (methods.md 2). `position_grid` is (columns, rows)."""

    kind: Literal["sapiens"] = "sapiens"
    embed_dim: int = Field(ge=1)
    depth: int = Field(ge=1)
    num_heads: int = Field(ge=1)
    ffn_dim: int = Field(ge=1)
    position_grid: tuple[int, int]
    deconv_channels: tuple[int, ...] = (768, 768)
    conv_channels: tuple[int, ...] = (768, 768)
    lora: LoraConfig | None = None
    experts: ExpertsConfig | None = None

    @model_validator(mode="after")
    def _numbers_agree(self) -> SapiensArchitecture:
        if self.experts is not None and self.experts.width >= self.embed_dim:
            raise ValueError(f"experts of width {self.experts.width} leave nothing of {self.embed_dim} to share")
        if self.experts is not None and self.lora is not None and "fc2" in self.lora.targets:
            raise ValueError("fc2 cannot have both experts and low-rank adapters")
        if self.embed_dim % self.num_heads:
            raise ValueError(f"{self.num_heads} attention heads do not divide the token width {self.embed_dim}")
        return self


class RefinerArchitecture(_Frozen):
    """Numbers of a second stage (models/refiner.py). `crop` is the side of what it looks at, in fine pixels, and
    `context` how many times as wide the other picture is; `widths` are channels from the finest level down.

    The fine picture has `finer` times the sides of the model's input; `sigma` is the training target's, in cells.
    """

    widths: Annotated[tuple[int, ...], Field(min_length=2, max_length=5)] = (32, 64, 128, 160)
    crop: Annotated[int, Field(ge=32, le=512, multiple_of=32)] = 96
    context: Annotated[int, Field(ge=2, le=8)] = 4
    finer: Annotated[float, Field(ge=1, le=4)] = 2.0
    sigma: Annotated[float, Field(gt=0)] = 1.5

    @property
    def cells(self) -> int:
        """Cells along a side of the output: two fine pixels each."""
        return self.crop // 2


class AdapterConfig(_Frozen):
    """The package holds only adapters and head; `base_sha256` names the file `<base_sha256>.safetensors` it needs."""

    base_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ModelConfig(_Frozen):
    """Everything about a model but its weights. The order of `templates` is the order of the output channels.

    `sigma` is the training target's, in heatmap cells; `padding` enlarges the box (1.0 ours, 1.25 MedSapiens);
    `reference_warp` keeps the original code's aspect repair and no low-pass filter; `border` is the raw value outside
    the image. `architecture` has a `kind`, and numbers that belong to that kind.
    """

    format: Literal["msmodel/1"] = "msmodel/1"
    name: str = Field(min_length=1)
    architecture: dict[str, JsonValue]
    input_size: PositiveSize
    heatmap_size: PositiveSize
    padding: Annotated[float, Field(gt=0)] = 1.0
    reference_warp: bool = False
    sigma: float = Field(gt=0)
    grey: GreyRecipe = GreyRecipe()
    mean: Channels3 = IMAGENET_MEAN
    std: Channels3 = IMAGENET_STD
    border: float = 0.0
    templates: dict[str, TemplateChannels] = Field(default_factory=dict)
    flip_trained: bool = False
    flip_test: bool = False
    adapter: AdapterConfig | None = None
    parent: str | None = None
    license: str = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> ModelConfig:
        if self.architecture.get("kind") not in ("sapiens", "compact"):
            raise ValueError(f"unknown architecture {self.architecture.get('kind')!r}")
        if min(self.std) <= 0:
            raise ValueError("std must be above 0")
        if self.flip_test and not self.flip_trained:
            raise ValueError("a model that was not trained with mirrored images must not be tested with them")
        for template_id, entry in self.templates.items():
            if entry.prototypes is not None:
                self._check_prototypes(template_id, entry, entry.prototypes)
        return self

    def _check_prototypes(self, template_id: str, entry: TemplateChannels, prototypes: PrototypeConfig) -> None:
        if prototypes.anchor is not None and not self.has_head(prototypes.anchor):
            raise ValueError(f"{template_id} has an anchor that the model has no trained head for")
        anchor = () if prototypes.anchor is None else self.templates[prototypes.anchor].landmarks
        if not set(prototypes.reused) <= set(anchor) & set(entry.landmarks):
            raise ValueError(f"{template_id} reuses landmarks that its anchor does not have")

    @property
    def kind(self) -> str:
        """`sapiens` or `compact`."""
        return str(self.architecture["kind"])

    @property
    def refiner(self) -> RefinerArchitecture | None:
        """The second stage, where there is one."""
        described = self.architecture.get("refiner")
        return None if described is None else RefinerArchitecture.model_validate(described)

    @property
    def channel_count(self) -> int:
        """Number of output channels of all templates together; prototypes need none."""
        return sum(entry.channel_count for entry in self.templates.values())

    def channels(self, template_id: str) -> slice:
        """Output channels of one template, none for one of prototypes.

        Raises UserError for a template that the model does not know.
        """
        start = 0
        for known, entry in self.templates.items():
            if known == template_id:
                return slice(start, start + entry.channel_count)
            start += entry.channel_count
        known_ids = ", ".join(self.templates) or "none"
        raise UserError(
            f"Model {self.name} has no output for template {template_id} (it knows: {known_ids}). "
            "Choose another model or fine-tune this one on reviewed cases of that template."
        )

    def landmark_order(self, template: Template) -> list[int]:
        """For each landmark of `template` its position among the model's channels of that template.

        Raises UserError when the model does not know the template or was trained on other landmarks.
        """
        self.channels(template.id)
        position = {landmark: k for k, landmark in enumerate(self.templates[template.id].landmarks)}
        missing = [landmark for landmark in template.ids if landmark not in position]
        if missing or len(position) != len(template):
            raise UserError(
                f"Model {self.name} was trained on other landmarks of template {template.id} "
                f"(version {self.templates[template.id].version}; not known to it: {', '.join(missing) or 'none'}; "
                f"{len(position)} against {len(template)}). Choose a model for version {template.version}."
            )
        return [position[landmark] for landmark in template.ids]

    def has_head(self, template_id: str) -> bool:
        """True when the model has a trained head for this template, and not prototypes."""
        return template_id in self.templates and self.templates[template_id].prototypes is None

    def is_refined(self, template_id: str) -> bool:
        """True when the model looks at the landmarks of this template a second time, in detail."""
        return template_id in self.templates and self.templates[template_id].refined

    def for_template(self, template_id: str) -> ModelConfig:
        """The config with the input and heatmap that this template's films are shown at."""
        entry = self.templates.get(template_id)
        return self if entry is None or entry.input_scale == 1 else self.scaled(entry.input_scale)

    def scaled(self, factor: float) -> ModelConfig:
        """The config with `factor` times the sides of input and heatmap, for every template."""
        sides = {
            key: tuple(round(side * factor) for side in getattr(self, key)) for key in ("input_size", "heatmap_size")
        }
        once = {key: entry.model_copy(update={"input_scale": 1.0}) for key, entry in self.templates.items()}
        return self.model_copy(update={**sides, "templates": once})

    def with_template(self, template: Template, prototypes: PrototypeConfig | None = None) -> ModelConfig:
        """Return a config with the channels, or the prototypes, of one more template at the end.

        A trained head is shown its films at the size that all others are, if it is one: a network knows best what it
        was trained at. Prototypes that it had for the template are replaced. Raises ValueError if it has a head for it.
        """
        if self.has_head(template.id):
            raise ValueError(f"{self.name} has template {template.id} already")
        scales = {known.input_scale for known in self.templates.values()}
        entry = TemplateChannels(
            version=template.version,
            landmarks=template.ids,
            input_scale=scales.pop() if len(scales) == 1 and prototypes is None else 1.0,
            prototypes=prototypes,
        )
        others = {key: value for key, value in self.templates.items() if key != template.id}
        return self.model_copy(update={"templates": {**others, template.id: entry}})

    def with_refined(self, template_id: str) -> ModelConfig:
        """Return a config in which a known template has a second stage."""
        return self._with_entry(template_id, refined=True)

    def with_smallest_input(self, template_id: str) -> ModelConfig:
        """Return a config in which a template's films are shown no larger than those of any other."""
        return self._with_entry(template_id, input_scale=min(known.input_scale for known in self.templates.values()))

    def _with_entry(self, template_id: str, **changes: Any) -> ModelConfig:
        entry = self.templates[template_id].model_copy(update=changes)
        return self.model_copy(update={"templates": {**self.templates, template_id: entry}})

    def to_json(self) -> str:
        """Text of `config.json`; keys are not sorted, because the order of `templates` has a meaning."""
        return json.dumps(self.model_dump(mode="json"), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelConfig:
        """The inverse of `to_json`. Raises pydantic.ValidationError (a ValueError)."""
        value: Any = json.loads(text)
        return cls.model_validate(value)
