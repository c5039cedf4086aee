"""The ways in which a run is drawn again, and what comes of each."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import Measured, Undefined
from research.monte_carlo.block_length import block_length
from research.monte_carlo.drawn_paths import DearerSteps, DrawnBlocks, MissedSteps, PathSource, ShuffledOrder
from research.monte_carlo.monte_carlo_settings import MonteCarloSettings
from research.monte_carlo.path_outcomes import PathOutcomes, actual_outcome, path_outcomes
from research.monte_carlo.run_sample import RunSample, TradeGrowth

Way = Literal["day_blocks", "trades_drawn", "trades_shuffled", "trades_missed", "slippage"]

WAYS: dict[Way, str] = {
    "day_blocks": "blocks of days",
    "trades_drawn": "trades drawn",
    "trades_shuffled": "trades shuffled (draw-down alone)",
    "trades_missed": "trades missed",
    "slippage": "worse fills",
}
"""The ways by name, and what they are called.

Of these the blocks of days alone keep losses that cluster. Shuffling cannot move the final equity, which is the product
of all trades in any order: it tells how deep the same trades might have fallen, and nothing of what they earn.
"""


class WayOutcomes(NamedTuple):
    """What came of one way to draw a run again, and what the run itself came to, measured alike."""

    drawn: PathOutcomes
    actual: PathOutcomes


class DrawnAgain(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A run drawn again in every way; ``block`` is the mean length of the blocks in days.

    ``break_even_slippage`` is the share of every fill's value by which it may be worse until nothing is earned.
    """

    ways: dict[Way, WayOutcomes | Undefined]
    block: Measured
    break_even_slippage: Measured


def drawn_again(sample: RunSample, settings: MonteCarloSettings) -> DrawnAgain:
    """Return what a run might have come to.

    The same sample and settings give the same bytes. What holds for all ways: the future is taken to be made of what
    the run has seen, so that a loss it has not seen is in no path. Trades are closed ones; draw-downs of them know
    nothing of what was lost on the way, and are compared with those of the run's own trades.
    """
    days, trades = sample.days, sample.trades
    ways: dict[Way, WayOutcomes | Undefined] = {}
    block: Measured
    if isinstance(days, Undefined):
        ways["day_blocks"] = block = days
    else:
        block = block_length(days) if settings.block is None else settings.block
        ways["day_blocks"] = _outcomes(DrawnBlocks.of(days, block, settings.seed, "day_blocks"), days, settings)
    if isinstance(trades, Undefined):
        even: Measured = trades
        ways.update({way: trades for way in WAYS if way not in ways})
    else:
        even = break_even_slippage(trades)
        ways.update({way: _outcomes(one, trades.factors, settings) for way, one in _of_trades(trades, settings)})
    return DrawnAgain(ways=ways, block=block, break_even_slippage=even)


def _of_trades(trades: TradeGrowth, settings: MonteCarloSettings) -> Iterator[tuple[Way, PathSource]]:
    factors, seed = trades.factors, settings.seed
    yield "trades_drawn", DrawnBlocks.of(factors, 1.0, seed, "trades_drawn")
    yield "trades_shuffled", ShuffledOrder.of(factors, seed, "trades_shuffled")
    yield "trades_missed", MissedSteps.of(factors, settings.missed, seed, "trades_missed")
    yield "slippage", DearerSteps.of(factors, settings.slippage * trades.traded, seed, "slippage")


def _outcomes(source: PathSource, factors: Float64Array, settings: MonteCarloSettings) -> WayOutcomes:
    return WayOutcomes(path_outcomes(source, settings.paths), actual_outcome(factors))


def break_even_slippage(trades: TradeGrowth) -> Measured:
    """Return the share of every fill's value by which it may be worse until the trades earn nothing.

    The s at which the product of (factor − s · traded) is 1; undefined where they earn nothing as it is.
    """

    def growth(slippage: float) -> float:
        left = trades.factors - slippage * trades.traded
        return float(np.prod(left)) if (left > 0.0).all() else 0.0

    if not growth(0.0) > 1.0:
        return Undefined("the trades earn nothing as it is")
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if growth(middle) > 1.0 else (low, middle)
    return low
