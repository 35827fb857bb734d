"""A SLEAP file's HDF5 contents, taken out without following it anywhere else (formats.md 4.1).

Every object is looked up by hard link in the file itself; external and soft links, external storage and virtual
datasets are refused, as are sizes above the limits. JSON is parsed as plain JSON: `py/` tags are only text here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.checks import MAX_POINTS
from medsapiens_core.exchange.safe_json import parse_json

MAX_TABLE_BYTES = 512_000_000
MAX_JSON_BYTES = 64_000_000
MAX_ROWS_OF_TEXT = 100_000


def node(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """The object of that name, None when there is none. Raises UserError for anything but a hard link."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{name} points out of the file")
    found = group[name]
    if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
        raise UserError(f"{name} keeps its numbers in other files")
    return found if isinstance(found, h5py.Group | h5py.Dataset) else None


def table(file: h5py.File, name: str, fields: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The named columns of a table of numbers. Raises UserError when it is missing, too long or of another kind."""
    found = node(file, name)
    if not isinstance(found, h5py.Dataset):
        raise UserError(f"the table {name} is missing")
    types = found.dtype.fields or {}
    if found.shape == (0,) and not types:
        return {field: np.zeros(0) for field in fields}
    if found.ndim != 1 or any(field not in types or types[field][0].kind not in "biuf" for field in fields):
        raise UserError(f"the table {name} has not the columns {', '.join(fields)}")
    if found.shape[0] > MAX_POINTS or found.nbytes > MAX_TABLE_BYTES:
        raise UserError(f"the table {name} is too large")
    rows = found.fields(list(fields))[...]
    return {field: rows[field] for field in fields}


def whole(values: NDArray[Any], name: str) -> NDArray[np.int64]:
    """Numbers that count something. Raises UserError unless they are whole and fit; -1 stands for none."""
    numbers = values.astype(np.float64)
    if not (np.isfinite(numbers) & (numbers >= -1) & (numbers < 2**53) & (numbers == np.floor(numbers))).all():
        raise UserError(f"{name} are not whole numbers")
    return numbers.astype(np.int64)


def json_rows(file: h5py.File, name: str) -> list[Any]:
    """The JSON values of a column of text; empty when there is none."""
    found = node(file, name)
    if not isinstance(found, h5py.Dataset):
        return []
    if found.ndim > 1 or found.size > MAX_ROWS_OF_TEXT or not _is_text(found.dtype):
        if found.size == 0:
            return []
        raise UserError(f"{name} is not a list of texts")
    values, total = [], 0
    for row in range(found.size):
        text = _bytes(found[row] if found.ndim else found[()], name)
        total += len(text)
        _check_json_size(total, name)
        values.append(parse_json(text, name))
    return values


def json_attribute(group: h5py.Group, name: str) -> Any:
    """The JSON value of an attribute, None when there is none."""
    if name not in group.attrs:
        return None
    attribute = group.attrs.get_id(name)
    _check_json_size(attribute.get_storage_size(), name)
    if not (_is_text(attribute.dtype) or attribute.dtype.kind in "ui"):
        raise UserError(f"{name} is not a text")
    return parse_json(_bytes(group.attrs[name], name), name)


def _is_text(dtype: np.dtype[Any]) -> bool:
    return h5py.check_string_dtype(dtype) is not None


def _bytes(value: Any, name: str) -> bytes:
    if isinstance(value, np.ndarray):
        value = value.item() if value.size == 1 and value.dtype.kind in "SO" else value.tobytes()
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)
    _check_json_size(len(data), name)
    return data


def _check_json_size(size: int, name: str) -> None:
    if size > MAX_JSON_BYTES:
        raise UserError(f"{name} is longer than {MAX_JSON_BYTES // 1_000_000} MB")
