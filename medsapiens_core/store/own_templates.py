"""The templates that the user of this computer has made: one file each, in the program's own folder."""

from __future__ import annotations

import json
from pathlib import Path

from medsapiens_core.data.template import Template
from medsapiens_core.data.template_file import (
    TemplateError,
    find_template,
    load_template,
    shipped_templates,
    template_to_json,
)
from medsapiens_core.whole_files import write_atomic

FOLDER = "templates"


class OwnTemplates:
    """`home/templates/<id>.json`; what cannot be read is passed over, so that one bad file hides no other."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def list(self) -> list[Template]:
        """Every readable template, by name."""
        found = []
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []:
            try:
                found.append(load_template(path))
            except TemplateError:
                continue
        return sorted(found, key=lambda template: template.name.casefold())

    def find(self, template_id: str) -> Template:
        """One of them, else a shipped one. Raises TemplateError."""
        own = next((template for template in self.list() if template.id == template_id), None)
        return own or find_template(template_id)

    def free_id(self, wanted: str) -> str:
        """`wanted`, with a number behind it where that is taken."""
        taken = {template.id for template in self.list()} | set(shipped_templates())
        return next(text for text in (wanted, *(f"{wanted}-{k}" for k in range(2, 10_000))) if text not in taken)

    def save(self, template: Template) -> Path:
        """Write one, in the place of one with the same id."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{template.id}.json"
        write_template(path, template)
        return path


def write_template(path: Path, template: Template) -> None:
    """Write a template file for people and programs."""
    text = json.dumps(template_to_json(template), indent=2, ensure_ascii=False) + "\n"
    write_atomic(path, text.encode())
