"""From ccxt's description of a market to trading rules."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import ccxt

from core.instrument import DEFAULT_STEP, Instrument

_BAND_FILTERS = ("PERCENT_PRICE", "PERCENT_PRICE_BY_SIDE")
_STATUS_NAMES = ("status", "contractStatus", "state", "trade_status", "trading")
_DOWN = ("multiplierDown", "bidMultiplierDown", "askMultiplierDown")
_UP = ("multiplierUp", "bidMultiplierUp", "askMultiplierUp")


def instrument_of(market: Mapping[str, Any], precision_mode: int, as_of_ms: int) -> Instrument:
    """Return a ccxt market's trading rules; what ccxt does not know gets the instrument's default."""
    precision, limits = market.get("precision") or {}, market.get("limits") or {}
    amounts = limits.get("amount") or {}
    band_down, band_up = _band(market.get("info"))
    return Instrument(
        symbol=market["symbol"],
        tick_size=_step(precision.get("price"), precision_mode),
        lot_size=_step(precision.get("amount"), precision_mode),
        min_notional=_amount((limits.get("cost") or {}).get("min")),
        min_quantity=_amount(amounts.get("min")),
        max_quantity=_amount(amounts.get("max")),
        band_down=band_down,
        band_up=band_up,
        as_of_ms=as_of_ms,
        source="market list",
    )


def trading_halt(market: Mapping[str, Any]) -> str:
    """Return an exchange's word for a market that it lists and does not trade now, empty where it does or says nothing.

    ccxt's ``active`` is False for such a one; the word is that of the exchange's own answer.
    """
    if market.get("active") is not False:
        return ""
    info = market.get("info")
    named = (info.get(name) for name in _STATUS_NAMES) if isinstance(info, Mapping) else ()
    return next((word for word in named if isinstance(word, str) and word), "not active")


def _step(value: float | None, precision_mode: int) -> Decimal:
    # Significant digits are no grid: the step would move with the price.
    if value is None or precision_mode == ccxt.SIGNIFICANT_DIGITS:
        return DEFAULT_STEP
    if precision_mode == ccxt.DECIMAL_PLACES:
        return Decimal(1).scaleb(-int(value))
    step = _amount(value)
    return step if step else DEFAULT_STEP


def _amount(value: float | None) -> Decimal:
    amount = Decimal(0) if value is None else Decimal(repr(float(value)))
    return amount if amount.is_finite() and amount > 0 else Decimal(0)


def _band(info: object) -> tuple[Decimal, Decimal]:
    """Return the narrowest band among a market's percent-price filters as Binance writes them, 0 where there is none.

    Source: Binance, "Filters": ``PERCENT_PRICE`` bounds a price to ``multiplierDown`` .. ``multiplierUp`` times a
    reference price of the exchange, ``PERCENT_PRICE_BY_SIDE`` each side on its own.
    """
    filters = info.get("filters") if isinstance(info, Mapping) else None
    found = [
        one
        for one in (filters if isinstance(filters, list) else [])
        if isinstance(one, Mapping) and one.get("filterType") in _BAND_FILTERS
    ]
    downs = _multipliers(one.get(name) for one in found for name in _DOWN)
    ups = _multipliers(one.get(name) for one in found for name in _UP)
    return max(downs, default=Decimal(0)), min(ups, default=Decimal(0))


def _multipliers(values: Iterable[object]) -> list[Decimal]:
    found = []
    for value in values:
        try:
            number = float(value) if isinstance(value, str | int | float) else 0.0
        except ValueError:
            continue
        if math.isfinite(number) and number > 0:
            found.append(Decimal(repr(number)))
    return found
