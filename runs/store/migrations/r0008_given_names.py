"""What users call their runs."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column."""
    op.add_column("run", sa.Column("given_name", sa.Text))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("run") as changed:
        changed.drop_column("given_name")
