"""Binance's websocket messages: kline events, and the answers to subscription requests."""

import re
from collections.abc import Collection
from typing import NamedTuple

import msgspec

from core.candle import Candle
from practice.messages.binance_messages import INTERVALS, decimal_text, market_id

EVENT_LAG_MS = 5
"""From a candle's close to the event time of its final; recorded messages of the real exchange have 5 ms to 2 s."""

_STREAM = re.compile(r"([a-z0-9]{1,40})@kline_([0-9]{1,2}[smhdw])")
_LARGEST_ID = 2**63


class Stream(NamedTuple):
    """What one kline stream carries: a unified symbol and a timeframe."""

    symbol: str
    timeframe: str


def parsed_stream(name: str, symbols: dict[str, str]) -> Stream | None:
    """Return the stream a name (``btcusdt@kline_1m``) stands for, None where this exchange has none of that name.

    ``symbols`` maps the exchange's own lower-case symbols to unified ones.
    """
    match = _STREAM.fullmatch(name)
    if match is None or match[1] not in symbols or match[2] not in INTERVALS:
        return None
    return Stream(symbols[match[1]], match[2])


class KlineEvent(NamedTuple):
    """One kline message in its two forms: as it stands, and wrapped with its stream's name for combined streams."""

    raw: str
    combined: str


def kline_event(stream: Stream, candle: Candle, length_ms: int, *, final: bool, event_ms: int) -> KlineEvent:
    """Return the message of a candle; quote volume is close times volume, trade counts and taker volumes are 0."""
    market = market_id(stream.symbol)
    none = "0.00000000"
    event = {
        "e": "kline",
        "E": event_ms,
        "s": market,
        "k": {
            "t": candle.open_time_ms,
            "T": candle.open_time_ms + length_ms - 1,
            "s": market,
            "i": stream.timeframe,
            "f": -1,
            "L": -1,
            "o": decimal_text(candle.open),
            "c": decimal_text(candle.close),
            "h": decimal_text(candle.high),
            "l": decimal_text(candle.low),
            "v": decimal_text(candle.volume),
            "n": 0,
            "x": final,
            "q": f"{candle.close * candle.volume:.8f}",
            "V": none,
            "Q": none,
            "B": "0",
        },
    }
    raw = msgspec.json.encode(event).decode()
    name = f"{market.lower()}@kline_{stream.timeframe}"
    return KlineEvent(raw, f'{{"stream":"{name}","data":{raw}}}')


class StreamRequest(msgspec.Struct, frozen=True):
    """A client's request as it came: ``{"method": "SUBSCRIBE", "params": [...], "id": 1}``."""

    method: str
    id: int | str | None = None
    params: list[str | bool] = []


class RefusedRequest(Exception):
    """A websocket request that the exchange answers with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


_decode = msgspec.json.Decoder(StreamRequest).decode
"""Made before there are threads: docs/developing.md says why."""


def parsed_request(text: str | bytes) -> StreamRequest:
    """Return the request in a text frame; RefusedRequest for one that is none."""
    try:
        request = _decode(text)
    except msgspec.ValidationError as error:
        raise RefusedRequest(2, f"Invalid request: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedRequest(3, f"Invalid JSON: {error}") from None
    if isinstance(request.id, int) and not 0 <= request.id < _LARGEST_ID:
        raise RefusedRequest(2, "Invalid request: request ID must be an unsigned integer")
    return request


def result(request_id: int | str | None, value: Collection[str] | bool | None = None) -> str:
    """Return the answer to a request that was carried out."""
    return msgspec.json.encode({"result": value, "id": request_id}).decode()


def refusal(code: int, text: str, request_id: int | str | None = None) -> str:
    """Return the answer to a request that was not."""
    answer: dict[str, object] = {"error": {"code": code, "msg": text}}
    if request_id is not None:
        answer["id"] = request_id
    return msgspec.json.encode(answer).decode()
