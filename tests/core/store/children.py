"""Real child processes for the kill tests: `python -m tests.core.store.children ACT FOLDER SEED`.

Each prints one line per change, after the store has said that the change is on disk.
"""

from __future__ import annotations

import json
import random
import resource
import sys
from pathlib import Path

from medsapiens_core.data.annotation import absent, placed
from medsapiens_core.store.errors import NotSavedError
from medsapiens_core.store.project import Project
from tests.core.store.building import TEMPLATE, commit


def say(*words: object) -> None:
    print(json.dumps(words), flush=True)


def edit(folder: Path, seed: int) -> None:
    """Edit at random for ever; say case, landmark, state and revision of each edit that is saved."""
    rng = random.Random(seed)
    with Project.open(folder) as project:
        case_ids = [row.id for row in project.cases.page()]
        say("open", len(case_ids))
        while True:
            annotation = project.annotations.load(rng.choice(case_ids))
            mark = rng.choice(TEMPLATE.ids)
            state = absent() if rng.random() < 0.1 else placed(rng.uniform(0, 30), rng.uniform(0, 20), None)
            change = annotation.change("move", {mark: state})
            after = commit(project, annotation, change)
            if rng.random() < 0.2:
                after = commit(project, after, change.inverse())
            say(after.case_id, mark, after[mark].to_json(), after.revision)


def promote(home: Path, seed: int) -> None:
    """Promote and roll back at random for ever; say what is in use after each."""
    from medsapiens_core.store.library import ModelLibrary

    rng = random.Random(seed)
    library = ModelLibrary(home, embedded=home / "embedded")
    say("open")
    while True:
        if library.history() and rng.random() < 0.3 and library.current("test-4").name != "base":
            library.rollback("test-4")
        else:
            library.promote(rng.choice(["a", "b"]), by="test")
        say(library.current("test-4").name, len(library.history()))


def migrate(folder: Path, _seed: int) -> None:
    """Open an older project, which brings it to the newest schema."""
    say("open")
    with Project.open(folder) as project:
        say("done", project.info()["schema"])


def hold(folder: Path, _seed: int) -> None:
    """Open a project and keep it open until standard input ends."""
    try:
        with Project.open(folder):
            say("open")
            sys.stdin.read()
    except Exception as error:
        say("refused", type(error).__name__)


def fill_disk(folder: Path, _seed: int) -> None:
    """Edit until the file may not grow any more, then go on when it may."""
    with Project.open(folder) as project:
        annotation = project.annotations.load(1)
        room = project.database.path.stat().st_size + 20_000
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            for step in range(10_000):
                change = annotation.change("move", {"sella": placed(1.0, step, None)})
                annotation = commit(project, annotation, change)
        except NotSavedError as error:
            say("full", annotation.revision, str(error))
        seen = project.annotations.load(1)
        say("still", seen == annotation)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        after = commit(project, seen, seen.change("move", {"sella": placed(2.0, 2.0, None)}))
        say("saved", after.revision, project.check())


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
