"""Backtests that give their states as they go: the one place outside the shell that is asynchronous.

A slow reader is never waited for and finds the newest state; a callback that is awaited holds the run up.
"""

import asyncio
import contextlib
import inspect
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, Unpack

from backtests.backtest_result import BacktestResult
from backtests.in_memory import Options, candles_by_symbol
from backtests.memory_candles import no_candles, read_candles
from backtests.memory_settings import Config
from backtests.memory_strategy import SignalGenerator
from backtests.player.backtest_config import BacktestConfig
from backtests.player.recent_events import fill_of, signal_of, trade_of
from backtests.player.states import BacktestFill, BacktestSignal, BacktestState, BacktestTrade
from backtests.player.streamed_run import Happened, StreamedRun
from backtests.timeline import STEPS_AT_ONCE, candles_of
from core.candle import Candle
from core.errors import CandleError, ConfigurationError, StrategyError
from core.events import Decision, TradeRow
from core.instants import parse_instant
from core.settings_problem import shown
from execution.money.closed_trade import ClosedTrade
from strategies.strategy import Strategy, StreamingStrategy

_OTHERS_WAIT_SECONDS = 0.01
"""So long at most the event loop is not given to others while candles are at hand."""

_OVER = object()


class StreamOptions(Options, total=False):
    """What else a :class:`BacktestEngine` may be told: options of ``run_backtest``, and whom to call.

    A callback may be a function or a coroutine function. ``on_state`` is called with every state that is emitted,
    the others with everything that happens.
    """

    on_state: Callable[[BacktestState], object]
    on_signal: Callable[[BacktestSignal], object]
    on_fill: Callable[[BacktestFill], object]
    on_trade: Callable[[BacktestTrade], object]


class BacktestEngine:
    """Runs candles that come one by one, and yields how the run stands.

    Parameters
    ----------
    config
        As of :func:`~backtests.in_memory.run_backtest`, or a
        :class:`~backtests.player.backtest_config.BacktestConfig`.
    signal_generator, strategy
        Who decides, as of ``run_backtest``.
    **options
        Those of ``run_backtest``; ``on_state``, ``on_signal``, ``on_fill`` and ``on_trade`` are called with what they
        name, and awaited where they are coroutine functions.

    Examples
    --------
    >>> import asyncio
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(5)]
    >>> async def main():
    ...     async for state in BacktestEngine(signal_generator=lambda candle: None).run(rows, emit_interval=2):
    ...         print(state.status, state.index, state.progress_percent)
    >>> asyncio.run(main())
    RUNNING 2 40.0
    RUNNING 4 80.0
    COMPLETED 5 100.0
    """

    def __init__(
        self,
        config: Config = None,
        signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None = None,
        *,
        strategy: Strategy | StreamingStrategy | str | None = None,
        **options: Unpack[StreamOptions],
    ) -> None:
        self._asked = signal_generator, strategy, config
        self._options = options
        self._run: StreamedRun | None = None
        self._running = False
        self._state: BacktestState | None = None

    @property
    def state(self) -> BacktestState | None:
        """The newest state that was emitted; None before the first."""
        return self._state

    @property
    def result(self) -> BacktestResult | None:
        """What the run came to, partial where it was cut short; None before its end, and without a candle."""
        return None if self._run is None else self._run.result

    @property
    def config(self) -> BacktestConfig | None:
        """What the settings of the run say; None before its first candle."""
        return None if self._run is None else self._run.config

    async def run(self, candles: Any, emit_interval: int = 1) -> AsyncGenerator[BacktestState, None]:
        """Yield the state after every so many steps, and the one at the end.

        What is not asked for in time is passed over: who asks finds the newest state. Leaving the loop ends the run,
        and what was done is its result, marked partial.

        Parameters
        ----------
        candles
            As of ``run_backtest``; each iterable may be an asynchronous one.
        emit_interval
            How many steps there are between two states; it changes nothing of the run.

        Raises
        ------
        ConfigurationError, CandleError, StrategyError
            As of ``run_backtest``; what had come before a row that is no candle is the result, marked partial.
        """
        if not isinstance(emit_interval, int) or isinstance(emit_interval, bool) or emit_interval < 1:
            raise ConfigurationError(f"emit_interval: {shown(emit_interval)} — allowed: a whole number above 0")
        if self._running:
            raise ConfigurationError("the engine is running — allowed: another one, or after its end")
        given = candles_by_symbol(candles, self._options, StreamOptions.__annotations__)
        sources = [_Source(symbol, one) for symbol, one in given.items()]
        run = StreamedRun([one.symbol for one in sources], *self._asked, _without_callbacks(self._options))
        if len(sources) == 1 and "start" not in self._options:
            run.total = sources[0].size
        self._run, self._running = run, True
        post = _Post(run)
        folding = asyncio.create_task(_Folding(run, sources, self._options, self._emit(post)).fold(emit_interval))
        folding.add_done_callback(post.close)
        try:
            while (state := await post.take()) is not None:
                yield state
            await folding
        finally:
            self._running = False
            folding.cancel()
            await asyncio.gather(folding, return_exceptions=True)

    def _emit(self, post: "_Post") -> Callable[[BacktestState], None]:
        def emit(state: BacktestState) -> None:
            self._state = state
            post.put(state)

        return emit


async def run_backtest_async(
    candles: Any,
    signal_generator: SignalGenerator | Mapping[str, SignalGenerator] | None = None,
    *,
    strategy: Strategy | StreamingStrategy | str | None = None,
    config: Config = None,
    emit_interval: int = 100,
    **options: Unpack[StreamOptions],
) -> BacktestResult:
    """Run candles that come one by one to their end; arguments and errors as of :class:`BacktestEngine`.

    Raises
    ------
    CandleError
        If there is none.
    """
    engine = BacktestEngine(config, signal_generator, strategy=strategy, **options)
    async with contextlib.aclosing(engine.run(candles, emit_interval)) as states:
        async for _ in states:
            pass
    if engine.result is None:
        raise CandleError("there are no candles")
    return engine.result


class _Folding:
    """Pulls rows from their sources, joins them into steps and runs these."""

    def __init__(
        self,
        run: StreamedRun,
        sources: "list[_Source]",
        options: StreamOptions,
        emit: Callable[[BacktestState], None],
    ) -> None:
        self._run = run
        self._sources = sources
        self._start_ms = parse_instant(options["start"], name="start") if "start" in options else None
        self._on_state, self._emit = options.get("on_state"), emit
        self._reading = _Reading(run)
        self._tellings: dict[type, Callable[[Any], object] | None] = {
            Decision: options.get("on_signal"),
            TradeRow: options.get("on_fill"),
            ClosedTrade: options.get("on_trade"),
        }
        self._heads: list[deque[Candle]] = [deque() for _ in sources]

    async def fold(self, every: int) -> None:
        """Run everything; what is done when it is cut short is ended as it is."""
        run, complete, failure = self._run, False, None
        try:
            await self._begin()
            await self._go(every)
            complete = True
        except StrategyError as error:
            failure = error
        finally:
            told = run.end(complete=complete, failure=failure)
            if run.folds:
                self._emit(run.state("COMPLETED" if complete else "STOPPED" if failure is None else "FAILED"))
        if told is not None:
            raise told
        await self._tell_state(run.state("COMPLETED"))

    async def _begin(self) -> None:
        """Read what has to be known before the first step: the first candle of the window, and how long it is."""
        needed = 1 if self._run.knows_timeframe else 2
        for place, heads in enumerate(self._heads):
            while len(heads) < needed and await self._refill(place):
                pass
        self._run.settle()

    async def _go(self, every: int) -> None:
        run, heads = self._run, self._heads
        looked = time.monotonic()
        while any(heads):
            open_ms = min(one[0].open_time_ms for one in heads if one)
            candles = tuple([one.popleft() if one and one[0].open_time_ms == open_ms else None for one in heads])
            run.take(open_ms, candles)
            if run.fresh:
                await self._tell_what_happened()
            if len(run.times_ms) % every == 0:
                state = run.state()
                self._emit(state)
                await self._tell_state(state)
                await asyncio.sleep(0)
                looked = time.monotonic()
            elif time.monotonic() - looked > _OTHERS_WAIT_SECONDS:
                await asyncio.sleep(0)
                looked = time.monotonic()
            for place, candle in enumerate(candles):
                if candle is not None and not heads[place]:
                    await self._refill(place)

    async def _refill(self, place: int) -> bool:
        """Read the next candle of the window that a symbol has; return whether there is one."""
        while (row := await self._sources[place].next()) is not _OVER:
            candle = self._run.read(place, row)
            if self._start_ms is None or candle.open_time_ms >= self._start_ms:
                self._heads[place].append(candle)
                return True
        return False

    async def _tell_what_happened(self) -> None:
        happened = self._run.fresh[:]
        self._run.fresh.clear()
        for one in happened:
            callback = self._tellings[type(one)]
            if callback is not None:
                await _called(callback, _shown(one))

    async def _tell_state(self, state: BacktestState) -> None:
        if self._on_state is not None:
            await _called(self._on_state, self._reading.of(state))


def _shown(happened: Happened) -> BacktestSignal | BacktestFill | BacktestTrade:
    if isinstance(happened, Decision):
        return signal_of(happened)
    return fill_of(happened) if isinstance(happened, TradeRow) else trade_of(happened)


async def _called(callback: Callable[[Any], object], value: object) -> None:
    answer = callback(value)
    if inspect.isawaitable(answer):
        await answer


def _without_callbacks(options: StreamOptions) -> Options:
    kept: Any = {name: value for name, value in options.items() if name in Options.__annotations__}
    own: Options = kept
    return own


class _Reading:
    """One reader of the equity curve, who is told what is new to him."""

    def __init__(self, run: StreamedRun) -> None:
        self._run = run
        self._folds = self._points = 0

    def of(self, state: BacktestState) -> BacktestState:
        """Return a state with what its reader has not seen; all of it where a session was begun anew."""
        if self._folds != self._run.folds:
            self._folds, self._points = self._run.folds, 0
        state = self._run.with_curve(state, self._points)
        self._points = state.metrics.equity_curve_from + len(state.metrics.equity_curve)
        return state


class _Post:
    """Holds the newest state until it is asked for."""

    def __init__(self, run: StreamedRun) -> None:
        self._reading = _Reading(run)
        self._newest: BacktestState | None = None
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, state: BacktestState) -> None:
        """Take a state in place of the one before."""
        self._newest = state
        self._changed.set()

    def close(self, done: object) -> None:
        """Say that no other comes."""
        self._closed = True
        self._changed.set()

    async def take(self) -> BacktestState | None:
        """Return the newest state that was not taken yet, once there is one; None after the last."""
        while self._newest is None and not self._closed:
            self._changed.clear()
            await self._changed.wait()
        state, self._newest = self._newest, None
        return None if state is None else self._reading.of(state)


class _Source:
    """Gives one symbol's rows, whatever holds them."""

    def __init__(self, symbol: str, given: Any) -> None:
        self.symbol = symbol
        self.size = len(given) if isinstance(given, Sized) else None
        self._rows: Iterator[Any] = iter(())
        self._coming: AsyncIterator[Any] | None = None
        if hasattr(given, "__aiter__"):
            self._coming = aiter(given)
        elif hasattr(given, "iloc"):
            self._rows = _rows_of_frame(symbol, given) if self.size else self._rows
        elif isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise no_candles(symbol, given)
        else:
            self._rows = iter(given)

    async def next(self) -> Any:
        """Return the next row; ``_OVER`` after the last."""
        if self._coming is not None:
            return await anext(self._coming, _OVER)
        return next(self._rows, _OVER)


def _rows_of_frame(symbol: str, frame: Any) -> Iterator[Candle]:
    columns = read_candles(symbol, frame)
    for first in range(0, columns.rows, STEPS_AT_ONCE):
        yield from candles_of(columns.slice(first, first + STEPS_AT_ONCE))
