"""Cases that are left out of the planner's lists, with the reason (ux.md 9.2)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "7"
down_revision: str | None = "6"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the table; nothing is left out yet."""
    op.create_table(
        "planner_exclusion",
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("utc", sa.Text, nullable=False),
    )
