"""The tables of a project at the newest schema version (formats.md 8.3). Types and SQL that every server knows.

Times are ISO 8601 UTC texts; JSON is stored as canonical text. The migrations build these tables; a test keeps both
equal.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
NO_AXIS = -1  # stands for "not a slice of a volume": NULL would not take part in the unique constraint
NO_SCORE = 1e9  # sorts after every score on every database, unlike NULL

meta = sa.Table(
    "meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False)
)

writer = sa.Table(
    "writer",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
)

template = sa.Table(
    "template",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("json", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
)

patient_group = sa.Table(
    "patient_group",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("group_key", sa.Text, nullable=False, unique=True),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("draw", sa.Double, nullable=False),
    sa.Column("trained_utc", sa.Text),
    sa.CheckConstraint("part IN ('train', 'val', 'locked')", name="patient_group_part"),
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("group_id", sa.ForeignKey("patient_group.id"), nullable=False),
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
    sa.Column("worst_score", sa.Double, nullable=False),  # below 0: a 95 % radius, see certainty.py
    sa.Column("prediction_model", sa.Text),
    sa.Column("device", sa.Text),
    sa.Column("spacing_areas", sa.Text),
    sa.Column("spacing_set", sa.Text),
    sa.UniqueConstraint("image_sha256", "frame", "axis", name="cases_one_per_picture"),
    sa.CheckConstraint("width > 0 AND height > 0", name="cases_size"),
    sa.CheckConstraint("(row_mm IS NULL) = (col_mm IS NULL)", name="cases_spacing"),
    sa.CheckConstraint("decided >= 0 AND decided <= total", name="cases_decided"),
    sa.Index("cases_by_group", "group_id"),
    # each sort's index also holds what the filters ask, so that a list is found without reading a case
    sa.Index("cases_by_name", "sort_name", "id", "state", "flagged", "part"),
    sa.Index("cases_by_score", "worst_score", "id", "state", "flagged", "part"),
    sa.Index("cases_by_state", "state", "sort_name", "id", "flagged", "part"),
    sa.Index("cases_by_id", "id", "state", "flagged", "part"),
    sa.Index("cases_by_search", "search_text"),
)

case_count = sa.Table(  # follows `cases` by triggers (dialect.py)
    "case_count",
    metadata,
    sa.Column("state", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("flagged", sa.Boolean, primary_key=True),
    sa.Column("n", sa.Integer, nullable=False),
)

annotation = sa.Table(
    "annotation",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("template_id", sa.Text, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("reviewed", sa.Boolean, nullable=False),
    sa.Column("prediction_id", sa.ForeignKey("prediction.id")),
    sa.Column("state_hash", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["template_id", "template_version"], ["template.id", "template.version"]),
)

annotation_point = sa.Table(
    "annotation_point",
    metadata,
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

annotation_revision = sa.Table(
    "annotation_revision",
    metadata,
    sa.Column("case_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("edit_id", sa.Text, nullable=False, unique=True),
    sa.Column("audit_seq", sa.ForeignKey("audit.seq"), nullable=False),
    sa.Column("state_hash", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["case_id", "reader"], ["annotation.case_id", "annotation.reader"]),
)

prediction = sa.Table(
    "prediction",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("model_id", sa.Text, nullable=False),
    sa.Column("created_utc", sa.Text, nullable=False),
    sa.Column("json", sa.Text, nullable=False),
    sa.UniqueConstraint("case_id", "number", name="prediction_order"),
    sa.Index("prediction_by_model", "case_id", "model_id"),
)

stale_point = sa.Table(  # decided under a definition that has been changed since, until a reader looks again
    "stale_point",
    metadata,
    sa.Column("case_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("landmark", sa.Text, primary_key=True),
    sa.Column("placed_under", sa.Integer, nullable=False),
    sa.ForeignKeyConstraint(["case_id", "reader"], ["annotation.case_id", "annotation.reader"]),
)

note = sa.Table(  # landmark "": a note on the whole case
    "note",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("landmark", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("utc", sa.Text, nullable=False),
)

job = sa.Table(
    "job",
    metadata,
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
    sa.CheckConstraint(
        "state IN ('queued', 'running', 'stopping', 'done', 'failed', 'interrupted', 'cancelled')", name="job_state"
    ),
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("template_id", sa.Text, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("created_utc", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("object_sha256", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["template_id", "template_version"], ["template.id", "template.version"]),
)

snapshot_item = sa.Table(
    "snapshot_item",
    metadata,
    sa.Column("snapshot_id", sa.ForeignKey("snapshot.id"), primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state_hash", sa.Text, nullable=False),
)

locked_set = sa.Table(
    "locked_set",
    metadata,
    sa.Column("snapshot_id", sa.ForeignKey("snapshot.id"), primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
)

comparison = sa.Table(
    "comparison",
    metadata,
    sa.Column("job_id", sa.ForeignKey("job.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("snapshot_id", sa.ForeignKey("snapshot.id")),
    sa.Column("created_utc", sa.Text, nullable=False),
    sa.Column("json", sa.Text, nullable=False),
    sa.Index("comparison_by_snapshot", "snapshot_id"),
)

measurement = sa.Table(  # `set <id>`, `locks <case id>`, `choice`: see store/measurements.py
    "measurement",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("json", sa.Text, nullable=False),
)

planner_exclusion = sa.Table(
    "planner_exclusion",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("utc", sa.Text, nullable=False),
)

calibration = sa.Table(
    "calibration",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("case_id", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("way", sa.Text, nullable=False),
    sa.Column("spacing", sa.Text),
    sa.Column("reader", sa.Text, nullable=False),
    sa.Column("utc", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("cases_at_once", sa.Integer, nullable=False),
    sa.CheckConstraint(
        "way IN ('file', 'pixels', 'candidate', 'ruler', 'entered', 'magnification')", name="calibration_way"
    ),
    sa.Index("calibration_by_case", "case_id", "id"),
)

shape_limits = sa.Table(
    "shape_limits",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("template_id", sa.Text, nullable=False),
    sa.Column("template_version", sa.Integer, nullable=False),
    sa.Column("created_utc", sa.Text, nullable=False),
    sa.Column("json", sa.Text, nullable=False),
)

dismissed_warning = sa.Table(
    "dismissed_warning",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("reader", sa.Text, primary_key=True),
    sa.Column("warning", sa.Text, primary_key=True),
    sa.Column("utc", sa.Text, nullable=False),
)

reader = sa.Table(
    "reader",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),
    sa.Column("added_utc", sa.Text, nullable=False),
)

reading = sa.Table(  # a further reading of a case, beside the common one; `state` and `decided` follow its annotation
    "reading",
    metadata,
    sa.Column("case_id", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("reader", sa.ForeignKey("reader.code"), primary_key=True),
    sa.Column("blind", sa.Boolean, nullable=False),
    sa.Column("assigned_by", sa.Text, nullable=False),
    sa.Column("assigned_utc", sa.Text, nullable=False),
    sa.Column("state", sa.Integer, nullable=False),
    sa.Column("decided", sa.Integer, nullable=False),
    sa.Index("reading_by_reader", "reader", "case_id"),
)

audit = sa.Table(
    "audit",
    metadata,
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

APPEND_ONLY = (
    "audit",
    "annotation_revision",
    "snapshot",
    "snapshot_item",
    "prediction",
    "locked_set",
    "comparison",
    "calibration",
)
