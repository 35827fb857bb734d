"""What a project says about measurements: its own sets, the set and norms in use, held end vertebrae (ux.md 11)."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "4"
down_revision: str | None = "3"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the table; nothing is chosen yet."""
    op.create_table(
        "measurement",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("json", sa.Text, nullable=False),
    )
