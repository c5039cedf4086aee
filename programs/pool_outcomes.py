"""What a pool would have woken a program for, and how the price went on after it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.candle_columns import Float64Array
from core.instants import format_ms
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_event import TriggerEvent

if TYPE_CHECKING:
    import pandas as pd


class PoolTrigger(msgspec.Struct, frozen=True):
    """An event, the close that it was known at, and the return from that close to the one so many candles later.

    ``returns`` are fractions, in order of the horizons; None where the candles up to then are not all there.
    """

    event: TriggerEvent
    close: float
    returns: tuple[float | None, ...]


class HorizonOutcome(msgspec.Struct, frozen=True):
    """The returns over ``candles`` candles of the triggers that have one, beside those of all candles looked at.

    Fractions; ``up`` is the share of returns above 0. None where there is none to take a mean of.
    """

    candles: int
    triggers: int
    mean: float | None
    median: float | None
    up: float | None
    all_candles: int
    all_mean: float | None
    all_up: float | None

    @classmethod
    def of(cls, candles: int, returns: Float64Array, everywhere: Float64Array) -> "HorizonOutcome":
        """Return the outcome of some returns, and of those of all candles; nan is none."""
        own, every = returns[~np.isnan(returns)], everywhere[~np.isnan(everywhere)]
        median = float(np.median(own)) if len(own) else None
        return cls(
            candles, len(own), _mean(own), median, _mean(own > 0.0), len(every), _mean(every), _mean(every > 0.0)
        )


class PoolTriggers(msgspec.Struct, frozen=True):
    """The historical triggers of a pool alone.

    ``candles`` are those looked at, of all symbols of the pool in the window from ``start_ms`` to ``end_ms``. The
    triggers are in order of time, then of symbols as configured. ``warnings`` say what a reader must know of the
    candles.
    """

    pool: SignalPool
    symbols: tuple[str, ...]
    timeframe: str
    start_ms: int
    end_ms: int
    candles: int
    horizons: tuple[int, ...]
    triggers: tuple[PoolTrigger, ...]
    outcomes: tuple[HorizonOutcome, ...]
    warnings: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many triggers there were."""
        return len(self.triggers)

    @property
    def by_symbol(self) -> Mapping[str, int]:
        """How many there were of each symbol that was looked at."""
        return _counted([one.event.symbol for one in self.triggers], self.symbols)

    @property
    def by_regime(self) -> Mapping[str, int]:
        """How many there were in each regime; those in none are ``undefined``."""
        return _counted([one.event.regime or "undefined" for one in self.triggers], ("trend", "range", "volatile"))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values; times are text in UTC."""
        return {
            "pool": {"id": self.pool.id, **self.pool.to_dict()},
            "symbols": list(self.symbols),
            "timeframe": self.timeframe,
            "start": format_ms(self.start_ms),
            "end": format_ms(self.end_ms),
            "candles": self.candles,
            "count": self.count,
            "by_symbol": dict(self.by_symbol),
            "by_regime": dict(self.by_regime),
            "outcomes": msgspec.to_builtins(self.outcomes),
            "triggers": [self._plain(one) for one in self.triggers],
            "warnings": list(self.warnings),
        }

    def to_dataframe(self) -> "pd.DataFrame":
        """Return a row for each trigger: ``time`` (aware UTC), ``symbol``, ``regime``, ``close``, a ``return_N`` for
        each horizon (nan where it is undefined), and ``signals`` in words."""
        import pandas as pd

        columns: dict[str, Any] = {
            "time": pd.to_datetime([one.event.time_ms for one in self.triggers], unit="ms", utc=True),
            "symbol": pd.Series([one.event.symbol for one in self.triggers], dtype=str),
            "regime": pd.Series([one.event.regime for one in self.triggers], dtype=object),
            "close": pd.Series([one.close for one in self.triggers], dtype=float),
        }
        for place, horizon in enumerate(self.horizons):
            columns[f"return_{horizon}"] = pd.Series([one.returns[place] for one in self.triggers], dtype=float)
        columns["signals"] = pd.Series([signals_in_words(one.event) for one in self.triggers], dtype=str)
        return pd.DataFrame(columns)

    def _plain(self, one: PoolTrigger) -> dict[str, Any]:
        plain = one.event.to_dict()
        del plain["time_ms"], plain["pool_id"], plain["pool_name"], plain["logic"], plain["trigger_type"]
        returns = {str(horizon): found for horizon, found in zip(self.horizons, one.returns, strict=True)}
        return {"time": format_ms(one.event.time_ms), **plain, "close": one.close, "returns": returns}


def signals_in_words(event: TriggerEvent) -> str:
    """Return what woke, with its numbers: ``rsi(14) 28.41 < 30``."""
    return "; ".join(
        f"{one.feature}{f' of {one.period}' if one.period else ''}{f' of {one.symbol}' * (one.symbol != event.symbol)} "
        f"{one.value:.6g} {one.op} {one.threshold:.6g}"
        for one in event.signals
    )


def _counted(found: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    return {name: found.count(name) for name in dict.fromkeys((*names, *found))}


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if len(values) else None
