"""From variations of a base to runs that can be made anywhere: settings checked, candles loaded once and shared."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backtests.engines.engine_choice import reference_reason
from backtests.many.market_memory import MarketMemory
from backtests.many.run_base import RunBase
from backtests.many.shared_market import mapped_market, write_market
from backtests.many.worker import Task
from backtests.market_input import MarketInput
from backtests.run_plan import RunPlan
from core.candle_columns import CandleColumns
from core.errors import HarnessError
from engine.renderer import OutputsKept
from strategies.strategy import Strategy, StreamingStrategy
from validation.varied_settings import varied_settings

Variation = Mapping[str, Any]

_LOOKED_AT = 256
"""How many variations are looked at before candles are loaded, so that these suffice for all of them."""


class PreparedRun(NamedTuple):
    """A variation, and the run that it asks for or why there is none; ``windows`` are the candles of the window."""

    variation: Variation
    task: Task | HarnessError
    windows: Mapping[str, CandleColumns]


class _Wanted(NamedTuple):
    """A run whose settings are checked: ``key`` tells its candles from those of others."""

    variation: Variation
    plan: RunPlan
    strategy: Strategy | StreamingStrategy
    key: Hashable
    warmup_candles: int


class _Loaded(NamedTuple):
    """Candles that were loaded, or why they cannot be; ``place`` is where runs find them.

    ``compiled`` says whether the compiled rules make these runs, as far as that is known before.
    """

    warmup_candles: int
    place: MarketInput | Path | HarnessError
    windows: Mapping[str, CandleColumns]
    compiled: bool = False


class PreparedRuns:
    """Prepares the runs of variations.

    Parameters
    ----------
    base
        What is varied.
    outputs
        Which outputs the runs keep.
    folder
        Where candles are put for other processes; None has none.
    runs
        How many are expected in all.
    """

    def __init__(self, base: RunBase, outputs: OutputsKept, folder: Path | None, runs: int = 1) -> None:
        self._base = base
        self._outputs = outputs
        self._folder = folder
        self._runs = runs
        self._loaded: dict[Hashable, _Loaded] = {}
        self._written = 0
        self._strategy: bytes | Path | None = base.strategy
        if folder is not None and base.strategy is not None:
            self._strategy = folder / "strategy"
            self._strategy.write_bytes(base.strategy)

    def of(self, variations: Iterable[Variation]) -> Iterator[PreparedRun]:
        """Yield a run for each variation, in their order, each with candles that suffice for it."""
        coming = (self._wanted(number, one) for number, one in enumerate(variations))
        runs = self._runs
        for item in coming:
            together = [item]
            if isinstance(item, _Wanted) and self._lacks(item):
                # Candles are loaded once for those that come next too; else the next is not waited for.
                together += islice(coming, _LOOKED_AT - 1)
                wanted = [one for one in together if isinstance(one, _Wanted)]
                for one in sorted(wanted, key=lambda one: one.warmup_candles, reverse=True):
                    self._candles_for(one, len(together))
                runs = max(runs, len(together))
            for each in together:
                yield self._with_candles(each, runs) if isinstance(each, _Wanted) else each

    def _wanted(self, number: int, variation: Variation) -> _Wanted | PreparedRun:
        base = self._base.plan
        try:
            settings, strategy = self._base.decides(
                varied_settings(base.settings, variation, f"variation {number}"), f"variation {number}"
            )
            plan = msgspec.structs.replace(base, settings=settings, outputs=self._outputs)
            if self._outputs != "full":
                plan = msgspec.structs.replace(plan, output_dir=None)
            return _Wanted(variation, plan, strategy, *self._base.market_of(plan, strategy))
        except HarnessError as error:
            return PreparedRun(variation, error, {})

    def _with_candles(self, one: _Wanted, runs: int) -> PreparedRun:
        loaded = self._candles_for(one, runs)
        if isinstance(loaded.place, HarnessError):
            return PreparedRun(one.variation, loaded.place, {})
        own = one.plan.settings.live.strategy.type == self._base.plan.settings.live.strategy.type
        task = Task(one.plan, self._strategy if own else None, loaded.place, one.warmup_candles, runs, loaded.compiled)
        return PreparedRun(one.variation, task, loaded.windows)

    def _lacks(self, one: _Wanted) -> bool:
        known = self._loaded.get(one.key)
        return known is None or known.warmup_candles < one.warmup_candles

    def _candles_for(self, one: _Wanted, runs: int) -> _Loaded:
        if self._lacks(one):
            self._loaded[one.key] = self._load(one, runs)
        return self._loaded[one.key]

    def _load(self, one: _Wanted, runs: int) -> _Loaded:
        try:
            market = self._base.load(one.plan, one.strategy, one.warmup_candles)
        except HarnessError as error:
            return _Loaded(one.warmup_candles, error, {})
        compiled = reference_reason(one.plan, market._replace(memory=MarketMemory(runs))) is None
        place: MarketInput | Path = market
        if self._folder is not None:
            self._written += 1
            place = self._folder / f"market-{self._written}"
            write_market(place, market)
            market = mapped_market(place)
        windows = {symbol: one.window for symbol, one in market.candles.items()}
        return _Loaded(one.warmup_candles, place, windows, compiled)
