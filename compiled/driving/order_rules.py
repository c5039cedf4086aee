"""What entries become by the settings, and what the venue accepts, as whole numbers."""

import math
from decimal import Decimal
from fractions import Fraction

from compiled.codes import BY_CHANCE, LIMIT, MARKET, STOP_MARKET, THROUGH, TIMES_IN_FORCE, TOUCH
from compiled.driving.scaled_market import shares_of
from compiled.integers import LARGEST
from core.exact import EXACT, ONE, received
from core.instrument import Instrument
from core.tolerance import EXACT_TOLERANCE
from execution.execution_settings import ExecutionSettings

_ENTRY_ORDERS = {"market": MARKET, "limit": LIMIT, "stop": STOP_MARKET}
_LIMIT_FILLS = {"through": THROUGH, "touch": TOUCH, "probability": BY_CHANCE}


def entry_rules(fills: ExecutionSettings) -> dict[str, int]:
    """Return which order an entry becomes, where it stands and for how long."""
    offset = received(fills.entry_offset)
    below, above = shares_of(EXACT.subtract(ONE, offset), EXACT.add(ONE, offset))
    return {
        "entry_order": _ENTRY_ORDERS[fills.entry_order],
        "entry_below": below.number,
        "entry_above": above.number,
        "entry_unit": below.unit,
        "entry_decimals": len(str(below.unit)) - 1,
        "time_in_force": TIMES_IN_FORCE.index(fills.entry_time_in_force),
        "entry_expiry": fills.entry_expiry,
        "post_only": fills.post_only,
        "max_entries": fills.max_entries,
    }


def limit_rules(fills: ExecutionSettings) -> dict[str, int]:
    """Return when limits fill, and below which number of 64 bits, in two words, a drawn one lets a touch fill."""
    high, low = divmod(math.ceil(fills.limit_fill_probability * 2.0**64), 1 << 32)
    return {"limit_fill": _LIMIT_FILLS[fills.limit_fill], "chance_high": high, "chance_low": low}


def cap_rules(fills: ExecutionSettings) -> dict[str, int]:
    """Return the share of a candle's volume that orders fill; 0 is no cap."""
    (share,) = shares_of(received(fills.volume_cap or 0.0))
    return {"cap": share.number, "cap_unit": share.unit}


def letters_of(fills: ExecutionSettings, symbol: str) -> bytes:
    """Return what the text begins with that the chance of a symbol's limit fills is drawn from."""
    return f"{fills.limit_fill_seed}|{symbol}|".encode()


def acceptance_rules(rules: Instrument, quantity_decimals: int, money_decimals: int) -> dict[str, int]:
    """Return the least and the largest that the venue accepts, the tolerance included, and its band of prices."""
    quantities, money = 10**quantity_decimals, 10**money_decimals
    down, up = shares_of(rules.band_down, rules.band_up)
    largest = math.floor(_with_tolerance(rules.max_quantity) * quantities) if rules.max_quantity else LARGEST
    return {
        "least_quantity": math.ceil(_without_tolerance(rules.min_quantity) * quantities),
        "most_quantity": min(largest, LARGEST),
        "least_value": min(math.ceil(_without_tolerance(rules.min_notional) * money), LARGEST),
        "band_down": down.number,
        "band_up": up.number,
        "band_unit": down.unit,
    }


def _with_tolerance(number: Decimal) -> Fraction:
    return Fraction(number) * Fraction(EXACT_TOLERANCE)


def _without_tolerance(number: Decimal) -> Fraction:
    return Fraction(number) / Fraction(EXACT_TOLERANCE)
