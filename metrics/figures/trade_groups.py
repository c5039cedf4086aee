"""Trades by symbol, side, exit reason, tag, hour and weekday."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from metrics.trade_columns import TradeColumns

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday."""


class TradeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Trades that have something in common; money in quote currency, net of costs.

    ``profit_factor`` is None where no trade of the group lost, ``expectancy_r`` where none had a stop at its entry.
    """

    key: str
    trades: int
    wins: int
    losses: int
    win_rate_pct: float
    net_profit: float
    expectancy: float
    expectancy_r: float | None
    profit_factor: float | None
    average_holding_minutes: float


class TradeGroups(msgspec.Struct, frozen=True, kw_only=True):
    """Trades by what they have in common. Hours and weekdays are those of the entry, UTC; ``tag`` has "" for none."""

    symbol: tuple[TradeGroup, ...]
    side: tuple[TradeGroup, ...]
    reason: tuple[TradeGroup, ...]
    tag: tuple[TradeGroup, ...]
    hour: tuple[TradeGroup, ...]
    weekday: tuple[TradeGroup, ...]


def trade_groups(trades: TradeColumns) -> TradeGroups:
    """Return trades by each of their properties: symbols and texts by name, hours and weekdays in order."""
    hours = trades.entry_time_ms % DAY_MS // HOUR_MS
    days = (trades.entry_time_ms // DAY_MS + _EPOCH_WEEKDAY) % 7
    return TradeGroups(
        symbol=_by(trades, trades.symbol),
        side=_by(trades, trades.side),
        reason=_by(trades, trades.reason),
        tag=_by(trades, trades.tag),
        hour=_by(trades, hours, [f"{hour:02d}" for hour in range(24)]),
        weekday=_by(trades, days, _WEEKDAYS),
    )


def _by(
    trades: TradeColumns, keys: Sequence[str] | Int64Array, names: Sequence[str] | None = None
) -> tuple[TradeGroup, ...]:
    """Return a group for each key that occurs, in the order of the keys; ``names`` are what numbers are called."""
    found, inverse = np.unique(np.asarray(keys), return_inverse=True)
    # Stable, so that the rows of a group keep their order.
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(found) + 1))
    return tuple(
        _group(trades, str(key) if names is None else names[int(key)], order[starts[place] : starts[place + 1]])
        for place, key in enumerate(found)
    )


def _group(trades: TradeColumns, key: str, rows: Int64Array) -> TradeGroup:
    results, risk = trades.realized_pnl[rows], trades.risk[rows]
    known = np.isfinite(risk) & (risk > 0.0)
    multiples = (results[known] / risk[known]).tolist()
    count, wins = len(rows), int(np.count_nonzero(results > 0.0))
    net, lost = math.fsum(results.tolist()), _sum(-results[results < 0.0])
    return TradeGroup(
        key=key,
        trades=count,
        wins=wins,
        losses=int(np.count_nonzero(results < 0.0)),
        win_rate_pct=100.0 * wins / count,
        net_profit=net,
        expectancy=net / count,
        expectancy_r=math.fsum(multiples) / len(multiples) if multiples else None,
        profit_factor=_sum(results[results > 0.0]) / lost if lost else None,
        average_holding_minutes=int(trades.held_ms[rows].sum()) / count / MINUTE_MS,
    )


def _sum(values: Float64Array) -> float:
    return math.fsum(values.tolist())
