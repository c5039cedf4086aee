"""What a recommendation says, what became of it, and the daily equity of the base of an optimisation."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_BASE = (("first_day", sa.Integer), ("daily_equity", sa.LargeBinary))
_RECOMMENDATION = (
    *((name, sa.Text) for name in ("kind", "claim", "settings_sha256")),
    ("current", sa.JSON),
    *(
        (name, sa.Double)
        for name in ("expected_change", "expected_low", "expected_high", "level", "probability", "confidence")
    ),
    ("decided_ms", sa.BigInteger),
    *((name, sa.Text) for name in ("note", "version")),
    ("outcome", sa.JSON),
)
_INDEX = "ix_recommendation_settings_sha256_claim"


def upgrade() -> None:
    """Add the columns."""
    for table, columns in (("optimisation", _BASE), ("recommendation", _RECOMMENDATION)):
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind()))
    op.create_index(_INDEX, "recommendation", ["settings_sha256", "claim"], unique=True)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(_INDEX, "recommendation")
    for table, columns in (("recommendation", _RECOMMENDATION), ("optimisation", _BASE)):
        with op.batch_alter_table(table) as changed:
            for name, _ in columns:
                changed.drop_column(name)
