"""Rules of the symbols: each once, of one currency, spot or perpetual as the settings say, and their leverages."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, nearest_name, shown, shown_key
from core.symbol_spelling import kind_of, same_symbols, symbol_key
from execution.venue_settings import PerpetualSettings

PERPETUALS_ONLY = frozenset({
    "apex", "binancecoinm", "binanceusdm", "blofin", "bydfi", "dydx", "extended", "grvt", "hibachi", "krakenfutures",
    "kucoinfutures", "modetrade", "mudrex", "paradex", "polymarket", "woofipro",
})  # fmt: skip
"""Exchanges of the pinned ccxt that trade swaps and no spot."""

ADD_PERPETUAL = "the section execution.perpetual, which brings its margin and funding (leverage: 1 borrows nothing)"


def repeated_symbols(symbols: Iterable[str], name: str = "symbols") -> Iterator[SettingsProblem]:
    """Yield symbols that stand twice, separators and case aside; ``name`` is the key that lists them."""
    first: dict[str, str] = {}
    for position, symbol in enumerate(symbols):
        key = symbol_key(symbol)
        if key in first:
            again = f"{shown(symbol)} is {shown(first[key])} again"
            yield SettingsProblem(f"{name}[{position}]", again, "allowed: each symbol once")
        first.setdefault(key, symbol)


def watched_and_traded(watched: Iterable[str], traded: Iterable[str]) -> Iterator[SettingsProblem]:
    """Yield watched symbols that stand twice, or are traded: a strategy sees those anyway."""
    watched = list(watched)
    yield from repeated_symbols(watched, "watch")
    keys = {symbol_key(symbol) for symbol in traded}
    for position, symbol in enumerate(watched):
        if symbol_key(symbol) in keys:
            wrong = f"{shown(symbol)} stands among symbols: it is traded, and the strategy sees it without this"
            yield SettingsProblem(f"watch[{position}]", wrong, "allowed: symbols that are not traded")


def currency_of(symbol: str) -> str | None:
    """Return the currency in which a spelling says its amounts are: a contract's settle currency, else the quote.

    None where the spelling does not say: letters are never sliced into base and quote.

    Examples
    --------
    >>> currency_of("ETH/BTC"), currency_of("BTC/USDT:USDT"), currency_of("btc-usdt"), currency_of("BTCUSDT")
    ('BTC', 'USDT', 'USDT', None)
    """
    parts = re.split("[/:_-]", symbol)
    if kind_of(symbol) != "spot":
        return symbol.partition(":")[2].partition("-")[0].upper()
    return parts[1].upper() if len(parts) == 2 else None


def currencies_at_odds(names: Mapping[str, str]) -> Iterator[SettingsProblem]:
    """Yield symbols that are kept in another currency than the first whose currency is known.

    An account adds the amounts of its symbols one to one. ``names`` has, by symbol as configured and in that order, the
    name that says the currency.
    """
    first: tuple[str, str] | None = None
    for position, (symbol, name) in enumerate(names.items()):
        currency = currency_of(name)
        if currency is None:
            continue
        first = first or (symbol, currency)
        if currency != first[1]:
            wrong = f"{shown(symbol)} is kept in {shown(currency)[1:-1]}, {shown(first[0])} in {shown(first[1])[1:-1]}"
            allowed = "allowed: symbols of one quote (or settle) currency, in which the account is kept"
            yield SettingsProblem(f"symbols[{position}]", wrong, allowed)


def require_one_currency(unified: Mapping[str, str]) -> None:
    """Refuse symbols of several currencies; ``unified`` has the unified symbol of each spelling, in configured order.

    Raises
    ------
    ConfigurationError
        Naming two symbols and their currencies.
    """
    problems = list(currencies_at_odds(unified))
    if problems:
        raise ConfigurationError(*(f"{one.key}: {one.wrong} — {one.allowed}" for one in problems))


def contracts_at_odds(symbols: Iterable[str], perpetual: PerpetualSettings | None) -> Iterator[SettingsProblem]:
    """Yield contracts without the section for them, and contracts of kinds that are not traded."""
    for position, symbol in enumerate(symbols):
        kind = kind_of(symbol)
        if kind == "spot" or (kind == "perpetual" and perpetual is not None):
            continue
        if kind == "perpetual":
            wrong, allowed = "is a perpetual contract", f"with {ADD_PERPETUAL}"
        elif kind == "dated":
            wrong, allowed = "is a contract with a date", "spot symbols and perpetual contracts"
        else:
            wrong, allowed = "is not settled in its quote currency", "contracts settled in it, such as BTC/USDT:USDT"
        yield SettingsProblem(f"symbols[{position}]", f"{shown(symbol)} {wrong}", f"allowed: {allowed}")


def configured_leverages(
    written: Mapping[str, float], symbols: Sequence[str]
) -> tuple[dict[str, float], list[SettingsProblem]]:
    """Return the leverages by symbol as configured and in that order, and a problem for each name that is no symbol.

    Spellings are compared without separators and case. The settle currency may be left out on either side:
    ``BTCUSDT`` names ``BTC/USDT:USDT`` where no other symbol has that spelling.
    """
    found: dict[str, str] = {}
    problems: list[SettingsProblem] = []
    for name in written:
        matches = same_symbols(name, symbols)
        wrong = ""
        if len(matches) > 1:
            wrong = f"may be {' or '.join(map(shown, matches))}"
        elif not matches:
            nearest = nearest_name(name, symbols)
            wrong = "is no configured symbol" + (f" (did you mean {nearest}?)" if nearest is not None else "")
        elif matches[0] in found:
            wrong = f"is {shown(found[matches[0]])} again"
        else:
            found[matches[0]] = name
        if wrong:
            some = ", ".join(symbols[:5]) + (", …" if len(symbols) > 5 else "")
            key = f"execution.perpetual.leverages.{shown_key(name)}"
            problems.append(SettingsProblem(key, wrong, f"allowed: each of {some} once"))
    return {symbol: written[found[symbol]] for symbol in symbols if symbol in found}, problems
