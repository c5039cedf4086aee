"""The verb that gets candles from an exchange: fetch."""

import argparse
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.candle_move import DEFAULT_MAX_CANDLE_MOVE
from core.command_line import require_open_files, say
from core.errors import ConfigurationError, DataUnavailableError
from core.instants import format_ms, parse_instant
from core.instrument import Instrument
from core.timeframe import floor_to_grid, timeframe_ms
from market_data.commands.changing import parse_range
from market_data.commands.selection import open_store, require_order
from market_data.exchanges.request_failures import range_text
from market_data.history.fetching import FetchOutcome
from market_data.history.historical_data_provider import HistoricalDataProvider
from market_data.series_names import SeriesKind, kind_and_period, series_order

_WORDS: dict[SeriesKind, str] = {
    "candles": "candles",
    "mark": "mark candles",
    "funding": "funding rates",
    "open-interest": "rows of open interest",
}
EARLIEST = "earliest"
OPEN_FILES = 32
_SPANS_SHOWN = 3


def fetch(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    """Fetch what the store lacks of the given range, or all of it again."""
    require_open_files(OPEN_FILES, "a fetch")
    symbols = [symbol.strip() for symbol in arguments.symbols.split(",") if symbol.strip()]
    if not symbols:
        raise ConfigurationError("--symbols names no symbol")
    timeframe_ms(arguments.timeframe)
    again = arguments.again is not None
    if arguments.again:
        if arguments.start is not None or arguments.end is not None:
            raise ConfigurationError("--again with a range needs no --start and --end")
        start, bounds = "", parse_range(arguments.again, "--again")
    elif arguments.start is None:
        raise ConfigurationError("--start is needed: a date, or `earliest` for the first candle that the exchange has")
    else:
        start, bounds = arguments.start, (0, _end_ms(arguments, now_ms))
    if start and start != EARLIEST:
        bounds = (parse_instant(start, name="--start"), bounds[1])
        require_order(*bounds)
    open_store(arguments.data_dir)
    beside = [name.strip() for name in arguments.beside.split(",") if name.strip()]
    provider = HistoricalDataProvider(
        arguments.exchange, arguments.data_dir, off_grid=arguments.off_grid, now_ms=now_ms
    )
    if start == EARLIEST:
        bounds = (_earliest_ms(provider, symbols, arguments.timeframe), bounds[1])
    return fetch_series(provider, symbols, arguments.timeframe, *bounds, beside=beside, again=again)


def _end_ms(arguments: argparse.Namespace, now_ms: Callable[[], int]) -> int:
    if arguments.end is not None:
        return parse_instant(arguments.end, name="--end")
    return floor_to_grid(now_ms(), timeframe_ms(arguments.timeframe))


def _earliest_ms(provider: HistoricalDataProvider, symbols: Sequence[str], timeframe: str) -> int:
    """Print the first candle that the exchange has of each symbol, and return the first of them all."""
    found = provider.earliest(symbols, timeframe)
    for symbol, first_ms in found.items():
        said = "no candle" if first_ms is None else f"the first candle opens {format_ms(first_ms)}"
        say(f"{symbol} {timeframe}: {said}")
    first = [first_ms for first_ms in found.values() if first_ms is not None]
    if not first:
        raise DataUnavailableError(f"{provider.exchange} has no candle of {', '.join(found)}", symbols=tuple(found))
    return min(first)


def fetch_series(
    provider: HistoricalDataProvider,
    symbols: Sequence[str],
    timeframe: str,
    start_ms: int,
    end_ms: int,
    *,
    beside: Sequence[str] = (),
    again: bool = False,
    told: Callable[[str], object] = say,
) -> int:
    """Fetch what is missing of several symbols into the store, tell what came, and return the exit code.

    Parameters
    ----------
    symbols
        In any spelling.
    start_ms, end_ms
        Range of open times, the end exclusive.
    beside
        What contracts have beside candles: ``mark``, ``funding``, ``open-interest``, or a series' name. Without a
        period mark candles have that of the candles, and open interest the shortest that is served and not shorter.
    again
        Whether all of the range is asked for, whatever is known of it.
    told
        Hears the summary, line by line.

    Raises
    ------
    ConfigurationError
        For an unknown exchange, symbol or timeframe, or an empty range.
    DataUnavailableError
        If the exchange cannot be reached; what came before is kept.
    """
    started_s = time.monotonic()
    before = provider.instruments.latest(provider.exchange)
    named = [provider.series_beside(name, timeframe) for name in beside]
    for series in (timeframe, *sorted(dict.fromkeys(named), key=series_order)):
        outcomes = provider.fetch(symbols, series, start_ms, end_ms, beside=timeframe, again=again)
        words = _WORDS[kind_and_period(series)[0]]
        for symbol, outcome in outcomes.items():
            told(f"{symbol} {series}: {summary_line(outcome, words)}")
        rows = sum(outcome.rows for outcome in outcomes.values())
        elapsed_s = time.monotonic() - started_s
        told(f"{provider.exchange}: {rows} {words} of {len(outcomes)} symbols in {elapsed_s:.1f} s")
    _tell_rules(provider, before, outcomes, told)
    return 0


def _tell_rules(
    provider: HistoricalDataProvider,
    before: Mapping[str, Instrument],
    symbols: Iterable[str],
    told: Callable[[str], object],
) -> None:
    """Tell which symbols are not traded now, and whose trading rules are others than before."""
    for symbol, word in provider.halted(list(symbols), ask=False).items():
        told(f"{symbol}: {provider.exchange} lists it and does not trade it now ({word})")
    after = provider.instruments.latest(provider.exchange)
    for symbol in symbols:
        old, new = before.get(symbol), after.get(symbol)
        if old is not None and new is not None and (old.tick_size, old.lot_size) != (new.tick_size, new.lot_size):
            told(
                f"{symbol}: tick {old.tick_size:f} -> {new.tick_size:f}, lot {old.lot_size:f} -> {new.lot_size:f} "
                f"({new.source}, before: {old.source})"
            )


def summary_line(outcome: FetchOutcome, words: str = "candles") -> str:
    """Return what a fetch brought for one symbol, in a line."""
    if not outcome.pages:
        return "nothing to fetch, the store has it all"
    quality = outcome.quality
    reasons = ", ".join(f"{reason} {count}" for reason, count in quality.refused.items())
    counts = (
        (f"refused ({reasons})", quality.refused_rows),
        ("moved to the grid", quality.snapped),
        ("flagged as outliers", quality.outliers),
        (f"that move by more than a factor of {DEFAULT_MAX_CANDLE_MOVE:g}", quality.moves),
        ("without trades", outcome.untraded),
        ("differ from what is stored, which stands", outcome.revised),
    )
    parts = [f"{outcome.rows} {words} in {outcome.pages} pages"]
    parts += [f"{count} {text}" for text, count in counts if count]
    if outcome.denied:
        spans = ", ".join(range_text(*span) for span in outcome.denied[:_SPANS_SHOWN])
        more = f" and {len(outcome.denied) - _SPANS_SHOWN} more" if len(outcome.denied) > _SPANS_SHOWN else ""
        parts.append(f"answered with nothing: {spans}{more}")
    return ", ".join(parts)
