"""The series that a session watches and does not trade: which they are, and how the strategy is told of them."""

from collections.abc import Callable, Iterator, Sequence

from core.candle import Candle
from core.errors import ConfigurationError, InvariantError
from core.instants import format_ms
from core.settings_problem import shown
from core.symbol_spelling import same_symbols
from core.timeframe import grid_origin_ms, timeframe_ms
from core.watched_series import EVERY_SYMBOL, WatchedSeries
from strategies.strategy import Strategy, StreamingStrategy, WatchingStrategy, candles_shown_to, exchange_series
from validation.composed_settings import Settings


def watched_series_of(settings: Settings, strategy: Strategy | StreamingStrategy) -> tuple[WatchedSeries, ...]:
    """Return the series that a session watches, in their order in every step.

    First the symbols of ``watch`` in the strategy's timeframe, then what the strategy asks of the exchange's own
    candles. Each needs as many warm-up candles as the strategy is shown, or as it names for the series, whichever are
    more.

    Raises
    ------
    ConfigurationError
        If the strategy asks for a symbol that is neither traded nor watched, or for a timeframe that its own does not
        divide.
    """
    main = settings.live
    shown_first = candles_shown_to(strategy)
    found = {(symbol, main.timeframe): shown_first for symbol in main.watch}
    for wanted in exchange_series(strategy):
        _check_timeframe(strategy, wanted, main.timeframe)
        for symbol in _symbols_of(strategy, wanted, (*main.symbols, *main.watch)):
            if wanted.timeframe == main.timeframe and symbol in main.symbols:
                continue
            needed = found.get((symbol, wanted.timeframe), shown_first)
            found[symbol, wanted.timeframe] = max(needed, wanted.warmup_candles)
    return tuple(WatchedSeries(symbol, timeframe, needed) for (symbol, timeframe), needed in found.items())


def _check_timeframe(strategy: Strategy | StreamingStrategy, wanted: WatchedSeries, own: str) -> None:
    length, own_ms = wanted.length_ms, timeframe_ms(own)
    if length % own_ms or (grid_origin_ms(length) - grid_origin_ms(own_ms)) % own_ms:
        raise ConfigurationError(
            f"strategy {strategy.name} asks for {wanted.timeframe} candles of {wanted.symbol} — allowed: timeframes "
            f"that are a multiple of its own, {own}"
        )


def _symbols_of(strategy: Strategy | StreamingStrategy, wanted: WatchedSeries, known: Sequence[str]) -> Iterator[str]:
    """Yield the configured symbols that a wanted series means."""
    if wanted.symbol == EVERY_SYMBOL:
        yield from known
        return
    named = same_symbols(wanted.symbol, known)
    if not named:
        raise ConfigurationError(
            f"strategy {strategy.name} asks for {wanted.timeframe} candles of {shown(wanted.symbol)}, which is neither "
            f"traded nor watched — allowed: {', '.join(known)}; another one is added under watch"
        )
    yield from named


class Watched:
    """Keeps the last candle of each watched series, and hands each to the strategy that wants it.

    Parameters
    ----------
    series
        As :func:`watched_series_of` gives them.
    strategy
        Is told of every candle if it is a :class:`WatchingStrategy`.
    """

    def __init__(self, series: Sequence[WatchedSeries] = (), strategy: object = None) -> None:
        self.series = tuple(series)
        self.last: list[Candle | None] = [None] * len(self.series)
        self._lengths = [one.length_ms for one in self.series]
        self._receive: Callable[[str, str, Candle], None] | None = (
            strategy.watch if isinstance(strategy, WatchingStrategy) else None
        )

    def take(self, place: int, candle: Candle, known_ms: int | None = None) -> None:
        """Take the next candle of a series; what the strategy raises is raised.

        Raises
        ------
        InvariantError
            If it is not later than the one before it, or has not closed by ``known_ms``.
        """
        series, before, opened = self.series[place], self.last[place], candle.open_time_ms
        if before is not None and opened <= before.open_time_ms:
            raise InvariantError(f"{series.name}: the candle opened {format_ms(opened)} is not after the one before")
        if known_ms is not None and opened + self._lengths[place] > known_ms:
            raise InvariantError(f"{series.name}: the candle opened {format_ms(opened)} is shown before its close")
        self.last[place] = candle
        if self._receive is not None:
            self._receive(series.symbol, series.timeframe, candle)
