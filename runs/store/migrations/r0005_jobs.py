"""Who does a job and until when, how far it is, and its log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_JOB = (
    ("title", sa.Text),
    *((name, sa.Integer) for name in ("done", "total")),
    *((name, sa.BigInteger) for name in ("eta_ms", "lease_ms")),
    *((name, sa.Integer) for name in ("attempts", "in_vain")),
    ("cancel_asked", sa.Boolean),
)


def upgrade() -> None:
    """Add the columns, and the log."""
    for name, kind in _JOB:
        op.add_column("job", sa.Column(name, kind()))
    op.create_table(
        "job_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_line"),
        sa.ForeignKeyConstraint(["job"], ["job.id"], name="fk_job_line_job", ondelete="CASCADE"),
    )
    op.create_index("ix_job_line_job", "job_line", ["job"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("job_line")
    with op.batch_alter_table("job") as changed:
        for name, _ in _JOB:
            changed.drop_column(name)
