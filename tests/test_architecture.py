"""Rules of design/architecture.md that import-linter (pyproject.toml) cannot see, kept from the first commit."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "medsapiens_core").rglob("*.py")])
MAX_LINES = 400
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "requests", "huggingface_hub", "timm"}
PICKLES = {"pickle", "dill", "joblib", "shelve", "cloudpickle"}
QT_ALLOWED = {
    "app/session": {"QtCore", "QtGui"},
    "app/tasks": {"QtCore"},
    "app/controllers": {"QtCore", "QtGui"},
    "app": {"QtCore", "QtGui", "QtWidgets", "QtSvg", "QtOpenGLWidgets", "QtOpenGL"},
    "medsapiens_core": set(),
}
TORCH_FREE = ["data.template_file", "evaluation", "geometry", "io", "models.config", "resources", "settings", "store"]


def relative(path):
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path):
    """The imports and calls of a file."""
    wanted = (ast.Import, ast.ImportFrom, ast.Call)
    return [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, wanted)]


def imported_names(path):
    """Every dotted name that a file imports, those inside functions too."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(node):
    """`a.b.c` of an attribute of a name; of anything else, its last part."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed([*parts, node.id] if isinstance(node, ast.Name) else parts))


def calls(path):
    """Function, keyword arguments and place of every call in a file."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            keywords = {k.arg: getattr(k.value, "value", None) for k in node.keywords}
            yield dotted(node.func), keywords, f"{relative(path)}:{node.lineno}"


def all_calls(paths):
    for path in paths:
        yield from calls(path)


def source_line(place):
    name, number = place.rsplit(":", 1)
    return (ROOT / name).read_text(encoding="utf-8").splitlines()[int(number) - 1]


def modules_loaded_by(statement):
    """Names of the modules that a new interpreter has loaded after this statement."""
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    child = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return set(child.stdout.split())


def submodules(package):
    """The package and every module in it, as import names."""
    path = ROOT / "medsapiens_core" / package.replace(".", "/")
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    names = (relative(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in files)
    return [name for name in names if "migrations.env" not in name]


@pytest.mark.parametrize("package", TORCH_FREE)
def test_importing_these_does_not_load_torch_or_qt(package):
    loaded = modules_loaded_by("import " + ", ".join(submodules(package)))
    assert not {name for name in loaded if name.split(".")[0] in {"torch", "PySide6"}}


def test_preprocessing_does_not_load_torch():
    assert "torch" not in modules_loaded_by("import medsapiens_core.inference.preprocess")


def test_the_window_does_not_load_torch_or_the_qt_network_library():
    loaded = modules_loaded_by("import app.views.main_window, app.application, app.__main__")
    assert "app.views.main_window" in loaded
    assert not {"torch", "PySide6.QtNetwork", "PySide6.QtWebEngineCore"} & loaded


def test_each_layer_uses_its_part_of_qt():
    for path in SOURCES:
        layer = max((name for name in QT_ALLOWED if relative(path).startswith(name + "/")), key=len)
        parts = {name.split(".")[1] for name in imported_names(path) if name.startswith("PySide6.")}
        assert parts <= QT_ALLOWED[layer], relative(path)


def test_nothing_imports_a_network_module():
    for path in SOURCES:
        assert not {name.split(".")[0] for name in imported_names(path)} & NETWORK, relative(path)


def test_no_pickle_is_executed():
    """The error that torch.load raises may be caught, nothing more (architecture.md, habit 4)."""
    for path in SOURCES:
        pickles = {name for name in imported_names(path) if name.split(".")[0] in PICKLES}
        assert pickles <= {"pickle", "pickle.UnpicklingError"}, relative(path)
    assert not [place for function, _, place in all_calls(SOURCES) if function.startswith("pickle.")]


def test_weights_are_loaded_whole_and_from_this_computer():
    for function, keywords, place in all_calls(SOURCES):
        if function == "torch.load":
            assert keywords.get("weights_only") is True, place
        if function.endswith("load_state_dict"):
            assert keywords.get("strict", True) is True, place
        assert not function.startswith("torch.hub"), place


def test_no_file_outgrows_its_reader():
    lengths = {relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}


def test_nothing_waits_a_fixed_time_in_tests():
    """Only the moment of a kill may be chosen by sleeping; its line says so."""
    waits = {"time.sleep", "sleep", "qtbot.wait", "QTest.qWait"}
    places = [place for function, _, place in all_calls(sorted((ROOT / "tests").rglob("*.py"))) if function in waits]
    assert not [place for place in places if "the moment of the kill" not in source_line(place)]


@pytest.mark.parametrize("name", ["start", "check", ".ci/run", "packaging/lock"])
def test_commands_are_executable_and_parse(name):
    assert os.access(ROOT / name, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / name)], check=True)


def test_the_lock_holds_every_dependency_but_torch_and_no_address():
    lock = "\n".join((ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock"))
    assert "\ntorch==" not in lock
    assert "nvidia" not in lock
    assert "pylibjpeg-libjpeg" not in lock, "GPL: must not be installed"
    assert "://" not in lock
    assert lock.count("--hash=sha256:") > lock.count("==")


def test_label_files_are_read_in_the_decoder_child():
    """Everything else asks `decoding.read_labels` and `decoding.guess_format` (docs/adr/0011)."""
    own = ("medsapiens_core/exchange/", "medsapiens_core/decoding/child.py")
    for path in SOURCES:
        if relative(path).startswith(own):
            continue
        assert not [name for name in imported_names(path) if name.endswith(".guess_to_read")], relative(path)
        handed = [
            node
            for node in nodes(path)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and (node.func.attr == "guess_to_read" or (node.func.attr == "read" and len(node.args) == 2))
            and dotted(node.func) != "os.read"
        ]
        assert not handed, f"{relative(path)}: use decoding.read_labels, which survives hostile files"


def test_files_that_are_made_of_somebodys_pictures_are_made_in_the_decoder_child():
    """Clean copies and label files whose writer opens pictures: `clean_copy` and `make_file` of `decoding` (ADR 13)."""
    for path in SOURCES:
        if relative(path).startswith(("medsapiens_core/exchange/", "medsapiens_core/decoding/")):
            continue
        assert not [name for name in imported_names(path) if ".deidentify.copy" in name], relative(path)
        written = [place for function, _, place in calls(path) if function == "form.write"]
        assert not written or all("make_file=decoding.make_file" in source_line(place) for place in written), written
