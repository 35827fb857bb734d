"""The text that goes with a fine-tuned model (MODEL_CARD.md)."""

from __future__ import annotations

from typing import Any

from medsapiens_core.data.template import Template
from medsapiens_core.training.config import TrainingJob

CARD = """# {name}

Fine-tuned from {base} for the landmark template {template} (version {version}, {landmarks} landmarks) on {n_train}
reviewed cases, {n_val} more for validation; snapshot {snapshot}.

{result}

{how} ({seconds:.0f} s) on {device} with torch {torch}, seed {seed}, on {utc}.
Outputs for other templates, where the base model had them, have not been checked again: use the base model for those.

Licence: {license}

Not a medical device. Predictions must be checked by a qualified person.
"""


def write_card(
    job: TrainingJob, template: Template, provenance: dict[str, Any], comparison: dict[str, Any], license: str
) -> str:
    """The card of the candidate of `job`."""
    facts = {key: provenance[key] for key in ("n_train", "n_val", "seconds", "device", "torch", "utc")}
    how = f"Trained for {provenance['epochs']} epochs"
    if job.options.mode == "prototypes":
        how = "Landmarks are found by likeness to at most 10 of these cases, without training; made"
    return CARD.format(
        name=job.name,
        base=job.base_model,
        template=template.id,
        version=template.version,
        landmarks=len(template),
        snapshot=provenance["snapshot_sha256"][:12],
        result=_result(comparison),
        seed=job.options.seed,
        how=how,
        license=license,
        **facts,
    )


def _result(comparison: dict[str, Any]) -> str:
    if not comparison["n_cases"]:
        return "There were no locked cases, so nothing is known about its error."
    unit, new = comparison["unit"], comparison["new"]
    rates = ", ".join(f"{rate:.1%} within {radius} {unit}" for radius, rate in new["sdr"].items() if rate is not None)
    lines = [f"On {comparison['n_cases']} locked cases: mean radial error {new['mre']:.2f} {unit}; {rates}."]
    if comparison["old"] is not None:
        lines.append(f"The base model on the same cases: {comparison['old']['mre']:.2f} {unit}.")
    return "\n".join(lines)
