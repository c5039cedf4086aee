"""The ``v4_candles`` channel of dYdX: numbers and times as text, no closed flag."""

import datetime

import msgspec

from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, candle, frame_parser, utc_ms

_CHANNEL = "v4_candles"
_RESOLUTIONS = {
    "1MIN": "1m",
    "5MINS": "5m",
    "15MINS": "15m",
    "30MINS": "30m",
    "1HOUR": "1h",
    "4HOURS": "4h",
    "1DAY": "1d",
}


class _Candle(msgspec.Struct):
    started_at: datetime.datetime = msgspec.field(name="startedAt")
    ticker: str
    resolution: str
    open: str
    high: str
    low: str
    close: str
    base_volume: str = msgspec.field(name="baseTokenVolume")


class _Snapshot(msgspec.Struct):
    candles: list[_Candle]


class _Frame(msgspec.Struct):
    type: str
    channel: str = ""
    contents: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_FRAME = msgspec.json.Decoder(_Frame)
_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_UPDATE = msgspec.json.Decoder(_Candle)
_BATCH = msgspec.json.Decoder(list[_Candle])


@frame_parser
def parse_dydx_candle(frame: bytes) -> list[ExchangeCandle]:
    """Return the candles of a frame; nothing for the greeting and the end of a subscription; Unreadable for all else.

    The messages carry no stamp of their own.
    """
    message = _FRAME.decode(frame)
    if message.type in ("connected", "unsubscribed", "pong"):
        return []
    if message.channel != _CHANNEL or message.contents is msgspec.UNSET:
        raise ValueError(f"a message of type {message.type[:40]!r} is of no candle channel")
    match message.type:
        case "subscribed":
            rows = _SNAPSHOT.decode(message.contents).candles
        case "channel_data":
            rows = [_UPDATE.decode(message.contents)]
        case "channel_batch_data":
            rows = _BATCH.decode(message.contents)
        case _:
            raise ValueError(f"a message of type {message.type[:40]!r} carries no candles")
    return [
        ExchangeCandle(
            row.ticker,
            _RESOLUTIONS.get(row.resolution, row.resolution),
            candle(utc_ms(row.started_at), row.open, row.high, row.low, row.close, row.base_volume),
            None,
            None,
        )
        for row in rows
    ]
