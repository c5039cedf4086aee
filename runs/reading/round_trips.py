"""Round trips and what was open, from the rows of a trade log."""

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from core.candle_columns import Int64Array
from core.exact import EXACT, ZERO, average
from metrics.exposure_path import ExposurePath
from metrics.trade_columns import TradeColumns
from runs.reading.ambiguous_bounds import Bounds
from runs.reading.log_rows import LogRow

_MONEY = (
    "entry_price",
    "exit_price",
    "quantity",
    "realized_pnl",
    "gross_pnl",
    "commission",
    "slippage",
    "spread",
    "funding",
)


class RoundTrip(msgspec.Struct, frozen=True, kw_only=True):
    """A position that was closed entirely, exact, by the names of :class:`~metrics.trade_columns.TradeColumns`.

    ``opened`` and ``closed`` are the numbers of its first and its last row in the trade log, from 0; ``fills`` counts
    its rows. Prices that differ are averaged to twelve significant digits. ``risk`` and ``liquidation_price`` are None
    where there is none, ``bound`` where it is not known.
    """

    symbol: str
    side: str
    opened: int
    closed: int
    fills: int
    entry_time_ms: int
    exit_time_ms: int
    entry_price: Decimal
    exit_price: Decimal
    quantity: Decimal
    realized_pnl: Decimal
    gross_pnl: Decimal
    commission: Decimal
    slippage: Decimal
    spread: Decimal
    funding: Decimal
    risk: Decimal | None
    liquidation_price: Decimal | None
    strategy: str
    reason: str
    tag: str
    ambiguous: bool
    bound: Decimal | None


def round_trips(
    rows: Sequence[LogRow], half_spreads: Mapping[str, Decimal] | None = None, bounds: Bounds | None = None
) -> list[RoundTrip]:
    """Return the positions of a trade log that were closed entirely, in order of their exits.

    Parameters
    ----------
    rows
        The trade log.
    half_spreads
        The half spread that market fills crossed, a fraction of the price by symbol; without it the spread is part of
        the slippage.
    bounds
        What ambiguous exits would have brought more, by row.
    """
    open_rows: dict[str, list[int]] = {}
    left: dict[str, Decimal] = {}
    found = []
    for number, row in enumerate(rows):
        numbers = open_rows.setdefault(row.symbol, [])
        numbers.append(number)
        quantity = row.quantity if row.opens else -row.quantity
        rest = left[row.symbol] = EXACT.add(left.get(row.symbol, ZERO), quantity)
        if not rest:
            half = (half_spreads or {}).get(row.symbol, ZERO)
            trip = _round_trip([rows[one] for one in numbers], numbers, half)
            found.append(_bounded(trip, numbers, bounds or {}))
            open_rows[row.symbol] = []
    return found


def _round_trip(rows: Sequence[LogRow], numbers: Sequence[int], half_spread: Decimal) -> RoundTrip:
    entries, exits = [row for row in rows if row.opens], [row for row in rows if not row.opens]
    first, last = entries[0], exits[-1]
    cost, proceeds = _value(entries), _value(exits)
    slippage = _total(row.slippage for row in rows)
    spread = _total(_spread(row, half_spread) for row in rows) if half_spread else ZERO
    return RoundTrip(
        symbol=first.symbol,
        side=first.side,
        opened=numbers[0],
        closed=numbers[-1],
        fills=len(rows),
        entry_time_ms=first.time_ms,
        exit_time_ms=last.time_ms,
        entry_price=_price(entries, cost),
        exit_price=_price(exits, proceeds),
        quantity=_total(row.quantity for row in entries),
        realized_pnl=_total(row.realized_pnl for row in exits),
        gross_pnl=EXACT.multiply(first.sign, EXACT.subtract(proceeds, cost)),
        commission=_total(row.commission for row in rows),
        slippage=EXACT.subtract(slippage, spread),
        spread=spread,
        funding=_total(row.told("funding") or ZERO for row in exits),
        risk=_risk(entries),
        liquidation_price=entries[-1].told("liquidation"),
        strategy=first.strategy,
        reason=last.reason,
        tag=first.metadata.get("tag", ""),
        ambiguous=any(row.metadata.get("ambiguous", False) for row in exits),
        bound=ZERO,
    )


def _bounded(trip: RoundTrip, numbers: Sequence[int], bounds: Bounds) -> RoundTrip:
    """Return a round trip with the bound of its ambiguous exits."""
    if not trip.ambiguous:
        return trip
    more = [bounds.get(one, ZERO) for one in numbers]
    known = [one for one in more if one is not None]
    return msgspec.structs.replace(trip, bound=_total(known) if len(known) == len(more) else None)


def _risk(entries: Iterable[LogRow]) -> Decimal | None:
    """Return what the stops of entries would lose; None where none would."""
    at_stake = ZERO
    for row in entries:
        stop = row.told("stop")
        if stop is not None:
            lost = EXACT.multiply(EXACT.multiply(row.sign, EXACT.subtract(row.price, stop)), row.quantity)
            at_stake = EXACT.add(at_stake, max(lost, ZERO))
    return at_stake or None


def _spread(row: LogRow, half_spread: Decimal) -> Decimal:
    """Return the part of a fill's slippage that the half spread is; no more than all of it."""
    worse = row.sign if row.opens else -row.sign
    value = EXACT.subtract(EXACT.multiply(row.price, row.quantity), EXACT.multiply(worse, row.slippage))
    return min(EXACT.multiply(value, half_spread), row.slippage)


def _price(rows: Sequence[LogRow], value: Decimal) -> Decimal:
    prices = {row.price for row in rows}
    return rows[0].price if len(prices) == 1 else average(value, _total(row.quantity for row in rows))


def _value(rows: Iterable[LogRow]) -> Decimal:
    return _total(EXACT.multiply(row.price, row.quantity) for row in rows)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def trade_columns(trips: Sequence[RoundTrip], seen_ms: Int64Array) -> TradeColumns:
    """Return round trips as columns; ``seen_ms`` is by row of the trade log when the curve first shows it."""
    facts = ("symbol", "side", "reason", "tag", "ambiguous", "entry_time_ms", "exit_time_ms")
    return TradeColumns.of(
        **{name: [getattr(one, name) for one in trips] for name in facts},
        **{name: [float(getattr(one, name)) for one in trips] for name in _MONEY},
        entry_seen_ms=[int(seen_ms[one.opened]) for one in trips],
        exit_seen_ms=[int(seen_ms[one.closed]) for one in trips],
        risk=[_known(one.risk) for one in trips],
        liquidation_price=[_known(one.liquidation_price) for one in trips],
        bound=[_known(one.bound) for one in trips],
    )


def _known(value: Decimal | None) -> float:
    return math.nan if value is None else float(value)


def exposure_path(rows: Sequence[LogRow], points: Int64Array, leverage: Mapping[str, float]) -> ExposurePath:
    """Return what was open after each fill.

    Parameters
    ----------
    rows
        The trade log.
    points
        By row: the first point of the curve that shows it.
    leverage
        By symbol, where positions are margined.
    """
    held: dict[str, tuple[int, Decimal, float]] = {}
    longs, shorts, margins, counts = [], [], [], []
    for row in rows:
        _, before, paid = held.get(row.symbol, (0, ZERO, 0.0))
        if row.opens:
            rest = EXACT.add(before, row.quantity)
            paid += float(row.quantity) * float(row.price)
        else:
            rest = EXACT.subtract(before, row.quantity)
            paid *= float(rest) / float(before)
        held[row.symbol] = row.sign, rest, paid
        if not rest:
            del held[row.symbol]
        costs = [(sign, cost, cost / leverage.get(symbol, 1.0)) for symbol, (sign, _, cost) in held.items()]
        longs.append(math.fsum(cost for sign, cost, _ in costs if sign > 0))
        shorts.append(math.fsum(cost for sign, cost, _ in costs if sign < 0))
        margins.append(math.fsum(margin for _, _, margin in costs))
        counts.append(len(held))
    turnover = math.fsum(float(row.price) * float(row.quantity) for row in rows)
    return ExposurePath.of(points, longs, shorts, margins, counts, turnover)
