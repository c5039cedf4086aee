"""Whether the moments of a run's entries are better than any: the same entries, exits and costs at other times.

The null hypothesis: when it was said has nothing to do with what the market did then. Under it the run is as probable
at any place among the turned ones as at any other, and p is even between 0 and 1. Turned as one, trades of several
symbols at once stay at once, and those that cluster stay clustered: dealt one by one they would average out what they
share, and too many runs would stand out.

Its limits: it tests the moments, not longs against shorts nor stops and targets, which the turned entries have too; a
market that only rose makes any long good. Moments that know how wild the market will be, and not which way it goes, are
told from others where the size of a trade's result follows from it, as with a time stop and far stops. Where levels
move with the price and not with its volatility, a trade may be held for longer or shorter, into the next entry or out
of its way: ``trades`` are others, wherefore the result of a trade is compared and not that of the run. Turned by less
than trades are held, entries are much the same ones. It knows nothing of how many other entries were tried.

References
----------
D. Aronson, Evidence-Based Technical Analysis (2006): the Monte Carlo permutation of a rule's positions.
T. Masters, Permutation and Randomization Tests for Trading System Development (2020).
B. Phipson and G. K. Smyth, Permutation P-values Should Never Be Zero, Statistical Applications in Genetics and
Molecular Biology (2010).
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET

from backtests.backtest_result import BacktestResult
from backtests.many.changed_base import ChangedBase
from backtests.many.run_base import Base, RunBase, base_of
from backtests.many.run_many import run_many
from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from market_data.practice.practice_random import stream, words
from metrics.figures.undefined import Undefined
from research.luck.changed_runs import ChangedRuns, Score, compared, return_per_trade_pct, run_alone
from research.luck.said_again import PLACE, Said, written_down
from research.luck.turned_signals import said_in_run, turned

PERMUTATIONS = 200


class EntryPermutation(msgspec.Struct, frozen=True, kw_only=True):
    """How runs with the same entries at other times compare with the run.

    ``entries`` are the candles at which one was asked for, ``p_value`` is (runs as good + 1) ÷ (runs + 1).
    """

    p_value: float
    entries: int
    compared: ChangedRuns

    @property
    def sentence(self) -> str:
        """What it comes to, in one plain sentence."""
        found = self.compared
        return (
            f"{found.as_good} of {found.runs} runs with the same entries at other times were as good as the run "
            f"(p {self.p_value:.3f})"
        )


def entry_permutation(
    base: Base,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    processes: int = 1,
    score: Score = return_per_trade_pct,
) -> EntryPermutation | Undefined:
    """Return how often entries at other times do as well, everything else of a run being the same.

    The run is made, and what its strategy said is said again by a strategy that knows nothing else: first as it was,
    which must give the same run, then with all of it turned by a random number of candles about the window
    (:func:`~research.luck.turned_signals.turned`): the permutations are cyclic, and the same for all symbols. Stops,
    targets, trails, time stops and what the strategy itself ended or moved go with the entries; sizes, gates and costs
    are found anew by the kernel. Compared is the result of a trade.

    Null hypothesis and limits stand at the top of this module.

    Parameters
    ----------
    base
        A runner, its plan, or a backtest in memory.
    permutations, seed, processes
        How many runs, turned by what, made by how many processes; the latter change nothing.
    score
        What is compared, of results of which figures alone are kept.

    Returns
    -------
    EntryPermutation or Undefined
        Undefined without an entry, without a score, or where what was said does not give the run again.

    Raises
    ------
    ConfigurationError
        If there is no permutation, or the base is none.
    HarnessError
        If the run itself fails.
    """
    if permutations < 1:
        raise ConfigurationError(f"permutations: {permutations} — allowed: a whole number at least 1")
    found = base_of(base)
    own = _AsItWas.of(found)
    entries = sum(one.direction in ("LONG", "SHORT") for told in own.said.values() for one in told.values())
    if not entries:
        return Undefined("the strategy asked for no entry")
    plain = ChangedBase(found)
    again = run_alone(plain, _variation(own.said, own.warmup))
    if _same(own.result) != _same(again):
        return Undefined(f"what the strategy said gives another run: {_same(again)}, and not {_same(own.result)}")
    turns = _turns(own.said, _candles(found, own.warmup), stream(seed, "entries"), permutations)
    changed = run_many(plain, (_variation(one, own.warmup) for one in turns), processes=processes)
    told = compared(again, changed, score, seed)
    if isinstance(told, Undefined):
        return told
    return EntryPermutation(p_value=(told.as_good + 1) / (told.runs + 1), entries=entries, compared=told)


class _AsItWas(NamedTuple):
    """The run of a base, what its strategy said, and the candles that it needs first."""

    result: BacktestResult
    said: Said
    warmup: int

    @classmethod
    def of(cls, base: RunBase) -> "_AsItWas":
        """Run a base; its decisions are read from a folder that is there as long."""
        run_alone(ChangedBase(base))  # An error of it names no folder that is gone.
        with tempfile.TemporaryDirectory(prefix="entries-") as folder:
            plan = msgspec.structs.replace(base.plan, output_dir=Path(folder), outputs="full")
            own = run_alone(ChangedBase(base, plan), outputs="full")
            with own.opened() as opened:
                length = timeframe_ms(plan.settings.live.timeframe)
                said, facts = said_in_run(opened.run.folder, length), opened.run.manifest.strategy
                warmup = 0 if facts is UNSET else facts.warmup_candles
                return cls(own, said, warmup)


def _same(result: BacktestResult) -> str:
    performance = result.result.performance
    return f"{performance.total_trades} trades and equity {performance.equity!r}"


def _turns(said: Said, candles: Mapping[str, CandleColumns], key: int, count: int) -> Iterator[Said]:
    most = max(1, len(np.unique(np.concatenate([one.open_time_ms for one in candles.values()]))) - 1)
    for word in words(key, 0, count).tolist():
        yield turned(said, candles, 1 + word % most)


def _candles(base: RunBase, warmup: int) -> dict[str, CandleColumns]:
    """Return the candles of the window at which an entry is possible, by symbol as configured."""
    _, strategy = base.decides(base.plan.settings, "base")
    market = base.load(base.plan, strategy, warmup)
    return {
        symbol: one.window.slice(min(one.window.rows, max(0, warmup - one.warmup.rows)), one.window.rows)
        for symbol, one in market.candles.items()
    }


def _variation(said: Said, warmup: int) -> dict[str, Any]:
    return {"strategy": {"type": PLACE, "params": {"said": written_down(said), "warmup": warmup}}}
