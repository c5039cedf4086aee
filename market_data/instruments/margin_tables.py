"""Margin tables of perpetual contracts from files; exchanges mostly give them to users with a key only.

A table is JSON: tiers by symbol, or a list of objects with a symbol and its tiers. Each tier has the largest notional,
the maintenance rate, the highest leverage, and the maintenance amount, under our names, Binance's or ccxt's.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigurationError
from core.instrument import MarginTier, TierFault, tier_faults
from market_data.instruments.instrument_store import InstrumentStore
from market_data.instruments.symbols import matching_symbols
from market_data.store.candle_store import CandleStore

_NAMES = {
    "notional_cap": ("notional_cap", "notionalCap", "maxNotional"),
    "maintenance_rate": ("maintenance_rate", "maintMarginRatio", "maintenanceMarginRate"),
    "maintenance_amount": ("maintenance_amount", "cum"),
    "max_leverage": ("max_leverage", "initialLeverage", "maxLeverage"),
}
_BOUNDS = {
    "notional_cap": (Decimal(0), None),
    "maintenance_rate": (Decimal(0), Decimal(1)),
    "maintenance_amount": (None, None),
    "max_leverage": (Decimal(0), None),
}
_WORDS = {
    "maintenance_rate": "maintenance rate",
    "max_leverage": "highest leverage",
    "maintenance_amount": "maintenance amount",
}
_EXPECTED = '{"BTC/USDT": [{"notional_cap": 50000, "maintenance_rate": 0.004, "max_leverage": 125}, ...]}'


class ImportedTiers(NamedTuple):
    """The symbols whose tables were stored, with their number of tiers, and how many other tables the file holds."""

    stored: dict[str, int]
    ignored: int


def import_tiers(store: CandleStore, path: Path, *, exchange: str, as_of_ms: int) -> ImportedTiers:
    """Store the margin tables of a file with the rules of the symbols that are known here, as known from an instant on.

    Raises
    ------
    ConfigurationError
        If the file is no such table, or none of its symbols is known.
    StoreError
        If the instruments cannot be read or written.
    """
    tables = read_tiers(path)
    instruments = InstrumentStore(store.root)
    known = sorted({*instruments.latest(exchange), *store.symbols(exchange)})
    dated: dict[str, tuple[MarginTier, ...]] = {}
    for spelling, tiers in tables.items():
        matches = matching_symbols(spelling, known)
        if len(matches) == 1:
            dated[matches[0]] = tiers
    if not dated:
        raise ConfigurationError(
            f"{path}: none of its {len(tables)} symbols is known for {exchange}; import candles first"
        )
    instruments.save_margin_tables(exchange, dated, as_of_ms)
    return ImportedTiers({symbol: len(tiers) for symbol, tiers in dated.items()}, len(tables) - len(dated))


def read_tiers(path: Path) -> dict[str, tuple[MarginTier, ...]]:
    """Return the margin tables of a file by the spelling of their symbol.

    Where no maintenance amount is given it is that which makes the maintenance margin continuous between the tiers:
    amount + lower cap × (rate − lower rate), from 0 on.

    Raises
    ------
    ConfigurationError
        If the file cannot be read or is no such table; names symbol, tier and value.
    """
    try:
        content = json.loads(path.read_bytes(), parse_float=Decimal)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: is no JSON ({error})") from None
    if isinstance(content, list) and all(isinstance(one, dict) and "symbol" in one for one in content):
        content = {str(one["symbol"]): one.get("tiers", one.get("brackets")) for one in content}
    if not isinstance(content, dict) or not content:
        raise ConfigurationError(f"{path}: is no margin table; expected {_EXPECTED}")
    return {symbol: _tiers(f"{path}, {symbol}", tiers) for symbol, tiers in content.items()}


def _tiers(where: str, rows: object) -> tuple[MarginTier, ...]:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigurationError(f"{where}: has no list of tiers; expected {_EXPECTED}")
    numbered = [_numbers(f"{where}, tier {number}", row) for number, row in enumerate(rows, 1)]
    numbered.sort(key=lambda row: row["notional_cap"] or Decimal(0))
    tiers: list[MarginTier] = []
    for row in numbered:
        cap, rate, leverage = (row[name] or Decimal(0) for name in ("notional_cap", "maintenance_rate", "max_leverage"))
        amount = row["maintenance_amount"]
        if amount is None:
            last = tiers[-1] if tiers else MarginTier(Decimal(0), rate, Decimal(0), leverage)
            amount = last.maintenance_amount + last.notional_cap * (rate - last.maintenance_rate)
        tiers.append(MarginTier(cap, rate, amount, leverage))
    for lower, upper in itertools.pairwise(tiers):
        if upper.notional_cap == lower.notional_cap:
            raise ConfigurationError(f"{where}: two tiers end at {upper.notional_cap:f}")
    for fault in tier_faults(tiers):
        tier = tiers[fault.position]
        raise ConfigurationError(
            f"{where}, tier up to {tier.notional_cap:f}: {_WORDS[fault.field]} {getattr(tier, fault.field):f}; "
            f"allowed: {_allowed(fault)}"
        )
    return tuple(tiers)


def _allowed(fault: TierFault) -> str:
    if fault.least is not None:
        return f"at least that of the tier below ({fault.least:f})"
    if fault.field == "max_leverage":
        return f"at most that of the tier below ({fault.most:f})"
    return f"0 to {fault.most:f}, the tier's least notional × maintenance rate"


def _numbers(where: str, row: Mapping[str, object]) -> dict[str, Decimal | None]:
    info = row.get("info")
    cells = {**(info if isinstance(info, dict) else {}), **row}
    found: dict[str, Decimal | None] = {}
    for name, spellings in _NAMES.items():
        value = next((cells[spelling] for spelling in spellings if cells.get(spelling) is not None), None)
        found[name] = None if value is None and name == "maintenance_amount" else _number(where, name, spellings, value)
    return found


def _number(where: str, name: str, spellings: Sequence[str], value: object) -> Decimal:
    above, below = _BOUNDS[name]
    try:
        number = Decimal(str(value)) if isinstance(value, int | str | Decimal) else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or (above is not None and number <= above) or (below is not None and number >= below):
        bounds = f"a number above {above}" if above is not None else "a number"
        bounds += f" and below {below}" if below is not None else ""
        raise ConfigurationError(f"{where}: {' or '.join(spellings)} is {value!r}; allowed: {bounds}")
    return number
