"""Pictures decoded in a child process equal those decoded here; what happens when the child dies, hangs or lies."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import PIL.Image
import psutil
import pytest
from pydicom.data import get_testdata_file

import medsapiens_core
from medsapiens_core import io
from medsapiens_core.data.image import Image
from medsapiens_core.decoding.pool import DecoderPool
from medsapiens_core.decoding.wire import Request
from medsapiens_core.errors import UnreadableImageError
from medsapiens_core.io.header import ImageHeader

FILES = ["CT_small.dcm", "MR_small_RLE.dcm", "SC_rgb_small_odd.dcm", "JPEG2000.dcm", "JPEG-LL.dcm"]


@pytest.fixture(scope="module")
def pool():
    pool = DecoderPool()
    yield pool
    pool.close()


@pytest.fixture
def film(tmp_path):
    path = tmp_path / "film.png"
    PIL.Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 30), dtype=np.uint8)).save(path)
    return path


def read(pool: DecoderPool, path: Path) -> Image:
    image = pool.ask(Request(op="read", path=path))
    assert isinstance(image, Image)
    return image


@pytest.mark.parametrize("name", FILES)
def test_every_field_and_pixel_is_as_read_here(pool, name):
    path = Path(str(get_testdata_file(name)))
    there, here = read(pool, path), io.read_image(path)
    assert there.pixels.dtype == here.pixels.dtype
    assert np.array_equal(there.pixels, here.pixels)
    assert not there.pixels.flags.writeable
    for field in fields(Image):
        if field.name != "pixels":
            assert getattr(there, field.name) == getattr(here, field.name), field.name


def test_a_header_is_as_probed_here(pool):
    path = Path(str(get_testdata_file("CT_small.dcm")))
    there = pool.ask(Request(op="probe", path=path))
    assert isinstance(there, ImageHeader)
    assert there == io.probe(path)


def test_a_refusal_keeps_its_words_and_the_child_goes_on(pool, tmp_path, film):
    text = tmp_path / "note.png"
    text.write_text("no picture")
    with pytest.raises(UnreadableImageError) as here:
        io.read_image(text)
    with pytest.raises(UnreadableImageError) as there:
        read(pool, text)
    assert str(there.value) == str(here.value)
    deaths = pool.deaths
    assert read(pool, film).size == (30, 40)
    assert pool.deaths == deaths


def test_a_child_that_was_killed_is_replaced(film):
    pool = DecoderPool()
    read(pool, film)
    psutil.Process(pool._free[0].pid).kill()
    assert read(pool, film).size == (30, 40)
    assert pool.deaths == 1
    assert not pool.quarantined
    pool.close()


def script(tmp_path: Path, body: str) -> list[str]:
    path = tmp_path / "decoder.py"
    path.write_text(f"import os, sys, time\nfor line in sys.stdin.buffer:\n    {body}\n")
    return [sys.executable, str(path)]


def test_a_file_that_ends_two_decoders_is_not_tried_again(tmp_path, film):
    count = tmp_path / "count"
    pool = DecoderPool(script(tmp_path, f"open({str(count)!r}, 'a').write('x'); os.abort()"))
    for _ in range(2):
        with pytest.raises(UnreadableImageError, match=r"film\.png: it makes its decoder stop working"):
            read(pool, film)
    assert count.read_text() == "xx"
    film.write_bytes(film.read_bytes() + b" ")  # mended: tried again
    with pytest.raises(UnreadableImageError):
        read(pool, film)
    assert count.read_text() == "xxxx"


def test_a_decoder_that_hangs_is_stopped(tmp_path, film, monkeypatch):
    monkeypatch.setattr("medsapiens_core.decoding.decoder.START_ALLOWANCE", 0.0)
    pool = DecoderPool(script(tmp_path, "time.sleep(600)"), limit=0.5)
    with pytest.raises(UnreadableImageError, match="took too long"):
        read(pool, film)
    assert pool.deaths == 1


@pytest.mark.parametrize(
    "body",
    [
        "sys.stdout.buffer.write(b'garbage\\n'); sys.stdout.flush()",
        "sys.stdout.buffer.write(b'x' * 5_000_000); sys.stdout.flush()",
        """sys.stdout.buffer.write(b'{"image": {}, "shape": [4, 4]}\\n' + b'1' * 16); sys.stdout.flush()""",
        """sys.stdout.buffer.write(b'{"image": {}, "shape": [2000000000, 2000000000]}\\n'); sys.stdout.flush()""",
    ],
)
def test_a_decoder_that_says_nonsense_costs_one_file(tmp_path, film, body):
    pool = DecoderPool(script(tmp_path, body))
    with pytest.raises(UnreadableImageError, match="stop working"):
        read(pool, film)


FORBIDDEN = {
    "socket": "import socket; socket.socket()",
    "write": "open(TARGET, 'w')",
    "program": "import subprocess; subprocess.run(['true'])",
    "system": "os.system('true')",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_child_can_neither_connect_nor_write_nor_start_programs(tmp_path, what):
    target = tmp_path / "written"
    code = (
        "import os, sys\nfrom medsapiens_core.decoding import child\nchild.restrict()\n"
        f"TARGET = {str(target)!r}\n"
        f"try:\n    {FORBIDDEN[what]}\nexcept child.ForbiddenError:\n    sys.exit(7)\n"
    )
    plain = os.environ | {"PYTHONPATH": str(Path(medsapiens_core.__file__).parents[1])}  # without the suite's own guard
    assert subprocess.run([sys.executable, "-c", code], check=False, env=plain).returncode == 7
    assert not target.exists()
