"""Finer candles that are stored where a timeframe is missing: named, never taken for it."""

from collections.abc import Iterable

from core.timeframe import timeframe_ms
from market_data.store.candle_store import CandleStore
from market_data.store.store_layout import exchange_folder

RESAMPLED = "resampled"


def resampled_name(exchange: str) -> str:
    """Return the name of the set that holds what was resampled from a set, such as ``binance@resampled``."""
    return exchange_folder(f"{exchange}{'+' if '@' in exchange else '@'}{RESAMPLED}")


def finer_timeframes(store: CandleStore, exchange: str, symbol: str, timeframe: str) -> list[str]:
    """Return the timeframes of stored candles of which those of a timeframe can be made, the shortest first."""
    length = timeframe_ms(timeframe)
    stored = store.timeframes(exchange, symbol)
    return [one for one in stored if timeframe_ms(one) < length and length % timeframe_ms(one) == 0]


def finer_advice(store: CandleStore, exchange: str, symbols: Iterable[str], timeframe: str) -> str:
    """Return in words what is stored of symbols that lack a timeframe, of which it could be made; empty if nothing."""
    advice = []
    for symbol in symbols:
        finer = finer_timeframes(store, exchange, symbol, timeframe)
        if finer and timeframe not in store.timeframes(exchange, symbol):
            made = f"`python -m market_data resample --exchange {exchange} --symbol {symbol} --timeframe {timeframe}`"
            advice.append(f"{finer[-1]} of {symbol} is stored: {made} makes a set {resampled_name(exchange)} of it")
    return "; ".join(advice)
