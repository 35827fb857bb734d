"""The first schema: cases, annotations with their history, predictions, jobs, snapshots, audit."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from medsapiens_core.store import dialect

revision: str = "1"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Create every table."""
    _project_tables()
    _case_table()
    _audit_table()
    _annotation_tables()
    _job_table()
    _snapshot_tables()
    for table in ("audit", "annotation_revision", "snapshot", "snapshot_item", "prediction"):
        dialect.make_append_only(op.get_bind(), table)


def _project_tables() -> None:
    op.create_table("meta", sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))
    op.create_table(
        "writer",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO writer (id, epoch) VALUES (1, 0)")
    op.create_table(
        "template",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
    )
    op.create_table(
        "patient_group",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("group_key", sa.Text, nullable=False, unique=True),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("draw", sa.Double, nullable=False),
        sa.Column("trained_utc", sa.Text),
        sa.CheckConstraint("part IN ('train', 'val', 'locked')", name="patient_group_part"),
    )


def _case_table() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("patient_group.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sort_name", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("relative_path", sa.Text),
        sa.Column("absolute_path", sa.Text, nullable=False),
        sa.Column("file_bytes", sa.BigInteger, nullable=False),
        sa.Column("image_sha256", sa.Text, nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("axis", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("row_mm", sa.Double),
        sa.Column("col_mm", sa.Double),
        sa.Column("spacing_source", sa.Text),
        sa.Column("modality", sa.Text, nullable=False),
        sa.Column("sop_instance_uid", sa.Text),
        sa.Column("added_utc", sa.Text, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("flag_reason", sa.Text),
        sa.Column("flagged", sa.Boolean, nullable=False),
        sa.Column("decided", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("worst_score", sa.Double, nullable=False),
        sa.Column("prediction_model", sa.Text),
        sa.UniqueConstraint("image_sha256", "frame", "axis", name="cases_one_per_picture"),
        sa.CheckConstraint("width > 0 AND height > 0", name="cases_size"),
        sa.CheckConstraint("(row_mm IS NULL) = (col_mm IS NULL)", name="cases_spacing"),
        sa.CheckConstraint("decided >= 0 AND decided <= total", name="cases_decided"),
    )
    op.create_index("cases_by_group", "cases", ["group_id"])
    op.create_index("cases_by_name", "cases", ["sort_name", "id"])
    op.create_index("cases_by_score", "cases", ["worst_score", "id"])
    op.create_index("cases_by_state", "cases", ["state", "sort_name", "id"])
    op.create_index("cases_counted", "cases", ["state", "part", "flagged"])
    op.create_table(
        "prediction",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("created_utc", sa.Text, nullable=False),
        sa.Column("json", sa.Text, nullable=False),
        sa.UniqueConstraint("case_id", "number", name="prediction_order"),
    )
    op.create_index("prediction_by_model", "prediction", ["case_id", "model_id"])


def _audit_table() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("utc", sa.Text, nullable=False),
        sa.Column("mono", sa.Double, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("op", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )


def _annotation_tables() -> None:
    op.create_table(
        "annotation",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("template_id", sa.Text, nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("reviewed", sa.Boolean, nullable=False),
        sa.Column("prediction_id", sa.Text, sa.ForeignKey("prediction.id")),
        sa.Column("state_hash", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["template_id", "template_version"], ["template.id", "template.version"]),
    )
    op.create_table(
        "annotation_point",
        sa.Column("case_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("landmark", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("x", sa.Double),
        sa.Column("y", sa.Double),
        sa.Column("absent_reason", sa.Text),
        sa.Column("bulk", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["case_id", "reader"], ["annotation.case_id", "annotation.reader"]),
        sa.CheckConstraint("(x IS NULL) = (y IS NULL)", name="point_xy"),
        sa.CheckConstraint("(x IS NULL) = (place IN ('absent', 'not_placed'))", name="point_place"),
        sa.CheckConstraint("x IS NULL OR (abs(x) <= 1e6 AND abs(y) <= 1e6)", name="point_range"),
    )
    op.create_table(
        "annotation_revision",
        sa.Column("case_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("edit_id", sa.Text, nullable=False, unique=True),
        sa.Column("audit_seq", sa.Integer, sa.ForeignKey("audit.seq"), nullable=False),
        sa.Column("state_hash", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["case_id", "reader"], ["annotation.case_id", "annotation.reader"]),
    )


def _job_table() -> None:
    states = "'queued', 'running', 'stopping', 'done', 'failed', 'interrupted', 'cancelled'"
    op.create_table(
        "job",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer),
        sa.Column("host", sa.Text),
        sa.Column("process_started", sa.Double),
        sa.Column("created_utc", sa.Text, nullable=False),
        sa.Column("started_utc", sa.Text),
        sa.Column("heartbeat_utc", sa.Text),
        sa.Column("finished_utc", sa.Text),
        sa.Column("progress", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("removed", sa.Boolean, nullable=False),
        sa.CheckConstraint(f"state IN ({states})", name="job_state"),
    )


def _snapshot_tables() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("template_id", sa.Text, nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("created_utc", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("object_sha256", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["template_id", "template_version"], ["template.id", "template.version"]),
    )
    op.create_table(
        "snapshot_item",
        sa.Column("snapshot_id", sa.Text, sa.ForeignKey("snapshot.id"), primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state_hash", sa.Text, nullable=False),
    )
