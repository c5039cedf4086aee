"""Binance's klines: the websocket event, alone or in the envelope of a combined stream, and the rows of REST."""

from typing import Annotated, Literal

import msgspec

from market_data.exchanges.parsers.exchange_candle import (
    ExchangeCandle,
    RowsReading,
    TimeMs,
    candle,
    frame_parser,
    rows_reading,
)

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Kline(msgspec.Struct):
    open_time: TimeMs = msgspec.field(name="t")
    close_time: TimeMs = msgspec.field(name="T")
    symbol: _Text = msgspec.field(name="s")
    interval: _Text = msgspec.field(name="i")
    open: str = msgspec.field(name="o")
    high: str = msgspec.field(name="h")
    low: str = msgspec.field(name="l")
    close: str = msgspec.field(name="c")
    volume: str = msgspec.field(name="v")
    is_closed: bool = msgspec.field(name="x")


class _KlineEvent(msgspec.Struct):
    event: Literal["kline"] = msgspec.field(name="e")
    event_time: TimeMs = msgspec.field(name="E")
    symbol: _Text = msgspec.field(name="s")
    kline: _Kline = msgspec.field(name="k")


class _Frame(msgspec.Struct):
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    event: msgspec.Raw | msgspec.UnsetType = msgspec.field(name="e", default=msgspec.UNSET)


_FRAME = msgspec.json.Decoder(_Frame)
_EVENT = msgspec.json.Decoder(_KlineEvent)
# Twelve fields: open time, five numbers, close time, quote volume, trades, two taker volumes, and one unused.
_Row = tuple[TimeMs, str, str, str, str, str, TimeMs, str, int, str, str, str]
_ROWS = msgspec.json.Decoder(list[_Row])


def parse_binance_klines(body: bytes | str) -> RowsReading:
    """Return the candles of a REST answer; it names no market and no interval and has no closed flag."""
    return rows_reading(body, _ROWS.decode, lambda row: ExchangeCandle("", "", candle(*row[:6]), None, None))


@frame_parser
def parse_binance_kline(frame: bytes) -> list[ExchangeCandle]:
    """Return the kline of a websocket frame; nothing for the answer to a subscription; Unreadable for all else."""
    envelope = _FRAME.decode(frame)
    if envelope.event is msgspec.UNSET and envelope.data is msgspec.UNSET and envelope.result is not msgspec.UNSET:
        return []
    event = _EVENT.decode(frame if envelope.data is msgspec.UNSET else envelope.data)
    kline = event.kline
    if kline.symbol != event.symbol:
        raise ValueError(f"an event of {event.symbol} holds a kline of {kline.symbol}")
    if kline.close_time <= kline.open_time:
        raise ValueError("the kline closes before it opens")
    read = candle(kline.open_time, kline.open, kline.high, kline.low, kline.close, kline.volume)
    return [ExchangeCandle(kline.symbol, kline.interval, read, kline.is_closed, event.event_time)]
