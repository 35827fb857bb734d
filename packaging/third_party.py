"""Write packaging/THIRD_PARTY.md, the licences of everything that requirements.lock installs, from package metadata.

Run in an environment made by ./check: `.venv/bin/python packaging/third_party.py`. Exits 1 when a package used at run
time offers no licence but the GPL or AGPL.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "packaging" / "THIRD_PARTY.md"
# What the metadata leaves out or words badly, read in the licence file of the package itself.
CORRECTED = {
    "colorama": "BSD-3-Clause",
    "dicom-anonymizer": "BSD-3-Clause",
    "grimp": "BSD-2-Clause",
    "jinja2": "BSD-3-Clause",
    "import-linter": "BSD-2-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "mpmath": "BSD-3-Clause",
    "opencv-python-headless": "Apache-2.0 (wheel contains FFmpeg under LGPL-2.1-or-later, OpenSSL 1.1)",
    "pathspec": "MPL-2.0",
    "pydicom": "MIT",
    "pylibjpeg": "MIT",
    "pynetdicom": "MIT",
    "pyside6-essentials": "LGPL-3.0-only (of the choices offered)",
    "python-gdcm": "Apache-2.0 (packaging); GDCM itself BSD-3-Clause",
    "safetensors": "Apache-2.0",
    "scipy": "BSD-3-Clause (wheel contains the GCC runtime under GPL-3.0 with the runtime exception)",
    "shellingham": "ISC",
    "shiboken6": "LGPL-3.0-only (of the choices offered)",
    "simpleitk": "Apache-2.0",
    "sortedcontainers": "Apache-2.0",
    "sympy": "BSD-3-Clause",
}
HEAD = """# Licences of what is installed with MedSapiens Studio

Made by `packaging/third_party.py` from the metadata of the locked packages; do not edit. Qt and its Python binding are
used under the LGPL-3.0: they are separate shared libraries that may be replaced. Not installed on purpose:
`pylibjpeg-libjpeg` (GPL-3.0); JPEG and JPEG-LS are decoded by GDCM and CharLS instead. No package is modified.
"""


def locked(name):
    """Package names in a lock file, sorted."""
    return sorted(set(re.findall(r"^([a-z0-9][\w.-]*)==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)))


def licence(package):
    """The licence of an installed package: corrected by hand, else its SPDX expression, else its licence field."""
    if package in CORRECTED:
        return CORRECTED[package]
    found = metadata.metadata(package)
    return found.get("License-Expression") or (found.get("License") or "UNKNOWN").splitlines()[0]


def is_gpl_only(text):
    """True where every choice is GPL or AGPL; LGPL and runtime exceptions are not."""
    choices = re.split(r"\bOR\b", text.split("(")[0])
    return all(re.search(r"(?<!L)\bA?GPL", choice) for choice in choices)


def table(packages):
    """A Markdown table with one row for each package."""
    rows = [f"| {package} | {metadata.version(package).split('+')[0]} | {licence(package)} |" for package in packages]
    return "\n".join(["| Package | Version | Licence |", "|---|---|---|", *rows])


def document():
    """The whole text of THIRD_PARTY.md."""
    runtime = sorted([*locked("requirements.lock"), "torch"])
    tools = [package for package in locked("requirements-dev.lock") if package not in runtime and package != "colorama"]
    return f"{HEAD}\n## At run time\n\n{table(runtime)}\n\n## Development tools only\n\n{table(tools)}\n"


def main():
    """Write the file; complain about GPL."""
    TARGET.write_text(document(), encoding="utf-8")
    refused = [package for package in [*locked("requirements.lock"), "torch"] if is_gpl_only(licence(package))]
    if refused:
        sys.exit(f"GPL or AGPL only, must not be used at run time: {', '.join(refused)}")


if __name__ == "__main__":
    main()
