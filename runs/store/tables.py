"""The store's tables as they are now; ``runs.store.migrations`` has how they came to be. A test holds the two together.

Times are UTC milliseconds, money is exact, figures are floats or NULL where they are undefined.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from runs.store.column_types import Money, plain_values

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a migration can change it on any database."""

TABLES = MetaData(naming_convention=NAMES)

RUN = Table(
    "run",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("host", Text, nullable=False),
    Column("folder", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("failure", Text),
    Column("exchange", Text),
    Column("symbols", plain_values(), nullable=False),
    Column("symbol_keys", Text, nullable=False),
    Column("timeframe", Text),
    Column("detail_interval", Text),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("strategy", Text),
    Column("params", plain_values()),
    Column("capital", Money),
    Column("seeds", plain_values()),
    Column("settings_sha256", Text),
    Column("strategy_sha256", Text),
    Column("data_sha256", Text),
    Column("trades_sha256", Text),
    Column("code_version", Text),
    Column("libraries", plain_values()),
    Column("started_ms", BigInteger),
    Column("duration_ms", BigInteger),
    Column("tags", plain_values(), nullable=False),
    Column("tag_keys", Text, nullable=False),
    Column("note", Text),
    Column("given_name", Text),
    Column("trades", Integer),
    Column("net_profit", Money),
    Column("total_return_pct", Double),
    Column("max_drawdown_pct", Double),
    Column("win_rate", Double),
    Column("profit_factor", Double),
    Column("sharpe", Double),
    Column("sortino", Double),
    Column("calmar", Double),
    Column("signature", Text, nullable=False),
    Column("folder_mtime_ns", BigInteger, nullable=False),
    Column("figures", plain_values()),
    Column("warnings", plain_values()),
    Column("job", Integer, ForeignKey("job.id", ondelete="SET NULL")),
    UniqueConstraint("host", "folder"),
    Index(None, "run_id"),
    Index(None, "started_ms"),
)
"""A backtest or a live session.

``host`` and ``folder`` are where it lies; ``signature`` and ``folder_mtime_ns`` tell whether the folder has changed
since it was read, ``symbol_keys`` and ``tag_keys`` are what filters look into. What is large comes last: SQLite passes
over it to reach what follows.
"""

TRADE = Table(
    "trade",
    TABLES,
    Column("run", Integer, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("entry_time_ms", BigInteger, nullable=False),
    Column("exit_time_ms", BigInteger, nullable=False),
    Column("entry_price", Money, nullable=False),
    Column("exit_price", Money, nullable=False),
    Column("quantity", Money, nullable=False),
    Column("realized_pnl", Money, nullable=False),
    Column("commission", Money, nullable=False),
    Column("slippage", Money, nullable=False),
    Column("funding", Money, nullable=False),
    Column("reason", Text),
    Column("tag", Text),
    Column("ambiguous", Boolean, nullable=False),
    Column("mae", Double),
    Column("mfe", Double),
    sqlite_with_rowid=False,
)
"""A position that was closed entirely, by its number in order of exit."""

METRIC_POINT = Table(
    "metric_point",
    TABLES,
    Column("run", Integer, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("time_ms", BigInteger, nullable=False),
    Column("equity", Money, nullable=False),
    Column("cash", Money, nullable=False),
    Column("drawdown", Double, nullable=False),
    Column("open_positions", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The account at the times of ``equity.csv``; ``drawdown`` is a fraction of the peak of every step until then."""

OPTIMISATION = Table(
    "optimisation",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("strategy", Text),
    Column("method", Text),
    Column("objective", Text),
    Column("space", plain_values()),
    Column("settings", plain_values()),
    Column("seed", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("folder", Text),
    Column("system", Text),
    Column("window_name", Text),
    Column("start_ms", BigInteger),
    Column("end_ms", BigInteger),
    Column("settings_sha256", Text),
    Column("data_sha256", Text),
    Column("code_version", Text),
    Column("batch", Integer),
    Column("first_day", Integer),
    Column("daily_equity", LargeBinary),
    Index(None, "data_sha256"),
)
"""A search for parameters; all that its trials follow from, so that it can be gone on with.

``first_day`` and ``daily_equity`` are those of its base as it stood, as a trial has them.
"""

TRIAL = Table(
    "trial",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("optimisation", Integer, ForeignKey("optimisation.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("params", plain_values()),
    Column("value", Double),
    Column("figures", plain_values()),
    Column("failure", Text),
    Column("started_ms", BigInteger),
    Column("duration_ms", BigInteger),
    Column("run", Integer, ForeignKey("run.id", ondelete="SET NULL")),
    Column("objectives", plain_values()),
    Column("notes", plain_values()),
    Column("fingerprint", Text),
    Column("same_as", Integer),
    Column("trades", Integer),
    Column("daily_returns", Integer),
    Column("daily_sharpe", Double),
    Column("skew", Double),
    Column("kurtosis", Double),
    Column("first_day", Integer),
    Column("daily_equity", LargeBinary),
    UniqueConstraint("optimisation", "number"),
    Index(None, "fingerprint"),
)
"""A set of parameters that was tried.

``fingerprint`` tells all that its figures follow from; ``same_as`` is the trial, by its id, whose figures answered one
that had been made before. ``daily_equity`` is the equity at the end of each UTC day from ``first_day`` since 1970 on,
float64, little-endian; ``daily_returns`` (their number), ``daily_sharpe``, ``skew`` and ``kurtosis`` are of its
returns.
"""

RECOMMENDATION = Table(
    "recommendation",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("status", Text, nullable=False),
    Column("system", Text),
    Column("strategy", Text),
    Column("symbol", Text),
    Column("params", plain_values()),
    Column("evidence", plain_values()),
    Column("created_ms", BigInteger, nullable=False),
    Column("optimisation", Integer, ForeignKey("optimisation.id", ondelete="SET NULL")),
    Column("run", Integer, ForeignKey("run.id", ondelete="SET NULL")),
    Column("kind", Text),
    Column("claim", Text),
    Column("settings_sha256", Text),
    Column("current", plain_values()),
    Column("expected_change", Double),
    Column("expected_low", Double),
    Column("expected_high", Double),
    Column("level", Double),
    Column("probability", Double),
    Column("confidence", Double),
    Column("decided_ms", BigInteger),
    Column("note", Text),
    Column("version", Text),
    Column("outcome", plain_values()),
    Index(None, "settings_sha256", "claim", unique=True),
)
"""A change of a system that evidence speaks for.

``params`` are the values recommended and ``current`` those of the system of ``settings_sha256``, by dotted key;
``claim`` tells it from others about it. What is expected is by day, as a fraction of equity. ``version`` is the system
that was written when it was accepted, ``outcome`` what came of it.
"""

EPOCH = Table(
    "epoch",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("epoch", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("symbol", Text),
    Column("metrics", plain_values()),
    Column("criteria", plain_values()),
    Column("passed", Boolean),
    Column("promotion_reason", Text),
    Column("next_epoch", Text),
    Column("failure", Text),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("folder", Text),
    UniqueConstraint("run_id"),
    Index(None, "strategy_id"),
)
"""A stage in the life of a strategy, and the judgement of its evidence."""

JOB = Table(
    "job",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("request", plain_values()),
    Column("progress", Double),
    Column("failure", Text),
    Column("created_ms", BigInteger, nullable=False),
    Column("started_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("host", Text),
    Column("pid", Integer),
    Column("title", Text),
    Column("done", Integer),
    Column("total", Integer),
    Column("eta_ms", BigInteger),
    Column("lease_ms", BigInteger),
    Column("attempts", Integer),
    Column("in_vain", Integer),
    Column("cancel_asked", Boolean),
    Column("outcome", plain_values()),
)
"""Work that was asked for; the runs that it made name it.

``lease_ms`` is until when the worker at ``host`` and ``pid`` has it, or before when none is to take it; ``attempts``
how often one has taken it, which tells its worker from those before; ``in_vain`` how often since it last got on.
"""

JOB_LINE = Table(
    "job_line",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("job", Integer, ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "job"),
)
"""The log of jobs, in order of ``id``."""

POOL = Table(
    "pool",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("pool", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", plain_values()),
    Column("saved_ms", BigInteger, nullable=False),
    UniqueConstraint("pool", "version"),
)
"""The versions of signal pools, each as its file would have it; without a document the pool was deleted."""
