"""Spellings of symbols: separators and case do not count, and letters are never sliced into base and quote."""

import difflib
import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

_SEPARATORS = str.maketrans("", "", "/-_: ")

Kind = Literal["spot", "perpetual", "dated", "other settlement"]


def symbol_key(spelling: str) -> str:
    """Return a spelling without separators (``/ - _ :`` and blanks), case folded.

    Examples
    --------
    >>> symbol_key("btc-usdt") == symbol_key("BTC/USDT")
    True
    """
    return spelling.translate(_SEPARATORS).casefold()


def kind_of(symbol: str) -> Kind:
    """Return what a spelling names, as far as it says so.

    ``BTC/USDT:USDT`` names its settle currency, so it is a contract; ``BTCUSDT`` may be one too, and counts as spot.
    A ``:`` in the place of the ``/`` (``BTC:USDT``) is a separator like any other.

    Examples
    --------
    >>> kind_of("BTC/USDT:USDT"), kind_of("BTC/USD:BTC"), kind_of("BTC/USDT:USDT-250627"), kind_of("btc:usdt")
    ('perpetual', 'other settlement', 'dated', 'spot')
    """
    pair, _, settled = symbol.partition(":")
    settle, _, date = settled.partition("-")
    pair_key, settle_key = symbol_key(pair), symbol_key(settle)
    within = pair_key != settle_key and (pair_key.endswith(settle_key) or pair_key.startswith(settle_key))
    if not settle_key or not ("/" in pair or within):
        return "spot"
    if date:
        return "dated"
    quote = symbol_key(pair.rpartition("/")[2])
    return "perpetual" if quote.endswith(settle_key) else "other settlement"


class KnownSymbols:
    """Symbols that are looked up by many spellings.

    Examples
    --------
    >>> known = KnownSymbols(["BTC/USDT:USDT", "ETH/USDT"])
    >>> known.named("btcusdt"), known.named("ETH-USDT"), known.named("SOL/USDT")
    (['BTC/USDT:USDT'], ['ETH/USDT'], [])
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self._symbols = tuple(symbols)
        self._by_letters = _by(symbol_key, self._symbols)

    def named(self, spelling: str) -> list[str]:
        """Return the symbols that a spelling names: those of the same letters, else those but for the settle currency.

        They are in the order in which they were given.
        """
        exact = self._by_letters.get(symbol_key(spelling))
        return list(exact or self._by_pair.get(symbol_key(_pair(spelling)), []))

    @functools.cached_property
    def _by_pair(self) -> Mapping[str, list[str]]:
        return _by(lambda symbol: symbol_key(_pair(symbol)), self._symbols)


def same_symbols(spelling: str, symbols: Iterable[str]) -> list[str]:
    """Return the symbols that a spelling names; see :meth:`KnownSymbols.named`."""
    return KnownSymbols(symbols).named(spelling)


def _by(key: Callable[[str], str], symbols: Iterable[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for symbol in symbols:
        found.setdefault(key(symbol), []).append(symbol)
    return found


def _pair(symbol: str) -> str:
    """Return a symbol without the settle currency of a perpetual contract."""
    return symbol.partition(":")[0] if kind_of(symbol) == "perpetual" else symbol


def nearest_symbol(spelling: object, symbols: Iterable[str]) -> str:
    """Return `` (did you mean …?)`` for a symbol that is spelt nearly so, or empty text.

    Examples
    --------
    >>> nearest_symbol("BTC/USTD", ["BTC/USDT", "ETH/USDT"]), nearest_symbol("SOL/USDT", ["BTC/USDT"])
    (' (did you mean BTC/USDT?)', '')
    """
    # Few letters tell symbols apart: all of one quote currency are like each other.
    by_key = {symbol_key(one): one for one in symbols}
    near = difflib.get_close_matches(symbol_key(spelling), by_key, 1, 0.75) if isinstance(spelling, str) else []
    return f" (did you mean {by_key[near[0]]}?)" if near else ""
