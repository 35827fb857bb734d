"""Sample projects: films that may be shown to anyone, each group with the landmark template that fits it.

A project has one template, so there is one sample project per kind of film. They are made under the user's home of
this program at the first start; nothing is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medsapiens_core.data.template_file import find_template
from medsapiens_core.io.phantom import SAMPLES as FILMS
from medsapiens_core.io.phantom import TEMPLATES, write_sample
from medsapiens_core.io.read import read_image
from medsapiens_core.io.samples import chest_film_path
from medsapiens_core.store.project import Project
from medsapiens_core.store.readings import ReadingRule

COMPLETE = "samples-complete"


@dataclass(frozen=True)
class SampleProject:
    """A sample: which synthetic films it holds, and whether the public chest film comes first."""

    kind: str
    name: str
    with_chest_film: bool = False

    @property
    def template_id(self) -> str:
        """The template of its cases."""
        return TEMPLATES[self.kind]


SAMPLE_PROJECTS = (
    SampleProject("chest", "Sample: chest films", with_chest_film=True),
    SampleProject("skull", "Sample: lateral skulls (synthetic)"),
    SampleProject("hand", "Sample: hands (synthetic)"),
    SampleProject("spine", "Sample: spines (synthetic)"),
)


def sample_folder(home: Path, sample: SampleProject) -> Path:
    """Where a sample project lies."""
    return home / "samples" / f"{sample.kind}.mss"


def ensure_sample(home: Path, sample: SampleProject) -> Path:
    """Make a sample project, or go on where making it was interrupted. Returns its folder."""
    folder = sample_folder(home, sample)
    if (folder / COMPLETE).exists():
        return folder
    if (folder / "project.db").exists():
        project = Project.open(folder)
    else:
        project = Project.create(folder, name=sample.name, template=find_template(sample.template_id))
        project.readings.set_rule(ReadingRule(locked_blind=False))  # a sample is there to see what the model does
    with project:
        for path in _pictures(folder, sample):
            project.cases.add(read_image(path), path=path)
    (folder / COMPLETE).touch()
    return folder


def _pictures(folder: Path, sample: SampleProject) -> list[Path]:
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    written = [write_sample(pictures, film) for film in FILMS if film.kind == sample.kind]
    return [chest_film_path(), *written] if sample.with_chest_film else written
