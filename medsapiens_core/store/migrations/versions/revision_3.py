"""Revisions of the template within a project: points whose definition has changed since; and notes (ux.md 9.1, 4.2)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "3"
down_revision: str | None = "2"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add both tables; nothing is stale and nothing noted yet."""
    op.create_table(
        "stale_point",
        sa.Column("case_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("landmark", sa.Text, primary_key=True),
        sa.Column("placed_under", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["case_id", "reader"], ["annotation.case_id", "annotation.reader"]),
    )
    op.create_table(
        "note",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("landmark", sa.Text, primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("utc", sa.Text, nullable=False),
    )
