"""Bybit's ``kline.<interval>.<symbol>``: candles with a ``confirm`` flag and a stamp each."""

import msgspec

from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, TimeMs, candle, frame_parser

_TOPIC = "kline"
_TOPIC_PARTS = 3
_MINUTES = {1: "1m", 3: "3m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 120: "2h", 240: "4h", 360: "6h", 720: "12h"}
_INTERVALS = {**{str(minutes): word for minutes, word in _MINUTES.items()}, "D": "1d", "W": "1w"}


class _Kline(msgspec.Struct):
    start: TimeMs
    interval: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    confirm: bool
    timestamp: TimeMs


class _Frame(msgspec.Struct):
    topic: str | None = None
    op: str | None = None
    success: bool | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_FRAME = msgspec.json.Decoder(_Frame)
_KLINES = msgspec.json.Decoder(list[_Kline])


@frame_parser
def parse_bybit_kline(frame: bytes) -> list[ExchangeCandle]:
    """Return the candles of a frame; nothing for answers to subscriptions and pings; Unreadable for all else."""
    message = _FRAME.decode(frame)
    if message.topic is None and message.op is not None and message.success is not False:
        return []
    parts = (message.topic or "").split(".")
    if message.data is msgspec.UNSET or len(parts) != _TOPIC_PARTS or parts[0] != _TOPIC:
        raise ValueError("the message is of no kline topic")
    return [
        ExchangeCandle(
            parts[2],
            _INTERVALS.get(kline.interval, kline.interval),
            candle(kline.start, kline.open, kline.high, kline.low, kline.close, kline.volume),
            kline.confirm,
            kline.timestamp,
        )
        for kline in _KLINES.decode(message.data)
    ]
