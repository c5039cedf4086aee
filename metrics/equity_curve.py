"""The account over time: equity at every step, and what the figures of a run are measured from."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array, Int64Array
from core.exact import EXACT, received
from core.timeframe import DAY_MS
from metrics.annualised import daily_equity


class EquityCurve(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Equity after each step, in quote currency.

    ``times_ms`` do not go backwards; the last may stand twice: the step, and the account after everything was closed.
    ``starting_balance`` is the equity at ``start_ms``, ``end_ms`` is where the run ended, at or after the last step.
    ``cash`` and ``open_positions`` are those after each step, None where they are not known. ``sparse`` says that only
    steps are there at which the account changed, and the last of each day: extremes between them are not seen.
    """

    times_ms: Int64Array
    equity: Float64Array
    starting_balance: float
    start_ms: int
    end_ms: int
    cash: Float64Array | None = None
    open_positions: Int64Array | None = None
    sparse: bool = False

    @classmethod
    def of(
        cls, times_ms: npt.ArrayLike, equity: npt.ArrayLike, starting_balance: float, **further: Any
    ) -> "EquityCurve":
        """Return a curve from plain lists; without ``start_ms`` and ``end_ms`` it goes from its first step to its last.

        Raises
        ------
        ValueError
            If columns differ in length, or time goes backwards.
        """
        times, values = np.asarray(times_ms, np.int64), np.asarray(equity, np.float64)
        columns = {
            name: None if further.get(name) is None else np.asarray(further[name], kind)
            for name, kind in (("cash", np.float64), ("open_positions", np.int64))
        }
        for name, column in (("equity", values), *columns.items()):
            if column is not None and len(column) != len(times):
                raise ValueError(f"{name} has {len(column)} rows, times_ms has {len(times)}")
        if (np.diff(times) < 0).any():
            raise ValueError("the times of an equity curve must not go backwards")
        ends = {"start_ms": int(times[0]) if len(times) else 0, "end_ms": int(times[-1]) if len(times) else 0}
        return cls(
            times_ms=times, equity=values, starting_balance=float(starting_balance), **{**ends, **further, **columns}
        )

    @property
    def final_equity(self) -> float:
        """Equity at the end; the starting balance of a run without a step."""
        return float(self.equity[-1]) if len(self.equity) else self.starting_balance

    @property
    def steps(self) -> int:
        """Number of steps: a last point that stands for the account after everything was closed is none."""
        points = len(self.times_ms)
        return points - 1 if points > 1 and self.times_ms[-1] == self.times_ms[-2] else points

    @property
    def net_profit(self) -> float:
        """Final equity less the starting balance, as the decimals that their shortest texts name."""
        return float(EXACT.subtract(received(self.final_equity), received(self.starting_balance)))

    @property
    def days(self) -> float:
        """Calendar length of the run in days."""
        return (self.end_ms - self.start_ms) / DAY_MS

    @property
    def unrealized(self) -> Float64Array | None:
        """Equity less cash after each step; None where cash is not known."""
        return None if self.cash is None else self.equity - self.cash

    def daily(self) -> "DailyCloses":
        """Return equity at the end of each UTC day, from the first step's day to the last one's."""
        first = (int(self.times_ms[0]) - 1) // DAY_MS if len(self.times_ms) else 0
        return DailyCloses(first, self.starting_balance, np.array(daily_equity(self.times_ms, self.equity), np.float64))

    def underwater(self) -> Float64Array:
        """Return how far equity is below its peak after each step, a fraction not above 0.

        The first peak is the starting balance. nan where the peak is not above 0.
        """
        peak = np.maximum.accumulate(np.concatenate([[self.starting_balance], self.equity]))[1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            below: Float64Array = np.where(peak > 0.0, self.equity / peak - 1.0, np.nan)
        return below


class DailyCloses(msgspec.Struct, frozen=True, eq=False):
    """Equity at the end of each UTC day, and before the first: the day of ``equity[0]`` is ``first_day`` since 1970."""

    first_day: int
    starting_balance: float
    equity: Float64Array

    @property
    def days(self) -> Int64Array:
        """Numbers of the days since 1970-01-01."""
        return self.first_day + np.arange(len(self.equity), dtype=np.int64)

    def curve(self, start_ms: int, end_ms: int) -> EquityCurve:
        """Return the curve of a run over a time, of which only the ends of days are known."""
        ends_ms = (self.days + 1) * DAY_MS
        return EquityCurve.of(
            ends_ms, self.equity, self.starting_balance, start_ms=start_ms, end_ms=end_ms, sparse=True
        )

    @property
    def sound(self) -> bool:
        """Whether every return is defined: nothing but the last value may be at or below 0."""
        return self.starting_balance > 0.0 and bool((self.equity[:-1] > 0.0).all())

    def returns(self) -> Float64Array:
        """Return the fraction by which equity changed each day.

        Raises
        ------
        ValueError
            If equity is not above 0 at the start of a day.
        """
        if not self.sound:
            raise ValueError("a daily return needs equity above 0 at the start of the day")
        before = np.concatenate([[self.starting_balance], self.equity[:-1]])
        found: Float64Array = self.equity / before - 1.0
        return found
