"""One text for one JSON value, and its hash (formats.md 5.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import template_to_json


def canonical(value: Any) -> str:
    """Sorted keys, no blanks, shortest exact numbers. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of the canonical text in UTF-8."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def seal(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with `sha256`: the hash of all its other keys."""
    rest = {key: value for key, value in record.items() if key != "sha256"}
    return {**rest, "sha256": sha256_of(rest)}


def is_sealed(record: Mapping[str, Any]) -> bool:
    """True when `sha256` is the hash of all other keys."""
    return "sha256" in record and seal(record)["sha256"] == record["sha256"]


def template_sha256(template: Template) -> str:
    """The hash by which a template is known in files and projects."""
    return sha256_of(template_to_json(template))
