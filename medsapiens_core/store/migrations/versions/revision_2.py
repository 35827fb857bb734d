"""Comparisons, and which locked test set each snapshot holds, so that looks at one test set can be counted (X3, X4).

Also an index that a search in a large worklist can read alone.
"""

import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from medsapiens_core.store import dialect

revision: str = "2"
down_revision: str | None = "1"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the two tables and the index, and the test sets of the snapshots that are there."""
    op.create_table(
        "locked_set",
        sa.Column("snapshot_id", sa.Text, sa.ForeignKey("snapshot.id"), primary_key=True),
        sa.Column("sha256", sa.Text, nullable=False),
    )
    op.create_table(
        "comparison",
        sa.Column("job_id", sa.Text, sa.ForeignKey("job.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("snapshot_id", sa.Text, sa.ForeignKey("snapshot.id")),
        sa.Column("created_utc", sa.Text, nullable=False),
        sa.Column("json", sa.Text, nullable=False),
    )
    op.create_index("comparison_by_snapshot", "comparison", ["snapshot_id"])
    op.create_index("cases_by_search", "cases", ["search_text"])
    connection = op.get_bind()
    for (snapshot_id,) in connection.execute(sa.text("SELECT id FROM snapshot")).all():
        values = {"id": snapshot_id, "sha256": _locked_sha256(connection, snapshot_id)}
        connection.execute(sa.text("INSERT INTO locked_set (snapshot_id, sha256) VALUES (:id, :sha256)"), values)
    for table in ("locked_set", "comparison"):
        dialect.make_append_only(connection, table)


def _locked_sha256(connection: sa.Connection, snapshot_id: str) -> str:
    """As `TrainingSnapshot.locked_sha256` at this schema version."""
    query = sa.text(
        "SELECT c.id, c.group_id, c.image_sha256, c.frame, c.axis, c.row_mm, c.col_mm, i.state_hash "
        "FROM snapshot_item i JOIN cases c ON c.id = i.case_id "
        "WHERE i.snapshot_id = :id AND i.part = 'locked' ORDER BY c.id"
    )
    rows = [list(row) for row in connection.execute(query, {"id": snapshot_id})]
    said = [[*row[:4], None if row[4] == -1 else row[4], *row[5:]] for row in rows]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
