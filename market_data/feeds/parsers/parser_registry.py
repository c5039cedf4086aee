"""From an exchange's name to the parser of its websocket frames."""

import importlib
from collections.abc import Callable

from market_data.feeds.parsers.exchange_candle import Reading

FrameParser = Callable[[bytes | str], Reading]

_PARSERS = {
    "binance": "binance_kline",
    "binanceus": "binance_kline",
    "bybit": "bybit_kline",
    "dydx": "dydx_candle",
    "gate": "gateio_candlestick",
    "gateio": "gateio_candlestick",
    "kraken": "kraken_ohlc",
    "okx": "okx_candle",
}


def frame_parser(name: str) -> FrameParser | None:
    """Return the parser of an exchange's candle frames, None where there is none."""
    module_name = _PARSERS.get(name)
    if module_name is None:
        return None
    module = importlib.import_module(f"market_data.feeds.parsers.{module_name}")
    parser: FrameParser = getattr(module, f"parse_{module_name}")
    return parser
