"""What an optimisation follows from, and what its trials came to beside their value."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_OPTIMISATION = (
    *((name, sa.Text) for name in ("system", "window_name")),
    *((name, sa.BigInteger) for name in ("start_ms", "end_ms")),
    *((name, sa.Text) for name in ("settings_sha256", "data_sha256", "code_version")),
    ("batch", sa.Integer),
)
_TRIAL = (
    *((name, sa.JSON) for name in ("objectives", "notes")),
    ("fingerprint", sa.Text),
    *((name, sa.Integer) for name in ("same_as", "trades", "daily_returns")),
    *((name, sa.Double) for name in ("daily_sharpe", "skew", "kurtosis")),
    ("first_day", sa.Integer),
    ("daily_equity", sa.LargeBinary),
)


def upgrade() -> None:
    """Add the columns."""
    for table, columns in (("optimisation", _OPTIMISATION), ("trial", _TRIAL)):
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind()))
    op.create_index("ix_optimisation_data_sha256", "optimisation", ["data_sha256"])
    op.create_index("ix_trial_fingerprint", "trial", ["fingerprint"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_trial_fingerprint", "trial")
    op.drop_index("ix_optimisation_data_sha256", "optimisation")
    for table, columns in (("trial", _TRIAL), ("optimisation", _OPTIMISATION)):
        with op.batch_alter_table(table) as changed:
            for name, _ in columns:
                changed.drop_column(name)
