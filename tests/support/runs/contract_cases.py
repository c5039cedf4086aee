"""Hypothesis strategies that draw what perpetual contracts have beside the candles of a case: margin, marks, funding.

Mark prices stay near the candles, on their grid or between, with spikes that only they have; payments fall on closes,
between them and into gaps. Every symbol reads the same drawn digits from another place on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from core.candle import Candle, FundingRate
from tests.support.oracles.slow_model import Case

_SHIFTS = (0.0, 0.0, 1.0, -1.0, 0.5, -0.37, 2.25, -3.0)
_SPIKES = (0.0, 0.0, 1.0, 0.0, 3.3, 0.0, 9.0, 25.0)
_RATES = (0.0001, -0.0003, 0.0, 0.02, -0.015, 0.0005000000000000001, -0.0, 0.0012345678)
_MARKS_OF_PAYMENTS = (None, None, 100.5, 99.99999999)
_TIERS = (
    {"notional_cap": 500.0, "maintenance_rate": 0.004, "max_leverage": 50.0},
    {"notional_cap": 3000.0, "maintenance_rate": 0.01, "maintenance_amount": 3.0, "max_leverage": 50.0},
    {"notional_cap": 9000.0, "maintenance_rate": 0.025, "maintenance_amount": 20.0, "max_leverage": 10.0},
)
"""The second joins the first; the third does not quite: the maintenance margin jumps at its floor."""


class DrawnContracts(NamedTuple):
    """What beside a case's settings and candles makes its symbols contracts."""

    perpetual: dict[str, Any]
    marks: dict[str, list[Candle]]
    funding: dict[str, list[FundingRate]]


@st.composite
def contracts(draw: st.DrawFn, case: Case, detail: Mapping[str, Sequence[Candle]] | None) -> DrawnContracts:
    """Draw margin, mark prices and payments for the symbols of a case; marks are as long as the finest candles."""
    tiers = draw(st.sampled_from(((), (), (), _TIERS, _TIERS, _TIERS[:2])))
    leverage = draw(st.sampled_from((1.0, 1.0, 3.0, 12.5, 20.0, 33.3, 50.0, 50.0)))
    perpetual: dict[str, Any] = {
        "leverage": leverage,
        "leverages": draw(st.sampled_from(({}, {case.symbols[0]: 5.0}))),
        "liquidation_fee": draw(st.sampled_from((0.0, 0.0125, 0.003))),
        "mark_price": draw(st.booleans()),
    }
    if tiers:
        perpetual["tiers"] = tiers
    else:
        perpetual["maintenance_rate"] = draw(st.sampled_from((0.005, 0.0125, 0.019)))
    if perpetual["mark_price"]:
        perpetual["stop_trigger"] = draw(st.sampled_from(("last", "mark", "mark")))
    digits = draw(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=60))
    spacing = draw(st.sampled_from((1, 2, 3, 7)))
    finest = detail or case.candles
    marks = {symbol: _marks(finest[symbol], digits[place:] + digits) for place, symbol in enumerate(case.symbols)}
    funding = {symbol: _funding(case, symbol, digits[place:], spacing) for place, symbol in enumerate(case.symbols)}
    return DrawnContracts(perpetual, marks, funding)


def _marks(candles: Sequence[Candle], digits: list[int]) -> list[Candle]:
    grid = abs(candles[0].close) / 100 if candles else 1.0
    found = []
    for number, candle in enumerate(candles):
        code = digits[number % len(digits)]
        if code % 8 == 7:
            continue
        shift, up, down = _SHIFTS[code // 8 % 8], _SPIKES[code // 64 % 8], _SPIKES[code // 512 % 8]
        opened, close = candle.open + shift * grid, candle.close + _SHIFTS[code // 4096 % 8] * grid
        high, low = max(opened, close, candle.high) + up * grid, min(opened, close, candle.low) - down * grid
        prices = (round(max(price, grid), 8 if code % 3 else 2) or grid for price in (opened, high, low, close))
        found.append(Candle(candle.open_time_ms, *prices, 0.0))
    return found


def _funding(case: Case, symbol: str, digits: list[int], spacing: int) -> list[FundingRate]:
    candles, length_ms = case.candles[symbol], case.timeframe_ms
    scale = candles[0].close / 100 if candles else 1.0
    found = []
    for number, code in enumerate(digits * (1 + len(candles) // max(1, len(digits) * spacing))):
        due_ms = case.start_ms + number * spacing * length_ms
        if length_ms > 60_000:
            due_ms += (0, 0, length_ms // 2, 60_000)[code // 128 % 4]
        mark = _MARKS_OF_PAYMENTS[code // 16 % 4]
        stamped = due_ms + (0, 9)[code // 8 % 2]
        found.append(FundingRate(stamped, _RATES[code % 8], None if mark is None else round(mark * scale, 8)))
    return found
