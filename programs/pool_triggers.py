"""A pool's historical triggers alone: what a session that has the pool would have been woken by."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backtests.input_candles import RunRequest, load_candles, load_input, load_watched
from backtests.timeline import step_opens
from core.candle_columns import CandleColumns, Float64Array, Int64Array, one_after_the_other
from core.errors import ConfigurationError
from core.instants import Instant
from core.time_range import TimeRange
from core.timeframe import timeframe_ms
from engine.assembly import kernel_rules, prepare_strategy
from engine.watched import watched_series_of
from indicators.features.feature import Feature
from market_data.history.loaded_candles import LoadedCandles
from market_data.history.settled_provider import settled_provider
from programs.backtest_config import PRACTICE_CONFIG
from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers
from runs.commands.opened_store import wall_clock_ms
from runs.dataset.feature_table import FeatureTable, session_segments
from runs.dataset.fed_candles import FedCandles, FedSeries
from runs.dataset.forward_outcomes import price_outcomes
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.programs.triggers.pool_files import pools_of
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_event import TriggerEvent
from strategies.programs.triggers.trigger_watch import TriggerWatch
from validation.composed_settings import Settings
from validation.loading import load_settings

HORIZONS = (1, 4, 24)
"""Candles after a trigger at which the price is looked at again."""
_TOLD_STEPS = 4_096
Far = Callable[[int, int], None]
"""Hears how many candles are looked at, of how many."""


class WatchReading(FeatureStrategy):
    """Declares what a watch reads, and has no opinion."""

    name = "pool"

    def __init__(self, watch: TriggerWatch) -> None:
        self._read = watch.features()
        super().__init__()

    def features(self, params: Any) -> Mapping[str, Feature]:
        """Return what the watch reads."""
        return self._read

    def decide(self, now: Now) -> None:
        """Say nothing."""


class LookedAt(NamedTuple):
    """A traded symbol in the window: its candles, its features on them, and the rows before which it begins anew."""

    candles: CandleColumns
    features: Mapping[str, list[float]]
    restarts: frozenset[int]


def backtest_pool(
    pool: SignalPool | str,
    symbols: Sequence[str] | None,
    start: Instant,
    end: Instant,
    *,
    config: str = PRACTICE_CONFIG,
    interval: str | None = None,
    offline: bool = False,
    data_dir: str | None = None,
) -> PoolTriggers:
    """Return a pool's triggers over a window of history, with what the price did after each.

    The candles, the warm-up and the features are those of a backtest of the same configuration, so that the events are
    those of a session whose program reads nothing else, to the last bit. No candle after the window is looked at.

    Parameters
    ----------
    pool
        A pool, or the id of one that lies in a file.
    symbols
        In place of those of the configuration; None leaves these.
    start, end
        The window, UTC where no zone is given; the end is exclusive.
    config
        The configuration: exchange, candle store, symbols, timeframe, watched symbols and the largest gap are read; by
        default the embedded practice market, as of all that runs a program.
    interval
        In place of the timeframe of the configuration.
    offline, data_dir
        Use what is stored and never the network; a candle store in place of the configuration's.

    Raises
    ------
    ConfigurationError
        If pool, configuration or window cannot be used.
    DataUnavailableError
        If there are no candles, or the exchange cannot be reached for missing ones.
    """
    chosen = pools_of([pool])[0] if isinstance(pool, str) else pool
    now_ms = wall_clock_ms()
    window = TimeRange.from_dates(start, end).known_by(now_ms)
    settings = load_settings(config, symbols=symbols, interval=interval, data_dir=data_dir)
    live = settings.live
    if window.length_ms < timeframe_ms(live.timeframe):
        raise ConfigurationError(f"from {window} no candle of {live.timeframe} fits — allowed: a longer window")
    provider = settled_provider(live.exchange, live.data, now_ms, offline=offline)
    return pool_triggers(chosen, settings, window, provider)


def pool_triggers(
    pool: SignalPool, settings: Settings, window: TimeRange, provider: Any, far: Far = lambda done, total: None
) -> PoolTriggers:
    """Return a pool's triggers as :func:`backtest_pool` does, of settings and a provider of candles at hand.

    ``far`` hears now and then how many candles are looked at, of how many.
    """
    live = settings.live
    length_ms = timeframe_ms(live.timeframe)
    watch = TriggerWatch((pool,), None, live.symbols, length_ms, live.watch)
    strategy = WatchReading(watch)
    prepare_strategy(strategy, settings)
    fed, warnings = _fed(settings, strategy, window, provider)
    longest_ms = kernel_rules(settings, strategy).longest_open_distance_ms
    table = FeatureTable(strategy, fed, longest_ms)
    looked = {symbol: _looked_at(symbol, fed, table, length_ms, longest_ms) for symbol in live.symbols}
    events = list(events_of(watch, looked, length_ms, far))
    own = {symbol: looked[symbol].candles for symbol in watch.symbols_of(pool)}
    ahead = {symbol: price_outcomes(one, length_ms, HORIZONS) for symbol, one in own.items()}
    returns = {symbol: [found[f"forward_return_{one}"] for one in HORIZONS] for symbol, found in ahead.items()}
    warnings += [] if events else watch.silence()
    triggers = [_trigger(one, own[one.symbol], returns[one.symbol], length_ms) for one in events]
    return PoolTriggers(
        pool,
        tuple(own),
        live.timeframe,
        *window.to_tuple_ms(),
        sum(one.rows for one in own.values()),
        HORIZONS,
        tuple(triggers),
        tuple(_outcome(place, triggers, list(returns.values())) for place in range(len(HORIZONS))),
        tuple(warnings),
    )


def events_of(
    watch: TriggerWatch, looked: Mapping[str, LookedAt], length_ms: int, far: Far = lambda done, total: None
) -> Iterator[TriggerEvent]:
    """Yield the events of a watch over columns, step by step.

    Parameters
    ----------
    watch
        That has looked at nothing yet.
    looked
        The traded symbols in configured order.
    length_ms
        Length of the candles.
    far
        As of :func:`pool_triggers`.
    """
    rows: dict[str, int] = dict.fromkeys(looked, -1)
    opens = {symbol: [*one.candles.open_time_ms.tolist(), None] for symbol, one in looked.items()}

    def value_of(symbol: str, name: str) -> float:
        return looked[symbol].features[name][rows[symbol]]

    total = sum(one.candles.rows for one in looked.values())
    for step, open_ms in enumerate(step_opens([one.candles for one in looked.values()]).tolist()):
        if step % _TOLD_STEPS == 0:
            far(sum(rows.values()) + len(rows), total)
        present = [symbol for symbol, row in rows.items() if opens[symbol][row + 1] == open_ms]
        for symbol in present:
            rows[symbol] += 1
            if rows[symbol] in looked[symbol].restarts:
                watch.restart(symbol)
        yield from watch.at(open_ms + length_ms, present, value_of)


def _fed(
    settings: Settings, strategy: FeatureStrategy, window: TimeRange, provider: Any
) -> tuple[FedCandles, list[str]]:
    """Return what a session is shown, and what a reader must know of it."""
    live, needed = settings.live, strategy.warmup_candles
    request = RunRequest(live.symbols, live.timeframe, *window.to_tuple_ms(), needed, live.data.off_grid)
    candles = load_input(provider, request)
    detail: dict[str, LoadedCandles] = {}
    if live.detail_interval is not None:  # A finer candle may bridge a gap.
        detail = load_candles(provider, request._replace(timeframe=live.detail_interval, warmup_candles=0))
    watched = load_watched(provider, request, watched_series_of(settings, strategy))
    length_ms = timeframe_ms(live.timeframe)
    warnings = [
        f"{symbol}: {one.warmup.rows} of {needed} warm-up candles were stored before the window; until as many came, "
        "a session makes no order"
        for symbol, one in candles.items()
        if one.warmup.rows < needed
    ]
    warnings += [
        f"{symbol}: {one.quality['missing']} candles of the window are missing"
        for symbol, one in candles.items()
        if one.quality.get("missing")
    ]
    return (
        FedCandles(
            {symbol: _series(one, length_ms) for symbol, one in candles.items()},
            {(of.symbol, of.length_ms): _series(one, of.length_ms) for of, one in watched.items()},
            {symbol: one.window for symbol, one in detail.items() if one.window.rows},
        ),
        warnings,
    )


def _series(one: LoadedCandles, length_ms: int) -> FedSeries:
    candles = one_after_the_other(one.warmup, one.window)
    return FedSeries(candles, candles.open_time_ms + length_ms, one.warmup.rows)


def _looked_at(symbol: str, fed: FedCandles, table: FeatureTable, length_ms: int, longest_ms: int) -> LookedAt:
    series = fed.traded[symbol]
    first = series.warmup_rows
    features = {name: column[first:].tolist() for name, column in table.columns(symbol).items()}
    starts: Int64Array = session_segments(series.candles, fed.detail.get(symbol), length_ms, longest_ms)
    return LookedAt(series.window, features, frozenset((starts - first).tolist()))


def _trigger(event: TriggerEvent, candles: CandleColumns, returns: list[Float64Array], length_ms: int) -> PoolTrigger:
    row = int(np.searchsorted(candles.open_time_ms, event.time_ms - length_ms))
    found = [float(column[row]) for column in returns]
    return PoolTrigger(event, float(candles.close[row]), tuple(None if one != one else one for one in found))


def _outcome(place: int, triggers: Sequence[PoolTrigger], returns: Sequence[list[Float64Array]]) -> HorizonOutcome:
    own = np.array([one.returns[place] for one in triggers], np.float64)
    return HorizonOutcome.of(HORIZONS[place], own, np.concatenate([one[place] for one in returns]))
