"""What needs more than 64 bits is found, before a run or while it is made, and left to the reference kernel."""

import dataclasses
import unittest
from decimal import Decimal
from unittest.mock import patch

from compiled.driving import core_builder
from core.candle import Candle, FundingRate
from core.errors import Uncovered
from core.instrument import Instrument
from core.trading_signal import Signal
from tests.property.test_kernel_against_slow_model import run_kernel_on
from tests.support.base_settings import BASE_SETTINGS
from tests.support.oracles.slow_model import Case
from tests.support.runs.compiled_runs import require_same_bytes, run_compiled_on
from tests.support.times import MINUTE_MS


def case(price: float, stop: float, rules: Instrument, **changes: object) -> Case:
    """Return ten equal candles with one signal."""
    candles = [Candle(number * MINUTE_MS, price, price, price, price, 1.0) for number in range(10)]
    return Case(
        settings={**BASE_SETTINGS, **changes},
        timeframe_ms=MINUTE_MS,
        start_ms=0,
        symbols=("A/USDT",),
        instruments={"A/USDT": rules},
        candles={"A/USDT": candles},
        signals={"A/USDT": {2 * MINUTE_MS: Signal("LONG", sl_distance=stop)}},
        warmup_candles=0,
        kill_switch=False,
    )


class Overflow(unittest.TestCase):
    def test_both_sides_of_each_edge(self) -> None:
        fine = Instrument("A/USDT", Decimal("0.00000001"), Decimal("0.00000001"))
        usual = Instrument("A/USDT", Decimal("0.01"), Decimal("0.001"))
        inside = (
            case(100.0, 1.0, usual),
            case(100.0, 1.0, usual, starting_balance=400_000_000.0),
            case(100.0, 999_999_999_999.0, usual),
            case(0.00000001, 0.00000001, Instrument("A/USDT", Decimal("0.00000001"), Decimal(1))),
        )
        outside = (
            (case(100.0, 1.0, fine), "money of 16 decimals"),
            (case(100.0, 1.0, usual, starting_balance=500_000_000.0), "money of 8 decimals"),
            (case(100.0, 1e12, usual), "more than 64 bits"),
            (case(0.1 + 0.2, 0.1, usual), "more than 15 digits"),
        )
        for one in inside:
            self.assertEqual(11, len(run_compiled_on(one, "1m").curve))
        for one, reason in outside:
            with self.subTest(reason), self.assertRaisesRegex(Uncovered, reason):
                run_compiled_on(one, "1m")

    def test_contracts_are_left_to_the_kernel_where_their_money_needs_more(self) -> None:
        usual, coarse = Instrument("A/USDT", Decimal("0.01"), Decimal("0.001")), (3, 0.0005, None)
        for leverage, funding, reason in (
            (7.25, coarse, None),
            (7.123456789, coarse, "leverage of A/USDT"),
            (5.0, (3, 0.1 + 0.2, None), None),
            (5.0, (3, 1.2345678901234567e-19, 100.0), None),
            (5.0, (3, 1.2345678901234567e-28, 100.0), "funding rates of A/USDT"),
        ):
            one = case(100.0, 1.0, usual, perpetual={"leverage": leverage})
            minute, rate, mark = funding
            rates = {"A/USDT": [FundingRate(minute * MINUTE_MS + 60_000, rate, mark)]}
            with self.subTest(leverage=leverage, rate=rate):
                if reason is None:
                    expected = run_kernel_on(one, funding=rates)
                    require_same_bytes(self, expected, run_compiled_on(one, "1m", funding=rates))
                else:
                    with self.assertRaisesRegex(Uncovered, reason):
                        run_compiled_on(one, "1m", funding=rates)

    def test_a_step_with_more_events_than_there_is_room_for_is_left_to_the_kernel(self) -> None:
        alone = case(100.0, 1.0, Instrument("A/USDT", Decimal("0.01"), Decimal("0.001")))
        symbols = ("A/USDT", "B/USDT", "C/USDT")
        of_each = {
            name: dict.fromkeys(symbols, getattr(alone, name)["A/USDT"])
            for name in ("instruments", "candles", "signals")
        }
        one = dataclasses.replace(alone, symbols=symbols, **of_each)
        self.assertEqual(11, len(run_compiled_on(one, "1m").curve))
        room = {"EVENTS_AT_ONCE": 4, "EVENTS_OF_A_SYMBOL": 0, "EVENTS_OF_AN_EXIT": 0}
        with patch.multiple(core_builder, **room), self.assertRaisesRegex(Uncovered, "than there is room for"):
            run_compiled_on(one, "1m")


if __name__ == "__main__":
    unittest.main()
