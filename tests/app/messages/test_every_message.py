"""Every message of ux.md 8.4: its words, where they are made, and the test that provokes it, so that none gets lost.

The sentences are those of the design with its example figures. Where this product says something else, `ELSE` says why.
"""

import ast
import datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app import case_problems, few_shot, model_dialogue, opening, saving
from app.controllers import (
    case_loader,
    import_controller,
    inference_controller,
    job_progress,
    match_controller,
    verdict,
)
from app.controllers.training_controller import BY_SYSTEM, stopped_text
from app.session import presentation, spacing_state
from app.translate import tr, trn
from medsapiens_core.data.spacing import Spacing, SpacingSource
from medsapiens_core.io import refusal
from medsapiens_core.store.errors import DiskFullError
from medsapiens_core.training.progress import DeviceChosen, StepDone

ROOT = Path(__file__).parents[3]
MESSAGES, CASES = "tests/app/messages/", "tests/app/controllers/test_candidate.py::"
COMPARED = {"unit": "mm", "gate": [], "old": {"model": "v3@1", "mre": 1.42}, "new": {"mre": 1.51}, "difference": None}
NO_GAIN = {**COMPARED, "gate": [{"rule": "G3", "blocks": True}], "difference": {"mean": -0.03, "upper": 0.09}}
WORSE = {
    **COMPARED,
    "gate": [{"rule": "G5", "landmark": "po"}],
    "difference": {},
    "per_landmark": {"po": {"old": 2.1, "new": 2.9}},
}


def texts(path):
    """Every text of a module, with what is put into it in braces."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            parts = (
                part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
                for part in node.values
            )
            yield "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


TEXTS = {
    text for folder in ("app", "medsapiens_core") for path in (ROOT / folder).rglob("*.py") for text in texts(path)
}


def spacing(mm, source):
    return Spacing(mm, mm, source)


def two_sizes():
    other = SimpleNamespace(spacing=spacing(0.143, SpacingSource.DETECTOR))
    return spacing_state.two_sizes(SimpleNamespace(spacing=spacing(0.100, SpacingSource.FIDUCIAL), candidates=(other,)))


def few_locked():
    change, old = np.linspace(-1, 1, 12), np.full(12, 1.24)
    new = old - 0.1 + change / change.std(ddof=1) * 0.275
    cases = [{"old": a, "new": b} for a, b in zip(old, new, strict=True)]
    return verdict.reason_text({"n_cases": 12, "old": {}, "cases": cases})


def cpu():
    progress = job_progress.JobProgress().after(DeviceChosen("cpu", "driver 470, 550 needed", ""))
    return job_progress.cpu_text(progress.after(StepDone(1, 9, 1, 3, 1.0, 4200.0)))


def stopped():
    job = SimpleNamespace(payload={"base": "v3"})
    return stopped_text(job, job_progress.JobProgress(epoch=14, epochs=60), BY_SYSTEM)


def at(hour, minute, second=0):
    """A stored time of today on this computer's clock."""
    now = datetime.datetime.now().astimezone().replace(hour=hour, minute=minute, second=second, microsecond=0)
    return now.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()


def in_use():
    return opening.in_use_text("Ceph clinic", SimpleNamespace(host="PC-RADIO-3", user="AB", since=at(9, 12)))


def code(text):
    """A sentence that stands in the code as it is, with its values in braces."""
    assert any(text in known for known in TEXTS), text
    return text


# id -> (the sentence of the design, what makes it, the test that provokes it)
TABLE = {
    "M01": (
        "No pixel size in this file. Lengths are shown in pixels; angles assume square pixels.",
        lambda: presentation.spacing_badge(None)[1],
        "tests/e2e/test_as08_ruler.py::test_",
    ),
    "M02": (
        "Pixel size 0.143 mm is measured at the detector. Real lengths are smaller by the magnification.",
        lambda: spacing_state.notice_text(spacing(0.143, SpacingSource.DETECTOR)),
        MESSAGES + "test_pixel_messages.py::test_m02",
    ),
    "M03": (
        "This file gives two pixel sizes: 0.100 mm (calibrated) and 0.143 mm (detector). The calibrated one is used.",
        two_sizes,
        MESSAGES + "test_pixel_messages.py::test_m03",
    ),
    "M04": (
        '"0147.dcm" is compressed with JPEG XL Lossless (1.2.840.10008.1.2.4.110). This version cannot read it. '
        "The file was not changed.",
        lambda: str(refusal.compressed(Path("0147.dcm"), "JPEG XL Lossless", "1.2.840.10008.1.2.4.110")),
        MESSAGES + "test_import_messages.py::test_m04",
    ),
    "M05": (
        '"0148.dcm" is damaged: the picture ends after 6.1 of 9.3 MB. It was skipped; 23 other files were imported.',
        lambda: import_controller.skipped_text(str(refusal.cut_short(Path("0148.dcm"), 6_100_000, 9_300_000)), 1, 23),
        MESSAGES + "test_import_messages.py::test_m05",
    ),
    "M06": (
        "The picture of case 0147 is not at its old place.",
        lambda: tr(case_loader.MISSING, case="0147"),
        MESSAGES + "test_case_messages.py::test_m06",
    ),
    "M07": (
        "The picture of case 0147 has changed since import. The landmarks belong to the old one.",
        lambda: tr(case_loader.CHANGED, case="0147"),
        MESSAGES + "test_case_messages.py::test_m07",
    ),
    "M08": (
        "8 of 40 files are already in this project and were not imported again.",
        lambda: import_controller.known_text(8, 40),
        MESSAGES + "test_import_messages.py::test_m08",
    ),
    "M09": (
        "3 new images belong to a patient in the locked set. "
        "They were added to the locked set, so the test stays fair.",
        lambda: import_controller.locked_text(3),
        MESSAGES + "test_import_messages.py::test_m09",
    ),
    "M10": (
        "Not saved: the disk is full (12 MB free, 60 MB needed). Your last 3 changes are kept in memory. "
        "Free some space; do not close the app.",
        lambda: saving.full_text(DiskFullError(free=12_000_000, needed=60_000_000), 3),
        MESSAGES + "test_saving_messages.py::test_m10",
    ),
    "M11": (
        "Fine-tuning needs 4.2 GB of free disk, 1.1 GB is there. Nothing was started.",
        lambda: code("Fine-tuning needs {needed} of free disk, {free} is there. Nothing was started.").format(
            needed="4.2 GB", free="1.1 GB"
        ),
        MESSAGES + "test_model_messages.py::test_m11",
    ),
    "M12": (
        "The GPU ran out of memory. Training goes on by itself with batch 2 instead of 4; the result is comparable.",
        lambda: " ".join(
            (
                code("The GPU ran out of memory."),
                code("Training goes on by itself with batch {self.state.micro} instead of {micro}")
                .replace("{self.state.micro}", "2")
                .replace("{micro}", "4")
                + "; the result is comparable.",
            )
        ),
        "tests/core/training/test_trainer.py::test_when_memory_runs_out",
    ),
    "M13": (
        "Even one image at a time does not fit in the GPU (2.1 GB free).",
        lambda: code("Even one image at a time does not fit in the GPU") + " (2.1 GB free).",
        MESSAGES + "test_model_messages.py::test_m13",
    ),
    "M14": (
        "The GPU is full, so this prediction ran on the CPU (4 s).",
        lambda: inference_controller.gpu_full_text(4.2),
        MESSAGES + "test_model_messages.py::test_m14",
    ),
    "M15": (
        '"Ceph clinic" is open on PC-RADIO-3 (AB, since 09:12). Two writers could lose changes.',
        in_use,
        MESSAGES + "test_opening_messages.py::test_m15",
    ),
    "M16": (
        "This project was saved by a newer version (format 7; this version reads up to 5). Nothing was changed. "
        "Update the app to open it.",
        lambda: (
            code(
                "This project was saved by a newer version (format {found}; this version reads up to {migrate.HEAD}). "
                "Nothing was changed. Update the app to open it."
            )
            .replace("{found}", "7")
            .replace("{migrate.HEAD}", "5")
        ),
        MESSAGES + "test_opening_messages.py::test_m16",
    ),
    "M17": (
        "This project is from an older version. A backup is made first, then it is upgraded (about 20 s).",
        lambda: tr(opening.OLDER, seconds=20),
        MESSAGES + "test_opening_messages.py::test_m17",
    ),
    "M18": (
        '"model.pt" can run program code when opened, so it is not loaded. '
        "Only .safetensors models with a model card are accepted.",
        lambda: tr(model_dialogue.CODE, file="model.pt"),
        MESSAGES + "test_model_messages.py::test_m18",
    ),
    "M19": (
        'The checksum of "v5.safetensors" does not match its model card. '
        "It may be damaged or altered and is not loaded.",
        lambda: code(
            'The checksum of "{_told(folder, name)}" does not match its model card. '
            "It may be damaged or altered and is not loaded."
        ).replace("{_told(folder, name)}", "v5.safetensors"),
        MESSAGES + "test_model_messages.py::test_m19",
    ),
    "M20": (
        "This model knows 38 landmarks, your template 19; 17 match by name.",
        lambda: tr(match_controller.M20, known=38, wanted=19, same=17),
        "tests/app/controllers/test_match_controller.py::test_",
    ),
    "M21": (
        "8 cases can be used for training, 10 are needed. Suggested next: 0151, 0163.",
        lambda: " ".join(
            (
                code("{count} cases can be used for training, {enough} are needed.").format(count=8, enough=10),
                code("Suggested next: {cases}.").format(cases="0151, 0163"),
            )
        ),
        "tests/e2e/test_as14_finetune.py::test_",
    ),
    "M22": (
        "The locked set has 6 read cases, 10 are needed to tell whether a new model is better.",
        lambda: verdict.too_few_text(6),
        CASES + "test_fewer_than_ten",
    ),
    "M23": (
        "Only 12 locked cases: a real 10 % gain would be missed about 1 time in 4. Write why you promote anyway.",
        few_locked,
        CASES + "test_ten_to_nineteen",
    ),
    "M24": (
        "v4 is not better than v3 on the locked set: mean error 1.42 -> 1.51 mm. v3 stays in use.",
        lambda: verdict.verdict_text("v4", COMPARED, {}),
        CASES + "test_a_worse_mean",
    ),
    "M25": (
        "No clear gain: change -0.03 mm, could be up to +0.09 mm worse. v3 stays in use. "
        "More corrected or locked cases would settle it.",
        lambda: verdict.verdict_text("v4", NO_GAIN, {}),
        CASES + "test_no_clear_gain",
    ),
    "M26": (
        "v4 is better on average but worse at Porion (2.1 -> 2.9 mm). Open the Porion cases before deciding.",
        lambda: verdict.verdict_text("v4", WORSE, {"po": "Porion"}),
        CASES + "test_a_landmark_that_got_worse",
    ),
    "M27": (
        "Training stopped at epoch 14 of 60: the system ended it, most often for lack of memory. "
        "Your cases and v3 are untouched.",
        stopped,
        "tests/e2e/test_kill.py::test_killing_the_child",
    ),
    "M28": (
        "Fine-tuning is running (about 9 min left).",
        lambda: code("Fine-tuning is running ({left}).").format(left="about 9 min left"),
        "tests/e2e/test_as14_finetune.py::test_",
    ),
    "M29": (
        "5 cases changed after the snapshot. They count for the next fine-tune.",
        lambda: trn("", code("%n cases changed after the snapshot. They count for the next fine-tune."), 5),
        "tests/e2e/test_as14_finetune.py::test_",
    ),
    "M30": (
        "Training became unstable at epoch 3 and was restarted once with half the step size.",
        lambda: code(
            "Training became unstable at epoch {epoch} and was restarted once with half the step size."
        ).format(epoch=3),
        "tests/core/training/test_trainer.py::test_",
    ),
    "M31": (
        "No usable GPU (driver 470, 550 needed). Training will use the CPU: about 70 min.",
        cpu,
        MESSAGES + "test_model_messages.py::test_m31",
    ),
    "M32": (
        "No model for this template yet. Place the landmarks by hand, or place 3 and press Fill the rest.",
        lambda: few_shot.NO_MODEL,
        "tests/e2e/test_one_shot.py::test_",
    ),
    "M33": (
        "3 landmarks have no decision: Porion, Gonion, Articulare.",
        lambda: trn("", code("%n landmarks have no decision: {names}."), 3, names="Porion, Gonion, Articulare"),
        "tests/app/session/test_review_session.py::test_",
    ),
    "M34": (
        "Menton and Gnathion are at the same point.",
        lambda: code("{first} and {second} are at the same point.").format(first="Menton", second="Gnathion"),
        MESSAGES + "test_pixel_messages.py::test_m34",
    ),
    "M35": (
        "Text burned into the picture cannot be ruled out in 12 images. Look at each and cover what identifies the "
        "patient.",
        lambda: trn(
            "",
            code(
                "Text burned into the picture cannot be ruled out in %n images. Look at each and leave out what "
                "identifies the patient."
            ),
            12,
        ),
        "tests/e2e/test_import_export.py::test_",
    ),
    "M36": (
        "The app ended unexpectedly last time. Everything up to 10:42:07 is here; 1 unfinished move was dropped.",
        lambda: opening.interrupted_text(SimpleNamespace(interrupted_utc=at(10, 42, 7))),
        MESSAGES + "test_opening_messages.py::test_m36",
    ),
    "M37": (
        "The connection to the project folder is lost. Changes are kept on this computer and written when it returns "
        "(3 waiting).",
        lambda: saving.lost_text(3),
        MESSAGES + "test_saving_messages.py::test_m37",
    ),
    "M38": (
        "Checksum of case 0144's landmarks is wrong. The case is not opened so that nothing is overwritten.",
        lambda: tr(case_problems.DAMAGED, case="0144"),
        MESSAGES + "test_case_messages.py::test_m38",
    ),
}
ELSE = {  # what is said instead, and why
    "M20": ("match by their id", "landmarks are matched by their id; a name may differ between two templates"),
    "M35": ("leave out what", "this product leaves pictures out; it paints no boxes over them"),
    "M36": ("is here.", "a move that was not dropped on its place is nowhere kept, so nobody can count it"),
}


def test_the_table_has_every_message():
    assert list(TABLE) == [f"M{n:02}" for n in range(1, 39)]


@pytest.mark.parametrize("name", TABLE)
def test_a_message_says_what_the_design_says(name):
    sentence, make, _ = TABLE[name]
    if name not in ELSE:
        assert make() == sentence
        return
    said, why = ELSE[name]
    assert said in make() and make() != sentence and why


@pytest.mark.parametrize("name", TABLE)
def test_a_message_has_a_test_that_provokes_it(name):
    file, _, test = TABLE[name][2].partition("::")
    assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8")
