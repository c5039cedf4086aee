"""Which exchanges can be named, and which timeframes each of them serves.

They stand in ``exchange_facts.json``, which ``python -m market_data.exchanges.exchange_facts`` writes from the pinned
ccxt, so that checking a name does not load ccxt. Timeframes without a fixed grid (``3d``, ``1M``) are left out.
"""

import functools
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from market_data.practice.practice_listings import TIMEFRAMES

FACTS_FILE = Path(__file__).with_name("exchange_facts.json")
PRACTICE = "practice"
"""Name of the embedded practice market."""

_IGNORED = str.maketrans("", "", "_-. ")
_LONGEST_NAME = 64
_TWO_LETTERS_FROM = 6


def known_exchanges() -> list[str]:
    """Return the names of all exchanges that serve candles, sorted, the practice market among them."""
    return sorted(_facts())


def canonical_exchange(name: str) -> str:
    """Return the one name of an exchange for any spelling of it.

    Case and the signs ``_ - .`` and blanks do not count.

    Raises
    ------
    ConfigurationError
        If no exchange has that name; the message holds those it may be a misspelling of.

    Examples
    --------
    >>> canonical_exchange("binance_us")
    'binanceus'
    """
    found = _by_key().get(_key(name)) if isinstance(name, str) else None
    if found is not None:
        return found
    near = misspelled(str(name), known_exchanges())
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise ConfigurationError(
        f"exchange {name!r} is not known{hint} (allowed: {PRACTICE}, and the {len(_facts()) - 1} exchanges of ccxt "
        "that serve candles, such as binanceus, binance, kraken)"
    )


def misspelled(name: str, names: Iterable[str]) -> list[str]:
    """Return the names that a name may be a misspelling of: one letter off, from six letters on two; nearest first.

    A name that goes on after another one with a sign or a digit (``binance-perp``, ``binance2``) is a name of its own.

    Examples
    --------
    >>> misspelled("binanec", ["binance", "binanceus"])
    ['binance']
    >>> misspelled("binance-p", ["binance", "binanceus"])
    []
    """
    written = name.casefold()[:_LONGEST_NAME]
    most = 1 if len(written) < _TWO_LETTERS_FROM else 2
    near = []
    for known in names:
        folded = known.casefold()
        if written.startswith(folded) and written[len(folded) :] and not written[len(folded)].isalpha():
            return []
        if abs(len(folded) - len(written)) <= most and (off := _edits(written, folded)) <= most:
            near.append((off, known))
    return [known for _, known in sorted(near)][:3]


def _edits(one: str, other: str) -> int:
    """Return how many letters are to be added, dropped or replaced to make one text the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        before, row = row, [at]
        for place, wanted in enumerate(other, start=1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != wanted)))
    return row[-1]


def timeframes_of(name: str) -> list[str]:
    """Return the timeframes that an exchange serves and the grid can hold, shortest first.

    Raises
    ------
    ConfigurationError
        If the exchange is not known.
    """
    return list(_facts()[canonical_exchange(name)])


def check_timeframe(name: str, timeframe: str) -> None:
    """Refuse a timeframe that the exchange does not serve.

    Raises
    ------
    ConfigurationError
        Naming the timeframes the exchange serves.
    """
    timeframe_ms(timeframe)
    require_served(canonical_exchange(name), timeframe, timeframes_of(name))


def require_served(name: str, period: str, served: Collection[str], *, what: str = "timeframe") -> None:
    """Raise ConfigurationError, naming those that are, for a period that is not among those an exchange serves."""
    if period not in served:
        raise ConfigurationError(f"{name} has no {what} {period!r}; allowed: {', '.join(served)}")


def _key(name: str) -> str:
    return name.casefold().translate(_IGNORED)


@functools.cache
def _facts() -> Mapping[str, tuple[str, ...]]:
    stored = json.loads(FACTS_FILE.read_text(encoding="utf-8"))["timeframes"]
    return {PRACTICE: tuple(TIMEFRAMES), **{name: tuple(served) for name, served in stored.items()}}


@functools.cache
def _by_key() -> Mapping[str, str]:
    return {_key(name): name for name in _facts()}
