"""The actions about models, as rows of the table in `actions.py`."""

from __future__ import annotations

from app.action_row import Action

MODEL = (
    Action(
        "model.finetune",
        "&Fine-tune",
        "Model",
        "G",
        ("Ctrl+T",),
        "Train on the reviewed cases in the background",
        ("project", "writable", "finetune"),
        "spark",
    ),
    Action(
        "model.compare",
        "&Compare models",
        "Model",
        "G",
        ("Ctrl+Shift+M",),
        "The newest candidate beside the model that it started from",
        ("project",),
        "models",
    ),
    Action("model.import", "&Import model…", "Model", "G", (), "Add a model file to this computer", icon="import"),
)
