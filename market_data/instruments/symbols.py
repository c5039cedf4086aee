"""From the spelling a user writes to the one unified symbol it names.

Spellings are compared with separators removed and case folded; letters are never sliced into base and quote. A
contract's settle currency may be left out where nothing else has that spelling: on an exchange that lists both,
``BTCUSDT`` is the spot market ``BTC/USDT``, and the swap is named by its settle currency, ``BTC/USDT:USDT`` or
``BTCUSDTUSDT``.
"""

import difflib
from collections.abc import Iterable

from core.errors import ConfigurationError
from core.symbol_spelling import symbol_key


def resolve_symbol(spelling: str, symbols: Iterable[str], *, where: str = "the market list") -> str:
    """Return the unified symbol that a spelling names.

    Parameters
    ----------
    spelling
        What the user wrote: ``BTCUSDT``, ``btc-usdt``, ``BTC/USDT``, ``BTC_USDT``.
    symbols
        Unified symbols (``BASE/QUOTE`` or ``BASE/QUOTE:SETTLE``) to choose from.
    where
        What the symbols are, for the message.

    Raises
    ------
    ConfigurationError
        If no symbol matches (the nearest are named), or several do (all are named).

    Examples
    --------
    >>> resolve_symbol("btcusdt", ["BTC/USDT", "BTC/USDT:USDT", "ETH/USDT"])
    'BTC/USDT'
    >>> resolve_symbol("BTCUSDT", ["BTC/USDT:USDT"])
    'BTC/USDT:USDT'
    """
    listed = sorted(set(symbols))
    matches = matching_symbols(spelling, listed)
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ConfigurationError(
            f"symbol {spelling!r} is ambiguous in {where}: it may be {' or '.join(matches)}; write one of them"
        )
    raise ConfigurationError(f"symbol {spelling!r} is not in {where}{_nearest(symbol_key(spelling), listed)}")


def matching_symbols(spelling: str, symbols: Iterable[str]) -> list[str]:
    """Return the unified symbols that a spelling may name, sorted; just the one that is spelled exactly so, if any.

    Raises
    ------
    ConfigurationError
        If the spelling has nothing but separators.
    """
    listed = sorted(set(symbols))
    if spelling in listed:
        return [spelling]
    key = symbol_key(spelling) if isinstance(spelling, str) else ""
    if not key:
        raise ConfigurationError(f"symbol {spelling!r} is no symbol; write it like BTC/USDT or BTCUSDT")
    whole = [symbol for symbol in listed if symbol_key(symbol) == key]
    # Without the settle currency only perpetual contracts are meant: the name of a dated one carries its date.
    return whole or [symbol for symbol in listed if _swap_key(symbol) == key]


def _swap_key(symbol: str) -> str | None:
    pair, _, settle = symbol.partition(":")
    return symbol_key(pair) if settle and "-" not in settle else None


_NEAR = 0.75
"""How like a name is that was perhaps meant: all symbols of one quote currency are somewhat like each other."""


def _nearest(key: str, listed: list[str]) -> str:
    if not listed:
        return ", which is empty"
    by_key = {symbol_key(symbol): symbol for symbol in listed}
    near = difflib.get_close_matches(key, by_key, n=3, cutoff=_NEAR)
    if near:
        return f"; did you mean {' or '.join(by_key[match] for match in near)}?"
    return f"; it holds {', '.join(listed[:5])}{f' and {len(listed) - 5} more' if len(listed) > 5 else ''}"
