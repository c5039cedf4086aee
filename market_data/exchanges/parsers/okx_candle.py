"""The ``candle…`` channels of OKX and Okcoin: arrays of text, the last field 0 or 1 for closed."""

from typing import Literal

import msgspec

from market_data.exchanges.parsers.exchange_candle import ExchangeCandle, candle, frame_parser

_CHANNEL = "candle"
_MOST_DIGITS = 15
# Longer candles open at midnight of Hong Kong unless their channel ends in utc, and are none of ours.
_HOURS = {"1H": "1h", "2H": "2h", "4H": "4h"}
_UTC = {"6Hutc": "6h", "12Hutc": "12h", "1Dutc": "1d", "1Wutc": "1w"}
# Time, four prices, three volumes of which the first is ours (base currency, or contracts), and the closed flag.
_Row = tuple[str, str, str, str, str, str, str, str, Literal["0", "1"]]


class _Argument(msgspec.Struct):
    channel: str
    market_id: str = msgspec.field(name="instId", default="")


class _Frame(msgspec.Struct):
    arg: _Argument | None = None
    event: str | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_FRAME = msgspec.json.Decoder(_Frame)
_ROWS = msgspec.json.Decoder(list[_Row])


@frame_parser
def parse_okx_candle(frame: bytes) -> list[ExchangeCandle]:
    """Return the candles of a frame; nothing for answers to subscriptions and pings; Unreadable for all else.

    The messages carry no stamp of their own.
    """
    if frame == b"pong":
        return []
    message = _FRAME.decode(frame)
    if message.event in ("subscribe", "unsubscribe", "channel-conn-count") and message.data is msgspec.UNSET:
        return []
    if message.arg is None or message.data is msgspec.UNSET or not message.arg.channel.startswith(_CHANNEL):
        raise ValueError("the message is of no candle channel")
    word = message.arg.channel.removeprefix(_CHANNEL)
    interval = _HOURS.get(word) or _UTC.get(word) or word
    return [
        ExchangeCandle(message.arg.market_id, interval, candle(_time_ms(row[0]), *row[1:6]), row[8] == "1", None)
        for row in _ROWS.decode(message.data)
    ]


def _time_ms(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ValueError(f"{text[:40]!r} is no time in milliseconds")
    return int(text)
