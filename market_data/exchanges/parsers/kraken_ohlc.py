"""The ``ohlc`` channel of Kraken's second websocket interface: JSON numbers, times as text, no closed flag."""

import datetime

import msgspec

from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, candle, frame_parser, utc_ms

_MINUTES = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d", 10080: "1w"}
_WITHOUT_CANDLES = ("heartbeat", "status")


class _Ohlc(msgspec.Struct):
    symbol: str
    interval: int
    interval_begin: datetime.datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


class _Frame(msgspec.Struct):
    channel: str | None = None
    method: str | None = None
    success: bool | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    timestamp: datetime.datetime | None = None


_FRAME = msgspec.json.Decoder(_Frame)
_ROWS = msgspec.json.Decoder(list[_Ohlc])


@frame_parser
def parse_kraken_ohlc(frame: bytes) -> list[ExchangeCandle]:
    """Return the candles of a frame; nothing for heartbeats and answers to subscriptions; Unreadable for all else.

    The market is written as the unified symbol, ``BTC/USD``. A snapshot holds closed candles beside the running one and
    does not say which is which.
    """
    message = _FRAME.decode(frame)
    if message.channel in _WITHOUT_CANDLES or (message.method is not None and message.success is not False):
        return []
    if message.channel != "ohlc" or message.data is msgspec.UNSET:
        raise ValueError("the message is of no ohlc channel")
    stamp_ms = None if message.timestamp is None else utc_ms(message.timestamp)
    return [
        ExchangeCandle(
            row.symbol,
            _MINUTES.get(row.interval, f"{row.interval} minutes"),
            candle(utc_ms(row.interval_begin), row.open, row.high, row.low, row.close, row.volume),
            None,
            stamp_ms,
        )
        for row in _ROWS.decode(message.data)
    ]
