"""Limits of the usual shape, and warnings that readers have dismissed (ux.md 6.3)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "8"
down_revision: str | None = "7"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "shape_limits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("template_id", sa.Text, nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        sa.Column("created_utc", sa.Text, nullable=False),
        sa.Column("json", sa.Text, nullable=False),
    )
    op.create_table(
        "dismissed_warning",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reader", sa.Text, primary_key=True),
        sa.Column("warning", sa.Text, primary_key=True),
        sa.Column("utc", sa.Text, nullable=False),
    )
