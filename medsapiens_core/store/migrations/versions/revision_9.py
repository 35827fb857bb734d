"""Who reads in a project, in which roles, and the second readings that were asked of them (ux.md 10)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "9"
down_revision: str | None = "8"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the two tables. What was read before stays the common reading, and nobody is registered yet."""
    op.create_table(
        "reader",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("added_utc", sa.Text, nullable=False),
    )
    op.create_table(
        "reading",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reader", sa.Text, sa.ForeignKey("reader.code"), primary_key=True),
        sa.Column("blind", sa.Boolean, nullable=False),
        sa.Column("assigned_by", sa.Text, nullable=False),
        sa.Column("assigned_utc", sa.Text, nullable=False),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("decided", sa.Integer, nullable=False),
    )
    op.create_index("reading_by_reader", "reading", ["reader", "case_id"])
