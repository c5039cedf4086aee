"""How entries are made in drawn cases of the compiled rules: by settings, trading rules and what signals say."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from core.instrument import Instrument
from core.trading_signal import Signal

ENTRY_SETTINGS: Mapping[str, Sequence[Any]] = {
    "entry_order": ("market", "limit", "market", "limit", "stop"),
    "entry_offset": (0.001, 0.01, 0.0, 0.03, 0.0),
    "entry_time_in_force": ("GTC", "GTD", "IOC", "IOC"),
    "entry_expiry": (1, 2, 3),
    "post_only": (False, True),
    "max_entries": (1, 3, 1, 2),
    "volume_cap": (None, None, 0.02, 0.3333, 1.0),
    "limit_fill": ("through", "touch", "probability"),
    "limit_fill_probability": (0.5, 0.3, 0.9, 0.0, 1.0),
    "commission": (
        {},
        {"maker": -0.0001, "taker": 0.0004},
        {"tiers": [{"volume": 400.5, "maker": 0.0003, "taker": 0.00045}]},
        {
            "maker": 0.0002,
            "taker": 0.001,
            "tiers": [
                {"volume": 0.1, "maker": 0.0001, "taker": 0.0007},
                {"volume": 700.0, "maker": -0.00005, "taker": 0.0005},
                {"volume": 5000.0, "maker": -0.0001, "taker": 0.0003},
            ],
        },
    ),
    "limit_fill_seed": (0, 7, 2**63 - 1),
}
"""By flat name; :func:`read_settings` leaves out what has no effect beside the others."""

ENTRY_EVENTS = """EXPIRED|gtd, EXPIRED|ioc, REJECTED|percent_price, REJECTED|price, REJECTED|would_take, LIMIT|GTC,
LIMIT|GTD, LIMIT|IOC, STOP_MARKET|GTC, STOP_MARKET|GTD, percent_price, price, above_max_quantity, added,
PARTIALLY_FILLED|signal, PARTIALLY_FILLED|stop, PARTIALLY_FILLED|target, PARTIALLY_FILLED|opposite_signal,
REPLACED|triggered"""
"""What must happen in some of the cases."""

_KINDS = (None, None, None, "market", "limit", "stop", None, "limit")


def read_settings(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return flat settings without those of entries that would be refused beside the others."""
    found = dict(flat)
    if flat["max_entries"] > 1:
        # So small that a position leaves room for more.
        found.update(max_exposure_pct=1.0, max_exposure=1.0, default_risk_per_trade=0.003)
    if flat["limit_fill"] != "probability":
        del found["limit_fill_probability"], found["limit_fill_seed"]
    if flat["entry_order"] == "market":
        for name in ("entry_offset", "entry_time_in_force", "entry_expiry", "post_only"):
            del found[name]
        return found
    found["entry_fill"] = "next_open"
    if flat["entry_order"] == "stop":
        del found["post_only"]
    if flat["entry_time_in_force"] == "IOC" and (flat["entry_order"] == "stop" or flat["post_only"]):
        found["entry_time_in_force"] = "GTC"
    if found["entry_time_in_force"] != "GTD":
        del found["entry_expiry"]
    elif found["entry_expiry"] == 1:
        found["latency_ms"] = 0
    return found


def entry_rules(rules: Instrument, number: int) -> Instrument:
    """Return a symbol's trading rules with a band of prices, or a largest quantity, now and then."""
    if number % 3 == 1:
        return msgspec.structs.replace(rules, band_down=Decimal("0.985"), band_up=Decimal("1.015"))
    return msgspec.structs.replace(rules, max_quantity=rules.lot_size * 12) if number % 3 == 2 else rules


def entering(signal: Signal, number: int, close: float, rules: Instrument) -> Signal:
    """Return a signal that now and then says how it enters, and where, and for how long."""
    kind = _KINDS[number % 8]
    if kind not in ("limit", "stop"):
        return msgspec.structs.replace(signal, entry=kind)
    sign = 1 if signal.direction == "LONG" else -1
    better = -sign if kind == "limit" else sign
    price = close * (1 + better * 0.009 * (number % 3)) if number % 3 else None
    if better < 0 and number % 7 == 0:
        price = float(rules.tick_size) / 2
    expiry = 1 + number % 4 if number % 5 < 3 else None
    return msgspec.structs.replace(signal, entry=kind, entry_price=price, entry_expiry=expiry)
