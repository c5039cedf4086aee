"""What a program's backtest came to, under the names that users of such engines know; every figure is the kernel's."""

import functools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from backtests.backtest_result import BacktestResult as KernelResult
from backtests.run_at_hand import RunWithCandles
from runs.documents.run_result import RunResult
from runs.reading.trigger_log import TriggerRow, trigger_log


class EquityPoint(msgspec.Struct, frozen=True):
    """The account at one step; UTC milliseconds, quote currency."""

    timestamp: int
    equity: float


class ProgramTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A position that was closed; ``pnl`` is net of all costs, in quote currency, ``pnl_percent`` of what it cost."""

    symbol: str
    side: str
    entry_time: int
    exit_time: int
    entry_price: float
    exit_price: float
    quantity: float
    pnl: float
    pnl_percent: float
    fee: float
    exit_reason: str


class BacktestResult:
    """The result of a program's run.

    ``success`` is false where the program was halted after too many problems in a row; ``error`` is the last of them.
    Money is in quote currency, names in ``percent`` and ``win_rate`` are per cent, drawdowns are not below 0. What is
    not defined is None: a profit factor without a loss, a Sharpe ratio of a few days. ``trades`` are in order of their
    exits, ``trigger_log`` has every call of the program, ``equity_curve`` a point for each step.

    Parameters
    ----------
    backtest
        The kernel's result of the same run, with all its figures.
    """

    def __init__(self, backtest: KernelResult) -> None:
        self.backtest = backtest
        with backtest.opened() as opened:
            self.trigger_log: Sequence[TriggerRow] = trigger_log(opened.run)
            self.trades: Sequence[ProgramTrade] = _trades(opened)
            self.equity_curve: Sequence[EquityPoint] = _curve(opened)
        self._types = Counter(row.trigger.type for row in self.trigger_log)

    @property
    def result(self) -> RunResult:
        """The kernel's result as documents have it."""
        return self.backtest.result

    @property
    def success(self) -> bool:
        """Whether the program ran to the end."""
        return self.error is None and not self.result.partial

    @functools.cached_property
    def error(self) -> str | None:
        """Why it was halted; None where it was not."""
        told = self.result.program
        if told is UNSET or told.success:
            return None
        return f"halted at {told.halted_at} after too many problems in a row, the last: {told.error}"

    @property
    def unwoken(self) -> Sequence[str]:
        """Why the program was never called; nothing where it was."""
        told = self.result.program
        return () if told is UNSET or told.unwoken is UNSET else tuple(told.unwoken)

    @property
    def total_pnl(self) -> float:
        """What the account gained."""
        return self.result.performance.total_return

    @property
    def total_pnl_percent(self) -> float:
        """The same in per cent of the initial balance."""
        return self.result.performance.total_return_pct

    @property
    def max_drawdown(self) -> float | None:
        """The deepest fall below an earlier peak of equity."""
        value: float | None = self.backtest.metrics["max_drawdown_abs"]
        return value

    @property
    def max_drawdown_percent(self) -> float:
        """The deepest fall in per cent of the peak before it; seldom the same one."""
        return self.result.performance.max_drawdown_pct

    @property
    def sharpe_ratio(self) -> float | None:
        """Annualised, of equity at the end of each UTC day."""
        return self.result.performance.sharpe_ratio

    @property
    def total_trades(self) -> int:
        """Closed positions."""
        return self.result.performance.total_trades

    @property
    def winning_trades(self) -> int:
        """Those whose result net of costs is above 0."""
        return self.result.performance.winning_trades

    @property
    def losing_trades(self) -> int:
        """Those whose result is below 0; one of exactly 0 is neither."""
        return self.result.performance.losing_trades

    @property
    def win_rate(self) -> float:
        """Per cent of all closed positions that won."""
        return self.result.performance.win_rate

    @property
    def profit_factor(self) -> float | None:
        """What was won over what was lost; None without a loss."""
        return self.result.performance.profit_factor

    @property
    def avg_win(self) -> float | None:
        """Mean result of the trades that won."""
        return self.result.performance.average_win

    @property
    def avg_loss(self) -> float | None:
        """Mean result of those that lost, below 0."""
        return self.result.performance.average_loss

    @property
    def signal_triggers(self) -> int:
        """How often pools woke the program."""
        return self._types["signal"]

    @property
    def scheduled_triggers(self) -> int:
        """How often the schedule did, once for each symbol."""
        return self._types["scheduled"]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        values: dict[str, Any] = {name: getattr(self, name) for name in RESULT_FIELDS}
        return {
            **values,
            "equity_curve": msgspec.to_builtins(self.equity_curve),
            "trades": msgspec.to_builtins(self.trades),
            "trigger_log": [row.to_dict() for row in self.trigger_log],
            "unwoken": list(self.unwoken),
        }

    def __repr__(self) -> str:
        return (
            f"BacktestResult(success={self.success}, total_pnl={self.total_pnl:.2f}, trades={self.total_trades}, "
            f"triggers={len(self.trigger_log)})"
        )


RESULT_FIELDS = (
    "success",
    "error",
    "total_pnl",
    "total_pnl_percent",
    "max_drawdown",
    "max_drawdown_percent",
    "sharpe_ratio",
    "total_trades",
    "winning_trades",
    "losing_trades",
    "win_rate",
    "profit_factor",
    "avg_win",
    "avg_loss",
    "signal_triggers",
    "scheduled_triggers",
)
"""The figures of a result, in the order in which they are told; beside them it has the curve, the trades, the log."""


def _curve(opened: RunWithCandles) -> list[EquityPoint]:
    """Return equity at every step; the last is after the end has closed what was open."""
    curve = opened.run.curve
    return [EquityPoint(*row) for row in zip(curve.times_ms.tolist(), curve.equity.tolist(), strict=True)]


def _trades(opened: RunWithCandles) -> list[ProgramTrade]:
    return [
        ProgramTrade(
            symbol=trip.symbol,
            side=trip.side,
            entry_time=trip.entry_time_ms,
            exit_time=trip.exit_time_ms,
            entry_price=float(trip.entry_price),
            exit_price=float(trip.exit_price),
            quantity=float(trip.quantity),
            pnl=float(trip.realized_pnl),
            pnl_percent=100.0 * float(trip.realized_pnl) / float(trip.entry_price * trip.quantity),
            fee=float(trip.commission),
            exit_reason=trip.reason,
        )
        for trip in opened.run.round_trips
    ]
