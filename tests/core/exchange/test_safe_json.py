import json

import pytest

from medsapiens_core.errors import UserError
from medsapiens_core.exchange.safe_json import dump_json, read_json

REFUSED = {
    b"[NaN]": "NaN",
    b"[-Infinity]": "NaN or Infinity",
    b"[1e999]": "too large",
    b"[0." + b"1" * 50 + b"]": "too long",
    b"[" + b"1" * 5000 + b"]": "too long",
    b'{"a":1,"a":2}': "twice",
    b'{"b":{"\\u0061":1,"a":2}}': "twice",
    b"[" * 65 + b"]" * 65: "deeper than 64",
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000: "deeper than 64",
    b"[" * 100_000: "deeper than 64",
    b'["\\ud800"]': "half a character",
    b'{"\\udfff":1}': "half a character",
    b"\xff\xfe": "UTF-8",
    b"": "not valid JSON",
    b"[1,]": "line 1, column",
    b"[1] [2]": "not valid JSON",
}


@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_refused(data, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(UserError, match=REFUSED[data]) as caught:
        read_json(path)
    assert str(caught.value).startswith("a.json ")


def test_kept(tmp_path):
    value = {"a": [0.1, 1e-300, -3, True, None, "ä😀"], "deep": json.loads("[" * 62 + "]" * 62)}
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + dump_json(value).encode())
    assert read_json(path) == value


def test_size(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"[1,2,3]")
    with pytest.raises(UserError, match="larger than"):
        read_json(path, limit=6)


def test_nan_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump_json([float("nan")])
