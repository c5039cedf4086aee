"""Rows of the store, as values; their fields are the columns of ``runs.store.tables``."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

Status = Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "PARTIAL", "CANCELLED"]
STATUSES: tuple[Status, ...] = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "PARTIAL", "CANCELLED")
Kind = Literal["backtest", "live"]


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the store knows it.

    ``id`` is the store's own and changes when it is rebuilt; ``run_id`` is that of the run, or the name of a session.
    ``figures`` and ``warnings`` are None where they were not asked for. Figures are None where they are undefined.
    ``started_ms`` and ``duration_ms`` are read off the times of files; None where they say nothing. ``name`` is that of
    its place among the folders, ``given_name`` what a user calls it.
    """

    id: int | None = None
    host: str
    folder: str
    run_id: str
    name: str
    kind: Kind
    status: Status
    failure: str | None = None
    exchange: str | None = None
    symbols: list[str] = []
    timeframe: str | None = None
    detail_interval: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    strategy: str | None = None
    params: dict[str, Any] | None = None
    capital: Decimal | None = None
    seeds: dict[str, Any] | None = None
    settings_sha256: str | None = None
    strategy_sha256: str | None = None
    data_sha256: str | None = None
    trades_sha256: str | None = None
    code_version: str | None = None
    libraries: dict[str, str] | None = None
    started_ms: int | None = None
    duration_ms: int | None = None
    tags: list[str] = []
    note: str | None = None
    given_name: str | None = None
    trades: int | None = None
    net_profit: Decimal | None = None
    total_return_pct: float | None = None
    max_drawdown_pct: float | None = None
    win_rate: float | None = None
    profit_factor: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    figures: dict[str, Any] | None = None
    warnings: list[str] | None = None
    job: int | None = None


class TradeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A position that was closed entirely; money is exact, in quote currency; ``mae`` and ``mfe`` None if unknown."""

    symbol: str
    side: str
    entry_time_ms: int
    exit_time_ms: int
    entry_price: Decimal
    exit_price: Decimal
    quantity: Decimal
    realized_pnl: Decimal
    commission: Decimal
    slippage: Decimal
    funding: Decimal
    reason: str | None = None
    tag: str | None = None
    ambiguous: bool = False
    mae: float | None = None
    mfe: float | None = None


class MetricPoint(msgspec.Struct, frozen=True):
    """The account at a time; ``drawdown`` is a fraction of the peak until then."""

    time_ms: int
    equity: Decimal
    cash: Decimal
    drawdown: float
    open_positions: int


class Optimisation(msgspec.Struct, frozen=True, kw_only=True):
    """A search for parameters.

    ``method`` is the sampler, ``window_name`` that of the range from ``start_ms`` to ``end_ms``; the hashes, the first
    day and the daily equity are those of its base.
    """

    id: int | None = None
    name: str
    status: Status
    strategy: str | None = None
    method: str | None = None
    objective: str | None = None
    space: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    seed: int | None = None
    created_ms: int
    ended_ms: int | None = None
    folder: str | None = None
    system: str | None = None
    window_name: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    settings_sha256: str | None = None
    data_sha256: str | None = None
    code_version: str | None = None
    batch: int | None = None
    first_day: int | None = None
    daily_equity: bytes | None = None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One set of parameters of an optimisation, by its number, and what it came to.

    ``value`` is the first of its ``objectives``; None where it is not ranked. ``notes`` have the reason for that, the
    terms of a composite score, and what came of its verification.
    """

    id: int | None = None
    optimisation: int
    number: int
    status: Status
    params: dict[str, Any] | None = None
    value: float | None = None
    figures: dict[str, Any] | None = None
    failure: str | None = None
    started_ms: int | None = None
    duration_ms: int | None = None
    run: int | None = None
    objectives: list[float] | None = None
    notes: dict[str, Any] | None = None
    fingerprint: str | None = None
    same_as: int | None = None
    trades: int | None = None
    daily_returns: int | None = None
    daily_sharpe: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    first_day: int | None = None
    daily_equity: bytes | None = None


Decision = Literal["pending", "accepted", "rejected", "applied"]
DECISIONS: tuple[Decision, ...] = ("pending", "accepted", "rejected", "applied")


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a system that evidence speaks for: ``params`` in place of ``current``, by dotted key of the settings.

    ``expected_change`` is by day, a fraction of equity, and lies between ``expected_low`` and ``expected_high`` with a
    probability of ``level``; ``probability`` is that it is above 0 by the evidence alone, ``confidence`` the same after
    what became of others of its ``kind``. ``version`` is the system that was written when it was accepted.
    """

    id: int | None = None
    status: Decision
    system: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    params: dict[str, Any] | None = None
    evidence: dict[str, Any] | None = None
    created_ms: int
    optimisation: int | None = None
    run: int | None = None
    kind: str | None = None
    claim: str | None = None
    settings_sha256: str | None = None
    current: dict[str, Any] | None = None
    expected_change: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    level: float | None = None
    probability: float | None = None
    confidence: float | None = None
    decided_ms: int | None = None
    note: str | None = None
    version: str | None = None
    outcome: dict[str, Any] | None = None


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """A stage in the life of a strategy: ``epoch`` its name, ``criteria`` each with its value and verdict."""

    id: int | None = None
    run_id: str
    strategy_id: str
    epoch: str
    status: Status
    symbol: str | None = None
    metrics: dict[str, Any] | None = None
    criteria: list[Any] | None = None
    passed: bool | None = None
    promotion_reason: str | None = None
    next_epoch: str | None = None
    failure: str | None = None
    started_ms: int
    ended_ms: int | None = None
    folder: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Work that was asked for.

    ``progress`` is a fraction, ``done`` of ``total`` trials or runs; ``eta_ms`` is when it may be through. ``lease_ms``
    is until when its worker has it, ``attempts`` how often one has taken it, ``in_vain`` how often since it got on.
    ``outcome`` is what it has made, by its names; None while there is nothing.
    """

    id: int | None = None
    kind: str
    status: Status
    request: dict[str, Any] | None = None
    progress: float | None = None
    failure: str | None = None
    created_ms: int
    started_ms: int | None = None
    ended_ms: int | None = None
    host: str | None = None
    pid: int | None = None
    title: str | None = None
    done: int | None = None
    total: int | None = None
    eta_ms: int | None = None
    lease_ms: int | None = None
    attempts: int | None = None
    in_vain: int | None = None
    cancel_asked: bool | None = None
    outcome: dict[str, Any] | None = None


class JobLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log of a job."""

    id: int | None = None
    job: int
    time_ms: int
    text: str


class PoolVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A signal pool as it was saved: ``document`` is what its file would hold; None says that it was deleted."""

    id: int | None = None
    pool: str
    version: int
    document: dict[str, Any] | None = None
    saved_ms: int
