"""What a portfolio came to: ``portfolio.json``."""

from typing import Any

import msgspec

from metrics.portfolio_figures import Contribution, Matrix


class PortfolioConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What a portfolio was asked to do; times are text, UTC, as in a run's result."""

    name: str
    start_date: str
    end_date: str
    ran_to: str | None
    interval: str
    exchange: str
    symbols: list[str]
    capital: float
    allocation: str
    rebalance: str
    lookback: int
    limits: dict[str, float | int | None]


class WholeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The whole account: money in quote currency, ``_pct`` per cent; ratios from equity at the end of each UTC day."""

    equity: float
    total_return: float
    total_return_pct: float
    max_drawdown_pct: float
    peak_equity: float
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None
    trades: int
    winning_trades: int
    commission_paid: float


class MemberResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one member came to. Its run lies in ``folder``.

    ``weight`` is its share at the start, ``last_weight`` that of its equity in the end. ``transferred`` is the cash
    that it received in all (gave, where negative). ``total_return`` is what it earned, ``total_return_pct`` that of a
    unit of money that was there from the start: cash that moved is no return.
    """

    settings_sha256: str
    run_id: str
    folder: str
    weight: float
    last_weight: float | None
    starting_balance: float
    transferred: float
    equity: float
    total_return: float
    total_return_pct: float
    max_drawdown_pct: float
    sharpe_ratio: float | None
    trades: int
    winning_trades: int
    halts: int
    refused_by_limits: dict[str, int]
    contribution: Contribution


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """Correlations of the members, in their order: of daily returns, and of how far below their peaks they were."""

    days: int
    returns: Matrix
    drawdowns: Matrix


class PortfolioResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a portfolio came to: the whole account, its members in order, and how they go together."""

    config: PortfolioConfig
    performance: WholeAccount
    members: dict[str, MemberResult]
    correlation: Together
    rebalances: int
    moved: float
    run_id: str
    output_dir: str
    outputs_sha256: str
    settings_sha256: str
    code_version: str
    partial: bool
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain
