"""Optimisations, their trials and what is recommended on their evidence."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "optimisation",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "status")),
        *(sa.Column(name, sa.Text()) for name in ("strategy", "method", "objective")),
        *(sa.Column(name, sa.JSON()) for name in ("space", "settings")),
        sa.Column("seed", sa.BigInteger()),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("folder", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_optimisation"),
    )
    op.create_table(
        "trial",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("id", "optimisation", "number")),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("params", sa.JSON()),
        sa.Column("value", sa.Double()),
        sa.Column("figures", sa.JSON()),
        sa.Column("failure", sa.Text()),
        *(sa.Column(name, sa.BigInteger()) for name in ("started_ms", "duration_ms")),
        sa.Column("run", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_trial"),
        sa.UniqueConstraint("optimisation", "number", name="uq_trial_optimisation_number"),
        sa.ForeignKeyConstraint(
            ["optimisation"], ["optimisation.id"], name="fk_trial_optimisation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_trial_run", ondelete="SET NULL"),
    )
    op.create_table(
        "recommendation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("system", "strategy", "symbol")),
        *(sa.Column(name, sa.JSON()) for name in ("params", "evidence")),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in ("optimisation", "run")),
        sa.PrimaryKeyConstraint("id", name="pk_recommendation"),
        sa.ForeignKeyConstraint(
            ["optimisation"], ["optimisation.id"], name="fk_recommendation_optimisation", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_recommendation_run", ondelete="SET NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("recommendation", "trial", "optimisation"):
        op.drop_table(name)
