"""Rules of design/architecture.md that import-linter (pyproject.toml) cannot see, kept from the first commit."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "medsapiens_core").rglob("*.py")])
MAX_LINES = 400
NETWORK = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "requests", "huggingface_hub", "timm"}
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


def imported_names(path):
    """Every dotted name that a file imports, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}, node.lineno


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


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_each_layer_uses_its_part_of_qt(path):
    layer = max((name for name in QT_ALLOWED if relative(path).startswith(name + "/")), key=len)
    parts = {name.split(".")[1] for name in imported_names(path) if name.startswith("PySide6.")}
    assert parts <= QT_ALLOWED[layer]


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_nothing_imports_a_network_module(path):
    assert not {name.split(".")[0] for name in imported_names(path)} & NETWORK


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_weights_are_loaded_safely(path):
    """No pickle is executed, no state dict is half loaded, no model hub is asked (architecture.md, habit 4)."""
    pickles = {name for name in imported_names(path) if name.split(".")[0] in {"pickle", "dill", "joblib", "shelve"}}
    assert pickles <= {"pickle", "pickle.UnpicklingError"}, "to catch the error that torch.load raises, nothing more"
    for function, keywords, line in calls(path):
        assert not function.startswith(("pickle.", "torch.hub")), f"line {line}"
        if function == "torch.load":
            assert keywords.get("weights_only") == "True", f"line {line}"
        if function.endswith("load_state_dict"):
            assert keywords.get("strict", "True") == "True", f"line {line}"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_file_outgrows_its_reader(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_nothing_waits_a_fixed_time_in_tests():
    sleeps = [
        f"{relative(path)}:{line}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for function, _, line in calls(path)
        if function in {"time.sleep", "sleep", "qtbot.wait", "QTest.qWait"}
    ]
    assert not sleeps


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
