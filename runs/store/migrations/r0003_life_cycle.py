"""Stages in the life of strategies, and jobs, which runs name that they made."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and let runs name their job."""
    op.create_table(
        "epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("run_id", "strategy_id", "epoch", "status")),
        sa.Column("symbol", sa.Text()),
        *(sa.Column(name, sa.JSON()) for name in ("metrics", "criteria")),
        sa.Column("passed", sa.Boolean()),
        *(sa.Column(name, sa.Text()) for name in ("promotion_reason", "next_epoch", "failure")),
        sa.Column("started_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("folder", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_epoch"),
        sa.UniqueConstraint("run_id", name="uq_epoch_run_id"),
    )
    op.create_index("ix_epoch_strategy_id", "epoch", ["strategy_id"])
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "status")),
        sa.Column("request", sa.JSON()),
        sa.Column("progress", sa.Double()),
        sa.Column("failure", sa.Text()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("started_ms", "ended_ms")),
        sa.Column("host", sa.Text()),
        sa.Column("pid", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    # SQLite cannot add a foreign key to a table that stands: it is made anew and its rows are copied.
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("job", sa.Integer()))
        run.create_foreign_key("fk_run_job", "job", ["job"], ["id"], ondelete="SET NULL")


def downgrade() -> None:
    """Drop them; runs forget which job made them."""
    with op.batch_alter_table("run") as run:
        run.drop_constraint("fk_run_job", type_="foreignkey")
        run.drop_column("job")
    for name in ("job", "epoch"):
        op.drop_table(name)
