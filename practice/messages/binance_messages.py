"""The bodies of Binance's public REST answers, made from our values."""

from collections.abc import Mapping
from decimal import Decimal

from core.candle_columns import CandleColumns
from core.exact import plain
from core.instrument import Instrument

INTERVALS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w")
"""Intervals of Binance that are fixed lengths on our grid; its 3d and 1M are not."""

INVALID_SYMBOL = (-1121, "Invalid symbol.")
INVALID_INTERVAL = (-1120, "Invalid interval.")
SYSTEM_BUSY = (-1000, "An unknown error occurred while processing the request.")
TOO_MANY_REQUESTS = (-1003, "Too much request weight used; please use WebSocket Streams for live updates.")

KlineRow = list[int | str]


def is_spot(symbol: str) -> bool:
    """Whether a unified symbol has the form ``BASE/QUOTE``."""
    return symbol.count("/") == 1 and ":" not in symbol


def is_served(symbol: str) -> bool:
    """Whether a unified symbol is spot, or a perpetual contract ``BASE/QUOTE:QUOTE`` settled in its quote currency."""
    pair, _, settle = symbol.partition(":")
    return is_spot(pair) and settle in ("", pair.partition("/")[2])


def market_id(symbol: str) -> str:
    """Return Binance's own name of a unified symbol: its base and quote written together."""
    return symbol.partition(":")[0].replace("/", "")


def missing_parameter(name: str) -> tuple[int, str]:
    """Return code and text for a mandatory parameter that is missing."""
    return -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."


def illegal_parameter(name: str) -> tuple[int, str]:
    """Return code and text for a parameter that is no number."""
    return -1100, f"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'."


def invalid_parameter(name: str) -> tuple[int, str]:
    """Return code and text for a parameter of the statistics that is out of range."""
    return -1130, f"parameter '{name}' is invalid."


def kline_rows(candles: CandleColumns, length_ms: int) -> list[KlineRow]:
    """Return candles as Binance's arrays of 12 fields, numbers as text.

    A candle holds no quote volume, trade count or taker volumes: the first is given as close times volume, the others
    as 0.
    """
    rows: list[KlineRow] = []
    for time_ms, *numbers in zip(*(column.tolist() for column in candles), strict=True):
        close, volume = numbers[3], numbers[4]
        texts = [decimal_text(number) for number in numbers]
        none = "0.00000000"
        rows.append([time_ms, *texts, time_ms + length_ms - 1, f"{close * volume:.8f}", 0, none, none, "0"])
    return rows


def decimal_text(number: float) -> str:
    """Return a number with eight decimals, or with as many more as it takes to read back to the same float."""
    text = f"{number:.8f}"
    return text if float(text) == number else format(Decimal(repr(number)), "f")


def price_digits(instrument: Instrument) -> int:
    """Return how many decimals the prices of an instrument have, 8 where it has no price grid."""
    return step_digits(instrument.tick_size)


def step_digits(step: Decimal) -> int:
    """Return how many decimals a step has, 8 where it is 0."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if step and isinstance(exponent, int) else 8


def forming(candle: CandleColumns, now_ms: int, length_ms: int, digits: int) -> CandleColumns:
    """Return the one candle as it stands before its close.

    The price walks from the open to the extreme nearer to it, to the other extreme and to the close, in equal times;
    high and low are what it has reached, the volume is the share of the time that has passed.
    """
    opened, high, low, close = (float(column[0]) for column in candle[1:5])
    share = min(max((now_ms - int(candle.open_time_ms[0])) / length_ms, 0.0), 1.0)
    corners = (opened, high, low, close) if high - opened <= opened - low else (opened, low, high, close)
    leg = min(int(share * 3), 2)
    start, end = corners[leg], corners[leg + 1]
    price = round(min(max(start + (end - start) * (share * 3 - leg), low), high), digits)
    seen = (*corners[: leg + 1], price)
    time_ms, volume = int(candle.open_time_ms[0]), round(float(candle.volume[0]) * share, 8)
    return CandleColumns.from_rows([(time_ms, opened, max(seen), min(seen), price, volume)])


def exchange_info(markets: Mapping[str, Instrument], now_ms: int) -> dict[str, object]:
    """Return the body of ``exchangeInfo``."""
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
        ],
        "exchangeFilters": [],
        "symbols": [_symbol_info(instrument) for instrument in markets.values()],
    }


def _symbol_info(instrument: Instrument) -> dict[str, object]:
    base, quote = assets(instrument.symbol)
    tick, lot = step_text(instrument.tick_size), step_text(instrument.lot_size)
    return {
        "symbol": market_id(instrument.symbol),
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
            {
                "filterType": "LOT_SIZE",
                "minQty": step_text(max(instrument.min_quantity, instrument.lot_size)),
                "maxQty": step_text(instrument.max_quantity) if instrument.max_quantity else "9000000.00000000",
                "stepSize": lot,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": step_text(instrument.min_notional),
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            *_band_filters(instrument),
        ],
        "permissions": ["SPOT"],
    }


def _band_filters(instrument: Instrument) -> list[dict[str, object]]:
    if not instrument.band_up:
        return []
    down, up = plain(instrument.band_down), plain(instrument.band_up)
    sides = {"bidMultiplierUp": up, "bidMultiplierDown": down, "askMultiplierUp": up, "askMultiplierDown": down}
    return [{"filterType": "PERCENT_PRICE_BY_SIDE", **sides, "avgPriceMins": 5}]


def assets(symbol: str) -> tuple[str, str]:
    """Return base and quote of a unified symbol."""
    base, _, quote = symbol.partition(":")[0].partition("/")
    return base, quote


def step_text(step: Decimal) -> str:
    """Return an exact number with at least eight decimals."""
    text = plain(step)
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(8, '0')}"
