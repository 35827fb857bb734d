"""A file of any format as readings of a template's landmarks, with everything that had to be said about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from medsapiens_core.data.template import Landmark, Template
from medsapiens_core.data.template_file import shipped_templates
from medsapiens_core.decoding import read_labels
from medsapiens_core.errors import UserError
from medsapiens_core.exchange.batch import Batch, Format, ReadOptions
from medsapiens_core.exchange.mapping import Names, match_names, read_map, rename, require_known
from medsapiens_core.exchange.swaps import Points, Suspicion, find_swaps

FindImage = Callable[[str], Path | None]


@dataclass(frozen=True)
class Understood:
    """A batch whose names are landmark ids of `template`."""

    batch: Batch
    template: Template
    names: Names


def parse_choices(options: list[str]) -> dict[str, str]:
    """`key=value` texts of the command line. Raises UserError."""
    pairs = [text.partition("=") for text in options]
    wrong = [key for key, mark, _ in pairs if not key or not mark]
    if wrong:
        raise UserError(f"The option {wrong[0]!r} must be written as key=value.")
    return {key: value for key, _, value in pairs}


def read_file(
    path: Path,
    form: Format,
    template: Template | None,
    *,
    find_image: FindImage = lambda _name: None,
    choices: Mapping[str, str] | None = None,
    map_file: Path | None = None,
) -> Understood:
    """Read a file, in a child process, and match its names.

    Without a template one is taken from the file, or made of its names.
    """
    given = {} if map_file is None else read_map(map_file)
    batch = read_labels(path, form, ReadOptions(template, find_image, choices or {}))
    wanted = template or _template_of(batch, given)
    names = match_names(batch.landmarks, wanted, given)
    require_known(names, wanted)
    return Understood(rename(batch, names), wanted, names)


def swap_warnings(batch: Batch, template: Template, others: list[Points] | None = None) -> list[str]:
    """One sentence for each reading whose pairs lie the other way round than in the other cases."""
    found = find_swaps([reading.points for reading in batch.readings], template, others or [])
    return [_warning(suspicion, batch) for suspicion in found]


def _warning(suspicion: Suspicion, batch: Batch) -> str:
    name = batch.readings[suspicion.position].image.file_name
    if suspicion.whole:
        return f"{name}: all pairs lie the other way round than in the other cases. Is the picture mirrored or turned?"
    some = ", ".join("/".join(pair) for pair in suspicion.pairs[:4]) + (" ..." if len(suspicion.pairs) > 4 else "")
    return f"{name}: left and right may be exchanged in {some}. Nothing was changed."


def _template_of(batch: Batch, given: Mapping[str, str]) -> Template:
    """The template that the file names, the shipped one with exactly these landmarks, or one made of the names."""
    names = tuple(dict.fromkeys(given.get(name, name) for name in batch.landmarks))
    names = tuple(name for name in names if name)
    shipped = shipped_templates()
    stated = {reading.template_id for reading in batch.readings}
    fitting = [t for t in shipped.values() if t.id in stated or set(t.ids) == set(names)]
    for template in fitting:
        if set(names) <= set(template.ids):
            return template
    landmarks = tuple(Landmark(name, name, name, name) for name in names)
    return Template("converted", 1, "Landmarks of a file", landmarks)
