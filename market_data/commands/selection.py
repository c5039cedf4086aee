"""From the names on a command line to stored series; what is not stored is answered with what is."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from core.errors import ConfigurationError
from core.instants import format_ms
from market_data.instruments.symbols import resolve_symbol
from market_data.series_names import Series, kind_and_period, series_order
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import exchange_folder

_MOST_NAMED = 12


def stored_series(
    store: CandleStore, exchange: str | None = None, symbol: str | None = None, timeframe: str | None = None
) -> list[Series]:
    """Return the stored series that the given names choose; a name left out chooses all.

    Raises
    ------
    ConfigurationError
        If a given name is not stored; says what is stored and which name is nearest.
    """
    if exchange is not None:
        exchange_folder(exchange)
        _require("exchange", exchange, store.exchanges(), f"in {store.root}")
    if timeframe is not None:
        kind_and_period(timeframe)
    chosen = [series for series in store.series() if exchange in (None, series.exchange)]
    if symbol is not None:
        named = {series.symbol for series in chosen}
        resolved = resolve_symbol(symbol, named, where=f"what is stored for {exchange or 'any exchange'}")
        chosen = [series for series in chosen if series.symbol == resolved]
    if timeframe is not None:
        stored = sorted({series.timeframe for series in chosen}, key=series_order)
        whose = " ".join(name for name in (exchange, symbol) if name) or f"any series in {store.root}"
        _require("timeframe", timeframe, stored, f"for {whose}")
        chosen = [series for series in chosen if series.timeframe == timeframe]
    return chosen


def _require(kind: str, name: str, stored: Sequence[str], where: str) -> None:
    if name in stored:
        return
    if not stored:
        raise ConfigurationError(f"{kind} {name!r} is not stored {where}: nothing is stored there")
    near = difflib.get_close_matches(name, stored, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(stored[:_MOST_NAMED]) + (" …" if len(stored) > _MOST_NAMED else "")
    raise ConfigurationError(f"{kind} {name!r} is not stored {where}; stored: {listed}{guess}")


def open_store(data_dir: Path) -> CandleStore:
    """Return the store of a folder; raises ConfigurationError if the path is a file."""
    if data_dir.exists() and not data_dir.is_dir():
        raise ConfigurationError(f"--data-dir {data_dir} is a file, not a folder")
    return CandleStore(data_dir)


def require_order(start_ms: int, end_ms: int) -> None:
    """Refuse a range whose start is not before its end."""
    if start_ms >= end_ms:
        raise ConfigurationError(f"--start {format_ms(start_ms)} is not before --end {format_ms(end_ms)}")
