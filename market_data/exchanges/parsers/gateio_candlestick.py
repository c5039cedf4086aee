"""Gate.io's ``spot.candlesticks``: one candle a message, its time in seconds as text."""

import msgspec

from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, TimeMs, candle, frame_parser

_CHANNEL = "spot.candlesticks"
_MOST_DIGITS = 12


class _Candlestick(msgspec.Struct):
    open_time_s: str = msgspec.field(name="t")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    close: str = msgspec.field(name="c")
    quote_volume: str = msgspec.field(name="v")
    name: str = msgspec.field(name="n")
    base_volume: str | None = msgspec.field(name="a", default=None)
    closed: bool | None = msgspec.field(name="w", default=None)


class _Head(msgspec.Struct):
    channel: str
    event: str = ""
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Update(msgspec.Struct):
    time: TimeMs
    result: _Candlestick
    time_ms: TimeMs | None = None


_HEAD = msgspec.json.Decoder(_Head)
_UPDATE = msgspec.json.Decoder(_Update)


@frame_parser
def parse_gateio_candlestick(frame: bytes) -> list[ExchangeCandle]:
    """Return the candle of a frame; nothing for answers to subscriptions and pings; Unreadable for all else.

    Its interval and market are one word, ``1m_BTC_USDT``. The volume is the base amount ``a``; messages from before the
    exchange sent it have only ``v``, which is in quote currency.
    """
    head = _HEAD.decode(frame)
    if head.error is not msgspec.UNSET and bytes(head.error) != b"null":
        raise ValueError("the exchange reports an error")
    if head.channel == "spot.pong" or (head.channel == _CHANNEL and head.event in ("subscribe", "unsubscribe")):
        return []
    if head.channel != _CHANNEL or head.event != "update":
        raise ValueError(f"channel {head.channel[:40]!r} with event {head.event[:40]!r} is no candle")
    update = _UPDATE.decode(frame)
    row = update.result
    interval, _, market_id = row.name.partition("_")
    if not interval or not market_id:
        raise ValueError(f"{row.name[:40]!r} names no interval and market")
    if not (row.open_time_s.isascii() and row.open_time_s.isdigit() and len(row.open_time_s) <= _MOST_DIGITS):
        raise ValueError(f"{row.open_time_s[:40]!r} is no time in seconds")
    volume = row.quote_volume if row.base_volume is None else row.base_volume
    read = candle(int(row.open_time_s) * 1000, row.open, row.high, row.low, row.close, volume)
    stamp_ms = update.time * 1000 if update.time_ms is None else update.time_ms
    return [ExchangeCandle(market_id, interval, read, row.closed, stamp_ms)]
