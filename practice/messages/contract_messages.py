"""The bodies of Binance's public REST answers on USDT-margined perpetual contracts, made from our values."""

from collections.abc import Mapping, Sequence

from core.candle import Candle, FundingRate, OpenInterest
from core.candle_columns import CandleColumns
from core.exact import plain
from core.instrument import Instrument
from practice.messages.binance_messages import KlineRow, assets, decimal_text, market_id, step_digits, step_text

INTEREST_RATE = "0.00010000"
"""Interest of eight hours, part of every funding rate."""

_PERPETUAL_DELIVERY_MS = 4_133_404_800_000
"""2100-12-25T08:00Z: the exchange's delivery date of contracts that have none."""


def mark_rows(candles: CandleColumns, length_ms: int) -> list[KlineRow]:
    """Return mark candles as arrays of 12 fields; volumes are 0, the count is that of the seconds."""
    rows: list[KlineRow] = []
    for time_ms, *numbers in zip(*(column.tolist() for column in candles[:5]), strict=True):
        prices = [decimal_text(number) for number in numbers]
        rows.append([time_ms, *prices, "0", time_ms + length_ms - 1, "0", length_ms // 1000, "0", "0", "0"])
    return rows


def funding_rows(symbol: str, payments: Sequence[FundingRate]) -> list[dict[str, object]]:
    """Return payments as the exchange does; the mark price is empty text where it is not known."""
    return [
        {
            "symbol": market_id(symbol),
            "fundingRate": decimal_text(one.rate),
            "fundingTime": one.time_ms,
            "markPrice": "" if one.mark_price is None else decimal_text(one.mark_price),
        }
        for one in payments
    ]


def open_interest_rows(symbol: str, rows: Sequence[OpenInterest]) -> list[dict[str, object]]:
    """Return open interest as the exchange does; the value is empty text where it is not known."""
    return [
        {
            "symbol": market_id(symbol),
            "sumOpenInterest": decimal_text(one.amount),
            "sumOpenInterestValue": "" if one.value is None else decimal_text(one.value),
            "timestamp": one.time_ms,
        }
        for one in rows
    ]


def premium_index(
    symbol: str, mark: Candle, last: FundingRate | None, next_funding_ms: int | None, now_ms: int
) -> dict[str, object]:
    """Return mark price and funding of a contract; 0 for a next payment that is not known.

    Index and settlement price are given as the mark price. The rate is that of the last payment published, where the
    exchange gives its estimate of the next one.
    """
    price = decimal_text(mark.close)
    return {
        "symbol": market_id(symbol),
        "markPrice": price,
        "indexPrice": price,
        "estimatedSettlePrice": price,
        "lastFundingRate": "0.00000000" if last is None else decimal_text(last.rate),
        "interestRate": INTEREST_RATE,
        "nextFundingTime": next_funding_ms or 0,
        "time": now_ms,
    }


def contract_info(markets: Mapping[str, Instrument], now_ms: int) -> dict[str, object]:
    """Return the body of the futures interface's ``exchangeInfo``: every market as a perpetual contract."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
        ],
        "exchangeFilters": [],
        "assets": [],
        "symbols": [_contract(instrument) for instrument in markets.values()],
    }


def _contract(instrument: Instrument) -> dict[str, object]:
    base, quote = assets(instrument.symbol)
    return {
        "symbol": market_id(instrument.symbol),
        "pair": market_id(instrument.symbol),
        "contractType": "PERPETUAL",
        "deliveryDate": _PERPETUAL_DELIVERY_MS,
        "onboardDate": 0,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote,
        "marginAsset": quote,
        "pricePrecision": step_digits(instrument.tick_size),
        "quantityPrecision": step_digits(instrument.lot_size),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "filters": _filters(instrument),
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _filters(instrument: Instrument) -> list[dict[str, object]]:
    tick, lot = step_text(instrument.tick_size), step_text(instrument.lot_size)
    quantities = {
        "minQty": step_text(max(instrument.min_quantity, instrument.lot_size)),
        "maxQty": step_text(instrument.max_quantity) if instrument.max_quantity else "9000000.00000000",
        "stepSize": lot,
    }
    filters: list[dict[str, object]] = [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
        {"filterType": "LOT_SIZE", **quantities},
        {"filterType": "MARKET_LOT_SIZE", **quantities},
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.min_notional)},
    ]
    if instrument.band_up:
        band = {"multiplierUp": plain(instrument.band_up), "multiplierDown": plain(instrument.band_down)}
        filters.append({"filterType": "PERCENT_PRICE", **band, "multiplierDecimal": "4"})
    return filters
