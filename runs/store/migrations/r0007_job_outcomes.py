"""What a job has made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("job", sa.Column("outcome", sa.JSON))


def downgrade() -> None:
    """Drop it."""
    with op.batch_alter_table("job") as changed:
        changed.drop_column("outcome")
