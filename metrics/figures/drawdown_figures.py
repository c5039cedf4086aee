"""Draw-downs: how far and how long equity was below its peak."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.timeframe import DAY_MS
from metrics.equity_curve import EquityCurve
from metrics.figures.undefined import NO_DAY, Measured, Undefined, mean, settled, unless

NO_DRAWDOWN = "equity never fell below its peak"
_DEEPEST = 5


class Drawdown(msgspec.Struct, frozen=True, kw_only=True):
    """Equity from a peak until it stood there again.

    ``depth_pct`` is per cent of the peak, ``depth`` quote currency, both not below 0. ``recovered_ms`` is None where
    the run ended below the peak; the length then counts to its end.
    """

    peak_ms: int
    lowest_ms: int
    recovered_ms: int | None
    depth_pct: float
    depth: float
    length_days: float
    recovery_days: float | None


class DrawdownFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Draw-downs of equity; the first peak is the starting balance.

    ``seen_at`` says where equity was looked at: every step, or, of a run whose steps were not kept, those at which the
    account changed and the last of each day. ``ulcer_index_pct`` is the root mean square of the draw-down at daily
    closes, the start included. ``deepest`` are up to five, the deepest first.
    """

    seen_at: str
    max_drawdown_pct: float | None
    max_drawdown_abs: float | None
    max_drawdown_length_days: float | None
    max_drawdown_recovery_days: float | None
    longest_drawdown_days: float | None
    average_drawdown_pct: float | None
    drawdowns: int
    current_drawdown_pct: float | None
    time_under_water_pct: float | None
    ulcer_index_pct: float | None
    recovery_factor: float | None
    deepest: tuple[Drawdown, ...] = ()


def drawdowns_of(curve: EquityCurve) -> list[Drawdown]:
    """Return every draw-down of a curve, in order; those of a curve whose peak is never above 0 are none."""
    equity = curve.equity
    peak = np.maximum.accumulate(np.concatenate([[curve.starting_balance], equity]))[1:]
    below = (equity < peak) & (peak > 0.0)
    turns = np.flatnonzero(np.diff(np.concatenate([[False], below, [False]])))
    return [_drawdown(curve, peak, int(first), int(end)) for first, end in zip(turns[::2], turns[1::2], strict=True)]


def _drawdown(curve: EquityCurve, peak: Float64Array, first: int, end: int) -> Drawdown:
    times = curve.times_ms
    lowest = first + int(np.argmin(curve.equity[first:end]))
    top, low = float(peak[lowest]), float(curve.equity[lowest])
    peak_ms = int(times[first - 1]) if first else curve.start_ms
    recovered_ms = int(times[end]) if end < len(times) else None
    lowest_ms = int(times[lowest])
    return Drawdown(
        peak_ms=peak_ms,
        lowest_ms=lowest_ms,
        recovered_ms=recovered_ms,
        depth_pct=100.0 * ((top - low) / top),
        depth=top - low,
        length_days=((curve.end_ms if recovered_ms is None else recovered_ms) - peak_ms) / DAY_MS,
        recovery_days=None if recovered_ms is None else (recovered_ms - lowest_ms) / DAY_MS,
    )


def drawdown_figures(curve: EquityCurve) -> tuple[DrawdownFigures, dict[str, str]]:
    """Return the draw-downs of a curve and why some figures are undefined."""
    found = drawdowns_of(curve)
    nothing = None if len(curve.equity) else NO_DAY
    if curve.starting_balance <= 0.0:
        nothing = "the starting balance is not above 0"
    none = nothing or (None if found else NO_DRAWDOWN)
    deepest = deepest_of(found)
    lost = max((one.depth for one in found), default=0.0)
    current = found[-1].recovered_ms is None if found else False
    return settled(
        DrawdownFigures,
        "drawdown",
        {
            "seen_at": "changes of the account and daily closes" if curve.sparse else "every step",
            "max_drawdown_pct": unless(nothing, lambda: deepest[0].depth_pct if deepest else 0.0),
            "max_drawdown_abs": unless(nothing, lambda: lost),
            "max_drawdown_length_days": unless(none, lambda: deepest[0].length_days),
            "max_drawdown_recovery_days": unless(none, lambda: _recovery(deepest[0])),
            "longest_drawdown_days": unless(none, lambda: max(one.length_days for one in found)),
            "average_drawdown_pct": unless(none, lambda: math.fsum(one.depth_pct for one in found) / len(found)),
            "drawdowns": len(found),
            "current_drawdown_pct": unless(nothing, lambda: -100.0 * float(curve.underwater()[-1]) if current else 0.0),
            "time_under_water_pct": unless(nothing, lambda: _under_water(curve)),
            "ulcer_index_pct": unless(nothing, lambda: ulcer_index(curve)),
            "recovery_factor": unless(none, lambda: curve.net_profit / lost),
            "deepest": tuple(deepest),
        },
    )


def _recovery(one: Drawdown) -> Measured:
    return Undefined("equity did not reach its peak again") if one.recovery_days is None else one.recovery_days


def _under_water(curve: EquityCurve) -> float:
    return 100.0 * float(np.count_nonzero(curve.underwater() < 0.0)) / len(curve.equity)


def ulcer_index(curve: EquityCurve) -> float:
    """Return the root mean square of the draw-down in per cent at daily closes, the start being the first.

    P. G. Martin and B. B. McCann, The Investor's Guide to Fidelity Funds (1989).
    """
    closes = np.concatenate([[curve.starting_balance], curve.daily().equity])
    below = 100.0 * (closes / np.maximum.accumulate(closes) - 1.0)
    return math.sqrt(mean(below * below))


def deepest_of(found: Sequence[Drawdown], count: int = _DEEPEST) -> list[Drawdown]:
    """Return the deepest draw-downs in per cent, the deepest first; of equal ones the earlier."""
    return sorted(found, key=lambda one: (-one.depth_pct, one.peak_ms))[:count]
