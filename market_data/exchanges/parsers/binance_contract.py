"""Binance's REST answers on USDT-margined perpetual contracts: funding rates, the premium index, open interest."""

from typing import Annotated

import msgspec

from core.candle import FundingRate, OpenInterest
from market_data.exchanges.parsers.exchange_candle import (
    MISREADINGS,
    TimeMs,
    Unreadable,
    number,
    open_interest,
    unreadable,
)

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Funding(msgspec.Struct):
    symbol: _Text
    rate: str = msgspec.field(name="fundingRate")
    time_ms: TimeMs = msgspec.field(name="fundingTime")
    mark_price: str = msgspec.field(name="markPrice", default="")


class _Premium(msgspec.Struct):
    symbol: _Text
    mark_price: str = msgspec.field(name="markPrice")
    next_funding_ms: TimeMs = msgspec.field(name="nextFundingTime")
    time_ms: TimeMs = msgspec.field(name="time")


class _Interest(msgspec.Struct):
    symbol: _Text
    amount: str = msgspec.field(name="sumOpenInterest")
    time_ms: TimeMs = msgspec.field(name="timestamp")
    value: str = msgspec.field(name="sumOpenInterestValue", default="")


_FUNDING = msgspec.json.Decoder(list[_Funding])
_PREMIUM = msgspec.json.Decoder(_Premium)
_INTEREST = msgspec.json.Decoder(list[_Interest])


def parse_binance_funding(body: bytes | str, market_id: str) -> list[FundingRate] | Unreadable:
    """Return the payments of an answer about one contract, as they came; Unreadable where one cannot be read.

    The mark price is None where it is missing, empty or not above 0: answers on the first years have none.
    """
    try:
        rows = _FUNDING.decode(body)
        if strange := [row.symbol for row in rows if row.symbol != market_id]:
            raise ValueError(f"a rate of {strange[0]} stands among those of {market_id}")
        return [FundingRate(row.time_ms, number(row.rate), _mark_price(row.mark_price)) for row in rows]
    except MISREADINGS as error:
        return unreadable(error, body)


def parse_binance_next_funding(body: bytes | str, market_id: str) -> int | Unreadable | None:
    """Return the time of the next payment, None where the answer has 0; Unreadable for all else."""
    try:
        premium = _PREMIUM.decode(body)
        if premium.symbol != market_id:
            raise ValueError(f"the answer is about {premium.symbol}")
    except MISREADINGS as error:
        return unreadable(error, body)
    return premium.next_funding_ms or None


def parse_binance_open_interest(body: bytes | str, market_id: str) -> list[OpenInterest] | Unreadable:
    """Return the open interest of an answer about one contract, as it came; Unreadable where a row cannot be read.

    The value is None where it is missing, empty or not above 0, as in the store.
    """
    try:
        rows = _INTEREST.decode(body)
        if strange := [row.symbol for row in rows if row.symbol != market_id]:
            raise ValueError(f"a row of {strange[0]} stands among those of {market_id}")
        return [open_interest(row.time_ms, row.amount, row.value) for row in rows]
    except MISREADINGS as error:
        return unreadable(error, body)


def _mark_price(text: str) -> float | None:
    price = number(text) if text else 0.0
    return price if price > 0.0 else None
