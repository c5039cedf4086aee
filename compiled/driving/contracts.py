"""What perpetual contracts have beside candles, as records: margin tables, mark prices and funding payments."""

import decimal
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from compiled import layout
from compiled.codes import NONE
from compiled.driving.scaled_market import Scale, decimals_of, put_units, scale_of, shares_of, whole
from compiled.integers import LARGEST
from core.candle import FundingRate
from core.candle_columns import CandleColumns, Int64Array
from core.errors import Uncovered
from core.exact import EXACT, ONE, received
from core.instrument import Instrument, MarginTier
from execution.money.margin import table_of
from execution.venue_settings import PerpetualSettings

LARGEST_NOTIONAL = 8 * 10**18
"""No position of 64 bits reaches a cap beyond it."""
LARGEST_LEVERAGE = 10**9
"""Of the whole number that stands for one."""
MOST_DECIMALS_OF_A_PAYMENT = 36
STEP_DECIMALS = 8
"""Of margins, liquidation prices and payments, which are rounded to 1e-8."""


class Contract(NamedTuple):
    """What a run is told of one contract: its mark candles and its funding payments, oldest first."""

    marks: CandleColumns
    funding: Sequence[FundingRate] = ()


NO_MARKS = np.empty((0, 4), np.int64)

NO_CONTRACT = Contract(CandleColumns.empty())


class ContractRecords(NamedTuple):
    """A contract's margin table and payments, marks beside its candles and its finer ones, and fields of its symbol."""

    tiers: layout.Records
    payments: layout.Records
    marks: Sequence[Int64Array]
    fields: dict[str, float]


def contract_records(
    own: PerpetualSettings,
    leverage: float,
    rules: Instrument,
    money: int,
    market: tuple[tuple[CandleColumns, CandleColumns], Scale, Contract],
) -> ContractRecords:
    """Return the records of one contract.

    ``money`` is how many decimals money has, ``market`` the candles and the finer ones, both scaled, and what
    is known beside.

    Raises
    ------
    Uncovered
        If a number has more digits than 64 bits hold.
    """
    series, scaled, contract = market
    marks, fine = _marks_beside(series, scaled, contract.marks if own.mark_price else NO_CONTRACT.marks, rules.symbol)
    (share,) = shares_of(received(leverage))
    if share.number > LARGEST_LEVERAGE:
        raise Uncovered(f"the leverage of {rules.symbol} has too many digits for 64 bits")
    finer = decimals_of(rules.lot_size) + STEP_DECIMALS - money
    fields: dict[str, float] = {
        "leverage": share.number,
        "leverage_unit": share.unit,
        "mark_decimals": fine,
        "mark_scale": 10 ** (fine - scaled.decimals),
        "mark_unit": 10.0**fine,
        "liquidation_scale": 10 ** (fine - STEP_DECIMALS),
        "liquidation_multiplier": 10 ** max(0, finer),
        "liquidation_divisor": 10 ** max(0, -finer),
    }
    return ContractRecords(
        _tiers(table_of(own, rules).tiers, received(leverage), money),
        _payments(contract.funding if own.funding else (), rules, fine),
        marks,
        fields,
    )


def most_at_once(payments: layout.Records, opens: Int64Array, length_ms: int) -> int:
    """Return the most payments that fall between two candles of a symbol, which one step may settle."""
    if not len(payments):
        return 0
    return int(np.bincount(np.searchsorted(opens + length_ms, payments["due_ms"])).max())


def joined_records(contracts: Sequence[ContractRecords]) -> dict[str, Any]:
    """Return the parts of a core that are those of its contracts, by their names; of spot they are empty."""
    parts = {
        "tiers": np.zeros(0, layout.TIER),
        "payments": np.zeros(0, layout.PAYMENT),
    }
    if not contracts:
        return parts
    for name in parts:
        parts[name] = np.concatenate([getattr(one, name) for one in contracts])
    return parts


def marks_of(contracts: Sequence[ContractRecords], series: int) -> Sequence[Int64Array]:
    """Return the marks beside so many series of candles, those of the finer ones last; of no row without any."""
    beside = [one.marks[place] for place in (0, 1) for one in contracts]
    return beside if any((one != NONE).any() for one in beside) else [NO_MARKS] * series


def contract_rules(own: PerpetualSettings | None) -> dict[str, int]:
    """Return the rules of a run that are those of its contracts."""
    if own is None:
        return {"perpetual": 0, "liquidation_fee_unit": 1}
    (fee,) = shares_of(received(own.liquidation_fee))
    return {
        "perpetual": 1,
        "mark_triggers": own.stop_trigger == "mark",
        "liquidation_fee": fee.number,
        "liquidation_fee_unit": fee.unit,
    }


def _marks_beside(
    series: tuple[CandleColumns, CandleColumns], scaled: Scale, marks: CandleColumns, name: str
) -> tuple[Sequence[Int64Array], int]:
    """Return mark prices in whole units, row by row beside candles, and how many decimals that unit has.

    They stand beside the finer candles of the two series, where there are some.
    """
    found = [np.full((one.rows, 4), NONE, np.int64) for one in series]
    finest = 1 if series[1].rows else 0
    decimals, highest = scale_of((marks,), 0, name)
    units = np.empty((marks.rows, 4), np.int64)
    put_units(marks, decimals, units)
    fine = max(STEP_DECIMALS, scaled.decimals, decimals)
    largest = max(
        highest * 10 ** (fine - decimals),
        scaled.largest * 10 ** (fine - scaled.decimals),
    )
    if largest > LARGEST:
        raise Uncovered(f"mark prices of {name} have too many digits for 64 bits")
    opens = series[finest].open_time_ms
    places = np.searchsorted(opens, marks.open_time_ms)
    beside = np.flatnonzero(places < len(opens))
    beside = beside[opens[places[beside]] == marks.open_time_ms[beside]]
    found[finest][places[beside]] = units[beside] * 10 ** (fine - decimals)
    return found, fine


def _tiers(tiers: Sequence[MarginTier], leverage: Decimal, money: int) -> layout.Records:
    found = np.zeros(len(tiers), layout.TIER)
    floor = Decimal(0)
    for number, tier in enumerate(tiers):
        less, more = EXACT.subtract(ONE, tier.maintenance_rate), EXACT.add(ONE, tier.maintenance_rate)
        (rate,) = shares_of(tier.maintenance_rate)
        cap, amount = tier.notional_cap, tier.maintenance_amount
        if max(map(decimals_of, (cap, amount))) > money or rate.unit > LARGEST:
            raise Uncovered("the margin table has too many digits for 64 bits")
        with decimal.localcontext(EXACT):
            ends = {
                "cap": cap,
                "floor": floor,
                "amount": amount,
                "long_at_floor": floor * less + amount,
                "long_at_cap": cap * less + amount,
                "short_at_floor": floor * more - amount,
                "short_at_cap": cap * more - amount,
            }
        for name, value in ends.items():
            found[number][name] = _bounded(value, money)
        found[number]["rate"], found[number]["rate_unit"] = rate.number, rate.unit
        found[number]["allowed"] = leverage <= tier.max_leverage
        floor = cap
        if found[number]["cap"] == LARGEST_NOTIONAL:
            return found[: number + 1]
    return found


def _bounded(value: Decimal, decimals: int) -> int:
    """Return an amount in units of money, rounded down; positions are no larger than the largest."""
    units = int(EXACT.scaleb(value, decimals).to_integral_value(decimal.ROUND_FLOOR))
    return max(min(units, LARGEST_NOTIONAL), -LARGEST_NOTIONAL)


def _payments(funding: Sequence[FundingRate], rules: Instrument, fine: int) -> layout.Records:
    found = np.zeros(len(funding), layout.PAYMENT)
    most = MOST_DECIMALS_OF_A_PAYMENT + STEP_DECIMALS - decimals_of(rules.lot_size)
    for row, payment in zip(found, sorted(funding, key=lambda one: one.time_ms), strict=True):
        rate = received(payment.rate)
        mark = None if payment.mark_price is None else received(payment.mark_price)
        decimals = max(STEP_DECIMALS, decimals_of(rate))
        of_mark = fine if mark is None else decimals_of(mark)
        numbers = whole(rate, decimals), NONE if mark is None else whole(mark, of_mark)
        if decimals + of_mark > most or max(map(abs, numbers)) > 2 * LARGEST:
            raise Uncovered(f"funding rates of {rules.symbol} have too many digits for 64 bits")
        row["due_ms"], row["rate"], row["mark"] = payment.due_ms, *numbers
        row["rate_decimals"], row["mark_decimals"] = decimals, of_mark
        row["rate_float"], row["mark_float"] = payment.rate, payment.mark_price or np.nan
    return found
