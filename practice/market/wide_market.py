"""The practice market with as many symbols as are asked for."""

from collections.abc import Sequence

import msgspec

from core.errors import ConfigurationError
from market_data.practice.practice_listings import LISTINGS
from market_data.practice.practice_market import PracticeMarket
from practice.messages.binance_messages import is_spot


def practice_source(seed: int, symbols: Sequence[str] | None = None) -> PracticeMarket:
    """Return the practice market with these symbols, its own eight by default.

    A symbol that the practice market does not list has the trading rules and the character of one of the eight, in
    turn, and a history of its own, which its name and the seed decide.

    Raises
    ------
    ConfigurationError
        If a symbol is not of the form ``BASE/QUOTE``.
    """
    if symbols is None:
        return PracticeMarket(seed)
    models = list(LISTINGS.values())
    listings = {}
    for place, symbol in enumerate(dict.fromkeys(symbol.upper() for symbol in symbols)):
        if not is_spot(symbol) or not all(part.isalnum() and part.isascii() for part in symbol.split("/")):
            raise ConfigurationError(f"symbol {symbol!r} is not allowed; allowed: the form BASE/QUOTE, as BTC/USDT")
        model = models[place % len(models)]
        listings[symbol] = LISTINGS.get(symbol) or msgspec.structs.replace(model, symbol=symbol)
    return PracticeMarket(seed, listings=listings)
