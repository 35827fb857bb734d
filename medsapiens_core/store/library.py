"""The models of this computer: embedded ones, and those trained or imported by its user (formats.md 8.4)."""

from __future__ import annotations

import builtins
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medsapiens_core.resources import resource_path
from medsapiens_core.settings import home as default_home
from medsapiens_core.store import packages, promotions
from medsapiens_core.store.errors import LibraryError
from medsapiens_core.store.files import sha256_file
from medsapiens_core.store.promotions import Promotion, PromotionTable
from medsapiens_core.whole_files import sync_file, temporary_beside

NAME_RULE = re.compile(r"[A-Za-z0-9._-]{1,64}")
ModelState = Literal["promoted", "candidate", "retired"]


@dataclass(frozen=True)
class ModelEntry:
    """One model. `id` is its name and the first 12 hex digits of its manifest's SHA-256: `name@0123456789ab`.

    `state` is promoted (in use for a template), retired (was, or is an embedded model that is not) or candidate.
    """

    name: str
    id: str
    folder: Path
    embedded: bool
    templates: tuple[str, ...]
    state: ModelState
    parent: str | None = None


class ModelLibrary:
    """Models in `home/models`, the pointer to those in use in `home/library.db`, shared weights in `home/base`."""

    def __init__(self, home: Path | None = None, *, embedded: Path | None = None) -> None:
        self.home = default_home() if home is None else home
        self._embedded = resource_path("models") if embedded is None else embedded
        self._models = self.home / "models"
        self._promotions = PromotionTable(self.home / "library.db")

    def list(self) -> list[ModelEntry]:
        """Every usable model, embedded ones first, then by name."""
        return self._entries(self.history())

    def get(self, name: str) -> ModelEntry:
        """One model by name or id. Raises LibraryError that lists the known names."""
        entries = self.list()
        for entry in entries:
            if name in (entry.name, entry.id):
                return entry
        known = ", ".join(entry.name for entry in entries) or "none"
        raise LibraryError(f"There is no model {name!r} in the library. Known models: {known}.")

    def path_for(self, name: str) -> Path:
        """Folder of a model's package."""
        return self.get(name).folder

    def current(self, template_id: str) -> ModelEntry | None:
        """The model in use for a template: the promoted one, else the embedded one that knows it, else None.

        Raises LibraryError when the promoted model is gone or is no longer the same: another one is not used silently.
        """
        history = self.history()
        entries = self._entries(history)
        pointer = promotions.in_use(history).get(template_id)
        if pointer is None:
            return next((entry for entry in entries if entry.embedded and template_id in entry.templates), None)
        for entry in entries:
            if entry.id == pointer[1]:
                return entry
        raise LibraryError(
            f"Model {pointer[0]}, in use for {template_id}, is missing from the library or was changed. "
            "Import it again, or roll back to the model before it."
        )

    def add(self, folder: Path, name: str) -> ModelEntry:
        """Copy a package into the library under a new name; it is a candidate until it is promoted."""
        packages.copy_into(folder, self._new_folder(name))
        return self.get(name)

    def export(self, name: str, file: Path) -> None:
        """Write a model as one `.msmodel` file."""
        packages.pack(self.path_for(name), file)

    def import_archive(self, file: Path, name: str | None = None) -> ModelEntry:
        """Add a model from a `.msmodel` file; the name is by default the file's."""
        name = name or file.stem
        packages.unpack(file, self._new_folder(name))
        return self.get(name)

    def remove(self, name: str) -> None:
        """Delete a model. Refused for embedded ones, and for one in use or that rolling back would need."""
        entry = self.get(name)
        if entry.embedded:
            raise LibraryError(f"Model {name} came with the program and cannot be deleted.")
        if entry.id in promotions.reachable(self.history()):
            raise LibraryError(f"Model {name} is in use, or would be after rolling back, so it is not deleted.")
        children = [other.name for other in self.list() if other.parent in (entry.name, entry.id)]
        if children:
            raise LibraryError(f"Model {name} is the start of {children[0]}, so it is not deleted.")
        gone = temporary_beside(entry.folder)
        entry.folder.rename(gone)
        shutil.rmtree(gone)

    def promote(self, name: str, template_ids: Iterable[str] | None = None, *, by: str, reason: str = "") -> ModelEntry:
        """Put a model in use, by default for every template it knows. Its package is checked first."""
        entry = self.get(name)
        wanted = entry.templates if template_ids is None else tuple(dict.fromkeys(template_ids))
        unknown = [template for template in wanted if template not in entry.templates]
        if unknown or not wanted:
            raise LibraryError(f"Model {name} does not know template {', '.join(unknown) or '(none given)'}.")
        packages.verify(entry.folder)
        self._promotions.promote((entry.name, entry.id), wanted, by, reason)
        return self.get(name)

    def rollback(self, template_id: str | None = None, *, by: str = "", reason: str = "") -> tuple[str, ...]:
        """Take back the newest promotion, of one template if given. Returns the templates that changed model."""
        return self._promotions.rollback(template_id, by, reason)

    def history(self) -> builtins.list[Promotion]:
        """Every promotion and roll-back, oldest first."""
        return self._promotions.history()

    def base_path(self, sha256: str) -> Path:
        """Where weights that several adapter models share lie, by hash; the file may not exist."""
        return self.home / "base" / f"{sha256}.safetensors"

    def add_base(self, file: Path) -> str:
        """Copy shared weights into the library and return their hash."""
        sha256 = sha256_file(file)
        target = self.base_path(sha256)
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = temporary_beside(target)
            try:
                shutil.copyfile(file, temporary)
                sync_file(temporary)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
        return sha256

    def _entries(self, history: Sequence[Promotion]) -> builtins.list[ModelEntry]:
        in_use = promotions.in_use(history)
        once_in_use = {row.model_id for row in history}
        own = [f for f in _folders(self._models) if not (self._embedded / f.name).is_dir()]
        entries = [_entry(f, embedded) for fs, embedded in ((_folders(self._embedded), True), (own, False)) for f in fs]
        usable = [entry for entry in entries if entry is not None]
        promoted = {model_id for _, model_id in in_use.values()} | _default_ids(usable, in_use)
        return [_with_state(entry, promoted, once_in_use) for entry in usable]

    def _new_folder(self, name: str) -> Path:
        if NAME_RULE.fullmatch(name) is None or name.startswith("."):
            raise LibraryError(
                f"{name!r} cannot be the name of a model. Use 1 to 64 letters, digits, dots, hyphens or underscores, "
                "not beginning with a dot."
            )
        taken = {folder.name.casefold() for root in (self._models, self._embedded) for folder in _folders(root)}
        if name.casefold() in taken:
            raise LibraryError(f"There is a model {name} in the library already. Choose another name.")
        return self._models / name


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _entry(folder: Path, embedded: bool) -> ModelEntry | None:
    """None for a folder that holds no readable package: one damaged model must not hide the others."""
    try:
        facts = packages.read_facts(folder)
    except LibraryError:
        return None
    model_id = f"{folder.name}@{facts.fingerprint}"
    return ModelEntry(folder.name, model_id, folder, embedded, facts.templates, "candidate", facts.parent)


def _default_ids(entries: Iterable[ModelEntry], in_use: Iterable[str]) -> set[str]:
    """Ids of embedded models that stand in where nothing was promoted."""
    taken, ids = set(in_use), set()
    for entry in entries:
        if entry.embedded and set(entry.templates) - taken:
            ids.add(entry.id)
            taken |= set(entry.templates)
    return ids


def _with_state(entry: ModelEntry, promoted: set[str], once_in_use: set[str | None]) -> ModelEntry:
    state: ModelState = "candidate"
    if entry.id in promoted:
        state = "promoted"
    elif entry.embedded or entry.id in once_in_use:
        state = "retired"
    return ModelEntry(entry.name, entry.id, entry.folder, entry.embedded, entry.templates, state, entry.parent)
