"""Which column of a file is which: by the names of its header, or by its form."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from market_data.files.file_formats import FREQTRADE, METATRADER, OKX, FileFormat, HowToRead
from market_data.files.file_layouts import CONFIRMED_NAMES, TIME_NAMES, Layout
from market_data.files.file_table import FileError
from market_data.instruments.symbols import matching_symbols

_CLOCK = re.compile(r"\s*(?:[0-9]{4}|[0-9]{6}|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)\s*")
_SHOWN_NAMES = 12
_SHOWN = 120

TIME, CLOCK, CONFIRMED, TICKS = "timestamp", "clock", "confirmed", "ticks"
"""What a column is beside those of the layout: the time (or its date), the time of day, the flag of closed candles, and
how many ticks made a candle."""

SYMBOL, MARKET, PERIOD = "symbol", "market", "period"
"""What a column is that says what its row is of: the symbol, its name in words of an exchange, the timeframe."""

ROWS_OF = {
    SYMBOL: ("symbol", "pair"),
    MARKET: ("ticker", "tic", "instrument", "instrument_name", "inst_id", "instid", "market"),
    PERIOD: ("interval", "timeframe", "resolution"),
}


class FoundColumns(NamedTuple):
    """The positions of the columns that are read, by what they are, and the names of the others."""

    places: dict[str, int]
    ignored: tuple[str, ...]


def plain_name(name: str) -> str:
    """Return a header's word in small letters, with one underscore for whatever is no letter or digit.

    Examples
    --------
    >>> plain_name("Volume_(BTC)"), plain_name("<DATE>")
    ('volume_btc', 'date')
    """
    return re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")


def is_header(cells: Sequence[str], layout: Layout) -> bool:
    """Tell whether a line names a time and at least one column of a layout."""
    names = {plain_name(cell) for cell in cells}
    first = next(iter(layout.values.values()))
    return not names.isdisjoint(TIME_NAMES) and not names.isdisjoint(first)


def is_clock(cell: str) -> bool:
    """Tell whether a cell is a time of day: ``0000``, ``000000``, ``00:00`` or ``00:00:00``."""
    return _CLOCK.fullmatch(cell) is not None


def found_columns(
    path: Path, header: Sequence[str], layout: Layout, form: FileFormat, how: HowToRead, first: Sequence[str] = ()
) -> FoundColumns:
    """Return which columns are which by their names.

    Parameters
    ----------
    first
        The cells of the first row, by which a time of day is told from a whole time.

    Raises
    ------
    FileError
        If a column is missing or there twice, or none of several is the one that is meant.
    """
    names = [plain_name(name) for name in header]
    places = _time_places(path, header, names, layout, first)
    for meant, spellings in layout.values.items():
        found = next((spelling for spelling in _spellings(meant, spellings, form, how) if spelling in names), None)
        if found is None and meant == "volume":
            found = _volume(path, names, form, how)
        if found is None:
            if meant in layout.optional or (meant == "volume" and how.no_volume):
                continue
            raise _absent(path, meant, header, layout)
        places[meant] = _once(path, names, found)
    beside: dict[str, tuple[str, ...]] = {**ROWS_OF, TICKS: ("tickvol",) if form is METATRADER else ()}
    beside |= {CONFIRMED: CONFIRMED_NAMES} if layout.has_candles else {}
    for meant, spellings in beside.items():
        there = [spelling for spelling in spellings if spelling in names]
        places |= {meant: _once(path, names, there[0])} if there else {}
    used = set(places.values())
    return FoundColumns(places, tuple(name for position, name in enumerate(header) if position not in used))


def placed_columns(path: Path, form: FileFormat, layout: Layout, how: HowToRead) -> FoundColumns:
    """Return which columns are which in a file without a header, by its form."""
    return found_columns(path, form.columns, layout, form, how, ("", "00:00"))


def require_symbol(path: Path, cell: str, how: HowToRead) -> None:
    """Refuse a file whose rows name another symbol than the one it is taken for."""
    if how.symbol and cell.strip() and not matching_symbols(cell.strip(), [how.symbol]):
        raise FileError(path, f"its rows are of {cell.strip()!r}, not of {how.symbol}; give the --symbol that is meant")


def _spellings(meant: str, spellings: Sequence[str], form: FileFormat, how: HowToRead) -> Sequence[str]:
    # What freqtrade keeps of funding are candles whose open is the rate.
    if meant == "rate" and form is FREQTRADE:
        return (*spellings, "open")
    # OKX counts a contract's `vol` in contracts, and its base currency in the next column.
    if meant == "volume" and form is OKX and ":" in how.symbol:
        return ("volccy",)
    return spellings


def _time_places(
    path: Path, header: Sequence[str], names: Sequence[str], layout: Layout, first: Sequence[str]
) -> dict[str, int]:
    found = next((name for name in TIME_NAMES if name in names), None)
    if found is None:
        raise _absent(path, TIME, header, layout)
    place = _once(path, names, found)
    clock = first[place] if found == "time" and len(first) > place else ""
    if "date" in names and is_clock(clock):
        return {TIME: _once(path, names, "date"), CLOCK: place}
    return {TIME: place}


def _volume(path: Path, names: Sequence[str], form: FileFormat, how: HowToRead) -> str | None:
    """Return the volume column of a file that names its currency, such as ``Volume BTC``, or counts its ticks alone."""
    if form is METATRADER and "tickvol" in names:
        return "tickvol"
    found = [name for name in names if name.startswith("volume_")]
    if f"volume_{how.base}" in found:
        return f"volume_{how.base}"
    if found and how.symbol and not how.no_volume:
        listed = " and ".join(map(repr, found))
        raise FileError(path, f"its volumes are {listed}, none of them in the base currency of {how.symbol}", line=1)
    return None


def _once(path: Path, names: Sequence[str], name: str) -> int:
    if names.count(name) > 1:
        raise FileError(path, f"more than one column {name!r}", line=1)
    return names.index(name)


def _absent(path: Path, meant: str, header: Sequence[str], layout: Layout) -> FileError:
    shown = ",".join(header[:_SHOWN_NAMES])[:_SHOWN]
    advice = "; --no-volume takes its candles with a volume of 0" if meant == "volume" else ""
    return FileError(path, f"no column {meant!r} in the header {shown!r}; expected {layout.expected}{advice}", line=1)
