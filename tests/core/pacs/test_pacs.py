"""The DICOM network against pynetdicom's own query and storage server, both in child processes on this computer.

The suite forbids the network to itself, so server and client run without its guard. Without the extra `pacs` only the
message that says how to install it is tested.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import Comprehensive3DSRStorage, ComprehensiveSRStorage

from medsapiens_core import cli
from medsapiens_core.data.annotation import placed
from medsapiens_core.data.template_file import find_template
from medsapiens_core.exchange.batch import Batch, ImageRef, Reading, WriteOptions
from medsapiens_core.exchange.registry import find_format
from medsapiens_core.io import read_image
from medsapiens_core.transfer.pictures import described

ROOT = Path(__file__).parents[3]
PLAIN = {**os.environ, "PYTHONPATH": str(ROOT), "MEDSAPIENS_NETWORK_LOG": ""}
needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("pynetdicom") is None, reason="the extra `pacs` (pynetdicom) is not installed"
)
FILES = ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm"]

LOCAL_ONLY = """
import sys

def refuse(event, args):
    if event not in ("socket.connect", "socket.bind", "socket.sendto") or not isinstance(args[-1], tuple):
        return
    host, port = args[-1][:2]
    if host != "127.0.0.1" and (event, port) != ("socket.bind", 0):  # outgoing connections begin at any free port
        raise BaseException(f"{event} {args[-1]}: not this computer")

sys.addaudithook(refuse)
"""
SERVER = (
    LOCAL_ONLY
    + """
import socket
from pathlib import Path
from pynetdicom import AE
from pynetdicom.apps.qrscp import qrscp

held = socket.socket()  # a port for the client to listen on: bound, so that nobody else is given it meanwhile
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
held.bind(("127.0.0.1", 0))
folder, back = Path(sys.argv[1]), held.getsockname()[1]
config = folder / "config.ini"
lines = ["[DEFAULT]", "ae_title: QRSCP", "port: 0", "max_pdu: 16382", "acse_timeout: 30", "dimse_timeout: 30",
         "network_timeout: 30", "bind_address: 127.0.0.1", f"instance_location: {folder / 'instances'}",
         f"database_location: {folder / 'db.sqlite'}", "", "[MEDSAPIENS]", "address: 127.0.0.1", f"port: {back}"]
config.write_text("\\n".join(lines))
start = AE.start_server

def announce(self, address, block=True, **more):
    server = start(self, address, block=False, **more)
    host, port = server.server_address[:2]
    assert host == "127.0.0.1"
    print(port, back, flush=True)
    sys.stdin.read()  # until the test ends
    server.shutdown()

AE.start_server = announce
qrscp.main(["-q", "--config", str(config)])
"""
)

CLIENT = (
    LOCAL_ONLY
    + """
import json
from medsapiens_core import cli
for arguments in json.load(sys.stdin):
    print("CODE", cli.main(arguments), flush=True)
"""
)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[int, int]]:
    """Port of the server, and the port at which it thinks to find us."""
    folder = tmp_path_factory.mktemp("pacs")
    command = [sys.executable, "-c", SERVER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=PLAIN) as child:
        assert child.stdin is not None and child.stdout is not None
        try:
            port, back = child.stdout.readline().split()
            yield int(port), int(back)
        finally:
            child.stdin.close()


def client(port: int, *commands: list[Any]) -> tuple[list[int], list[Any], str]:
    """Run `medsapiens pacs ...` several times; exit codes, the JSON that was printed, and what was told."""
    where = ["--host", "127.0.0.1", "--port", str(port), "--title", "QRSCP", "--seconds", "60", "--json"]
    given = json.dumps([["pacs", *map(str, command), *where] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", CLIENT], input=given, capture_output=True, text=True, env=PLAIN, check=False
    )
    lines = done.stdout.splitlines()
    codes = [int(line.split()[1]) for line in lines if line.startswith("CODE")]
    return codes, [json.loads(line) for line in lines if line.startswith("{")], done.stderr


def sample(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


@needs_extra
def test_images_go_out_are_found_and_come_back_as_they_were(server, tmp_path):
    port, back = server
    originals = {pydicom.dcmread(sample(name)).SOPInstanceUID: sample(name) for name in FILES[:2]}
    study = str(pydicom.dcmread(sample("CT_small.dcm")).StudyInstanceUID)
    series = str(pydicom.dcmread(sample("CT_small.dcm")).SeriesInstanceUID)
    codes, told, err = client(
        port,
        ["echo"],
        ["send", *originals.values()],
        ["find", "--key", f"StudyInstanceUID={study}"],
        ["find", "--key", "PatientID=nobody at all"],
        ["find", "--level", "series", "--key", f"StudyInstanceUID={study}"],
        ["find", "--limit", "1"],
        ["get", tmp_path / "got", "--study", study],
        ["get", tmp_path / "got", "--study", study, "--series", series],
        ["get", tmp_path / "moved", "--study", study, "--receive-port", back, "--receive-address", "127.0.0.1"],
    )
    assert codes == [0] * 9, err
    answers, sent, found, nobody, listed, limited, got, again, moved = told
    assert answers == {"answers": True}
    assert sent == {"sent": 2, "problems": []}
    assert [match["StudyInstanceUID"] for match in found["matches"]] == [study]
    assert nobody["matches"] == []
    assert [match["SeriesInstanceUID"] for match in listed["matches"]] == [series]
    assert len(limited["matches"]) == 1
    assert (len(got["files"]), got["failed"]) == (1, 0)
    assert (again["files"], again["already"]) == ([], 1)
    for folder, answer in (("got", got), ("moved", moved)):
        for name in answer["files"]:
            ours, theirs = read_image(originals[name.removesuffix(".dcm")]), read_image(tmp_path / folder / name)
            assert (ours.pixels == theirs.pixels).all()


@needs_extra
def test_a_report_goes_to_the_pacs_and_is_found_there(server, tmp_path):
    port, _ = server
    template = find_template("chest-6")
    film = sample("CT_small.dcm")
    known = described(ImageRef(film.name), read_image(film))
    points = {mark: placed(10 + 9 * k, 20, None) for k, mark in enumerate(template.ids)}
    form = find_format("dicom-sr")
    assert form.write is not None
    written = form.write(Batch((Reading(known, points, "AB"),), template.ids), tmp_path / "sr", WriteOptions(template))
    report = pydicom.dcmread(written.files[0])
    assert report.SOPClassUID in (ComprehensiveSRStorage, Comprehensive3DSRStorage)
    where = ["--study", report.StudyInstanceUID, "--series", report.SeriesInstanceUID]
    codes, told, err = client(port, ["send", tmp_path / "sr"], ["get", tmp_path / "got", *where])
    assert codes == [0, 0], err
    assert told[0] == {"sent": 1, "problems": []}
    (name,) = told[1]["files"]
    assert pydicom.dcmread(tmp_path / "got" / name).ContentSequence == report.ContentSequence


@needs_extra
def test_what_goes_wrong_is_one_sentence(server, tmp_path):
    port, back = server
    text = tmp_path / "a.dcm"
    text.write_text("no film")
    codes, _, err = client(
        port,
        ["send", text],
        ["find", "--key", "NoSuchThing=1"],
        ["find", "--level", "series"],
        ["get", tmp_path / "got", "--study", "../../etc"],
        ["get", tmp_path / "got", "--study", "1.2.3.4.5.6.7"],
        ["echo", "--our-title", "a title that is far too long"],
        ["get", tmp_path / "got", "--study", "1.2.3", "--receive-address", "127.0.0.1"],
    )
    assert codes == [2] * 7
    for sentence in ("no DICOM file", "no DICOM attribute 'NoSuchThing'", "StudyInstanceUID", "by its UID",
                     "Nothing came", "is not possible", "belongs to --receive-port"):  # fmt: skip
        assert sentence in err
    assert "Traceback" not in err
    codes, _, err = client(back, ["echo"])
    assert (codes, "No DICOM server answers" in err) == ([2], True)
    assert not list(tmp_path.rglob("*etc*"))


def test_without_the_extra_it_is_told_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "pynetdicom", None)
    assert cli.main(["pacs", "echo", "--host", "localhost", "--port", "104"]) == 2
    assert "medsapiens-studio[pacs]" in capsys.readouterr().err
