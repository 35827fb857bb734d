"""Pixel sizes that a person has set, with who and when; and which device took a picture, to set them for all of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from medsapiens_core.store import dialect

revision: str = "5"
down_revision: str | None = "4"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Add the table and the columns; cases that are there keep the pixel size of their files."""
    for name in ("device", "spacing_areas", "spacing_set"):
        op.add_column("cases", sa.Column(name, sa.Text))
    op.create_table(
        "calibration",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("spacing", sa.Text),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("utc", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("cases_at_once", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "way IN ('file', 'pixels', 'candidate', 'ruler', 'entered', 'magnification')", name="calibration_way"
        ),
    )
    op.create_index("calibration_by_case", "calibration", ["case_id", "id"])
    dialect.make_append_only(op.get_bind(), "calibration")
