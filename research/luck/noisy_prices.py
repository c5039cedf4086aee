"""Whether a run lives on prices to the last tick: the same market, every price moved by less than its spread."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import numpy as np

from backtests.many.changed_base import ChangedBase
from backtests.many.run_base import Base, RunBase, base_of
from backtests.many.run_many import VariationResult, run_many
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns, Float64Array
from core.errors import ConfigurationError
from market_data.history.loaded_candles import LoadedCandles
from market_data.practice.practice_random import Words, stream, words
from metrics.figures.undefined import Undefined
from research.luck.changed_runs import ChangedRuns, Score, compared, run_alone, total_return_pct
from strategies.strategy import Strategy, StreamingStrategy

DRAWS = 50
_PRICES = 4


class NoiseTest(msgspec.Struct, frozen=True, kw_only=True):
    """How runs on jittered prices compare with the run; ``spread`` is the fraction of the price that was assumed."""

    spread: float
    compared: ChangedRuns

    @property
    def sentence(self) -> str:
        """What it comes to, in one plain sentence."""
        found = self.compared
        low, middle, high = found.quantiles[0], found.quantiles[2], found.quantiles[4]
        return (
            f"with every price moved within a tick and a spread the run's {found.actual:.2f} becomes {middle:.2f} in "
            f"the middle of {found.runs} runs, and {low:.2f} to {high:.2f} in nine of ten"
        )


def price_noise(
    base: Base, *, draws: int = DRAWS, seed: int = 0, spread: float | None = None, score: Score = total_return_pct
) -> NoiseTest | Undefined:
    """Return what a base comes to on prices that are moved within a tick and a spread.

    Opens, highs, lows and closes of warm-up and window are moved by :func:`jittered`, and the strategy decides anew on
    them. A strategy whose result changes much trades on what no one can know: the last price beside many that might
    have been.

    Its limits: mark prices, funding and watched series stay as they are; volume does too. The noise of one candle has
    nothing to do with that of the next, which makes highs higher and lows lower by a part of it, and moves averages
    hardly at all.

    Parameters
    ----------
    base
        A runner, its plan, or a backtest in memory.
    draws, seed
        How many runs, with which noise.
    spread
        A fraction of the price; None is the fixed spread of the settings, else 0.

    Returns
    -------
    NoiseTest or Undefined
        Undefined without a score.

    Raises
    ------
    ConfigurationError
        If an argument is wrong, or orders are matched with finer candles than those that decide.
    """
    found = base_of(base)
    live = found.plan.settings.live
    if draws < 1:
        raise ConfigurationError(f"draws: {draws} — allowed: a whole number at least 1")
    if spread is not None and not 0.0 <= spread < 0.1:
        raise ConfigurationError(f"spread: {spread!r} — allowed: a fraction from 0 to below 0.1")
    if live.detail_interval is not None:
        raise ConfigurationError(f"detail_interval: {live.detail_interval} — allowed: null, for prices with noise")
    wide = spread if spread is not None else live.execution.spread.fraction
    key = stream(seed, "noise")
    told = compared(run_alone(found), _noisy_runs(found, wide, key, draws), score, seed)
    return told if isinstance(told, Undefined) else NoiseTest(spread=wide, compared=told)


def _noisy_runs(base: RunBase, spread: float, key: int, draws: int) -> Iterator[VariationResult]:
    for number in range(draws):
        yield from run_many(NoisyBase(base, spread, stream(key, str(number))), [{}], processes=1)


def jittered(candles: CandleColumns, tick: Decimal, spread: float, key: int) -> CandleColumns:
    """Return candles whose prices are moved by whole ticks, each by itself.

    A price moves by up to one tick and half a spread, up or down, every number of ticks alike probable; it stays at one
    tick at least. The high is then the highest of the four, and the low the lowest.

    Parameters
    ----------
    tick
        Step of the prices, above 0.
    spread
        A fraction of the price.
    key
        The stream of random words: the same key gives the same noise.
    """
    drawn = words(key, 0, _PRICES * candles.rows).reshape(_PRICES, candles.rows)
    moved = [_moved(price, tick, spread, word) for price, word in zip(candles[1:5], drawn, strict=True)]
    return candles._replace(open=moved[0], high=np.maximum.reduce(moved), low=np.minimum.reduce(moved), close=moved[3])


def _moved(price: Float64Array, tick: Decimal, spread: float, drawn: Words) -> Float64Array:
    units, per_unit = tick.as_integer_ratio()
    size = units / per_unit
    most = 1 + np.floor(price * spread / 2.0 / size).astype(np.int64)
    ticks = (((drawn >> np.uint64(32)) * (2 * most + 1).view(np.uint64)) >> np.uint64(32)).view(np.int64) - most
    whole = np.maximum(np.rint(price / size).astype(np.int64) + ticks, 1)
    # The float64 nearest to the decimal price, as files have it.
    moved: Float64Array = whole * units / per_unit
    return moved


class NoisyBase(ChangedBase):
    """A base whose prices are moved.

    Parameters
    ----------
    base
        What is moved.
    spread
        A fraction of the price.
    key
        The stream of random words.
    """

    def __init__(self, base: RunBase, spread: float, key: int) -> None:
        super().__init__(base)
        self._spread = spread
        self._key = key

    def load(self, plan: RunPlan, strategy: Strategy | StreamingStrategy, warmup_candles: int) -> MarketInput:
        """Return what the base loads, the prices of the traded symbols moved."""
        market = super().load(plan, strategy, warmup_candles)
        return market._replace(candles={symbol: self._moved(symbol, one) for symbol, one in market.candles.items()})

    def _moved(self, symbol: str, one: LoadedCandles) -> LoadedCandles:
        tick = one.instrument.tick_size
        if not tick > 0:
            raise ConfigurationError(f"{symbol}: its prices have no tick — allowed: symbols with a tick, for noise")
        return one._replace(
            warmup=jittered(one.warmup, tick, self._spread, stream(self._key, f"{symbol}/warmup")),
            window=jittered(one.window, tick, self._spread, stream(self._key, f"{symbol}/window")),
        )
