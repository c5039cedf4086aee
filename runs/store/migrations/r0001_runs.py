"""Runs, their trades and their account over time."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("host", "folder", "run_id", "name", "kind", "status")
        ),
        *(sa.Column(name, sa.Text()) for name in ("failure", "exchange")),
        sa.Column("symbols", sa.JSON(), nullable=False),
        sa.Column("symbol_keys", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("timeframe", "detail_interval")),
        *(sa.Column(name, sa.BigInteger()) for name in ("start_ms", "end_ms")),
        sa.Column("strategy", sa.Text()),
        sa.Column("params", sa.JSON()),
        sa.Column("capital", sa.Text()),
        sa.Column("seeds", sa.JSON()),
        *(
            sa.Column(name, sa.Text())
            for name in ("settings_sha256", "strategy_sha256", "data_sha256", "trades_sha256", "code_version")
        ),
        sa.Column("libraries", sa.JSON()),
        *(sa.Column(name, sa.BigInteger()) for name in ("started_ms", "duration_ms")),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("tag_keys", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("trades", sa.Integer()),
        sa.Column("net_profit", sa.Text()),
        *(
            sa.Column(name, sa.Double())
            for name in (
                "total_return_pct", "max_drawdown_pct", "win_rate", "profit_factor", "sharpe", "sortino", "calmar",
            )
        ),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("folder_mtime_ns", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.JSON()) for name in ("figures", "warnings")),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("host", "folder", name="uq_run_host_folder"),
    )  # fmt: skip
    op.create_index("ix_run_run_id", "run", ["run_id"])
    op.create_index("ix_run_started_ms", "run", ["started_ms"])
    _create_trade()
    _create_metric_point()


def _create_trade() -> None:
    op.create_table(
        "trade",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("run", "number")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("symbol", "side")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("entry_time_ms", "exit_time_ms")),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "entry_price", "exit_price", "quantity", "realized_pnl", "commission", "slippage", "funding",
            )
        ),
        *(sa.Column(name, sa.Text()) for name in ("reason", "tag")),
        sa.Column("ambiguous", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Double()) for name in ("mae", "mfe")),
        sa.PrimaryKeyConstraint("run", "number", name="pk_trade"),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_trade_run", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _create_metric_point() -> None:
    op.create_table(
        "metric_point",
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("run", "number")),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("equity", "cash")),
        sa.Column("drawdown", sa.Double(), nullable=False),
        sa.Column("open_positions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name="pk_metric_point"),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name="fk_metric_point_run", ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("metric_point", "trade", "run"):
        op.drop_table(name)
