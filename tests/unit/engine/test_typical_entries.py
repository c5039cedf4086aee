"""Entries at the typical price of the next candle, with the arithmetic beside each case."""

import unittest
from decimal import Decimal

from backtests import run_backtest
from core.candle import Candle
from core.errors import ConfigurationError
from core.instrument import Instrument
from core.trading_signal import Signal
from execution.execution_settings import ExecutionSettings
from execution.matching.typical_price import typical_price
from tests.support.runs.kernel_runs import KernelRun, columns, run_kernel
from tests.support.times import MINUTE_MS

A = "AAA"
RULES = Instrument(A, Decimal("0.01"), Decimal("0.001"))


def played(signals: dict[int, Signal], *prices: tuple[float, float, float, float], **settings: object) -> KernelRun:
    """Run candles of a minute; signals by the number of their candle."""
    candles = [Candle(at * MINUTE_MS, *row, 1.0) for at, row in enumerate(prices)]
    script = {A: {at * MINUTE_MS: signal for at, signal in signals.items()}}
    flat = {"entry_fill": "next_typical", **settings}
    return run_kernel(flat, [A], {A: candles}, script, {A: RULES})


def rows(run: KernelRun) -> list[tuple[object, ...]]:
    return columns(run.rows, "timestamp", "action", "price", "quantity", "reason")


LONG = Signal("LONG", sl_distance=3.0, tp_distance=4.0)
FIRST = (100.0, 100.0, 100.0, 100.0)


class TypicalEntries(unittest.TestCase):
    def test_an_entry_fills_at_a_third_of_high_low_and_close_with_slippage_at_the_end_of_the_candle(self) -> None:
        # (102 + 99 + 101.5) / 3 = 100.8333…; × 1.001 = 100.93416…, up to the tick: 100.94. Quantity 500 / 100 = 5.
        run = played({0: LONG}, FIRST, (100.0, 102.0, 99.0, 101.5), slippage=0.001)
        self.assertEqual(
            [
                ("1970-01-01T00:02:00.000Z", "OPEN", "100.94", "5", "signal"),
                # The end: 101.5 × 0.999 = 101.3985, down to the tick.
                ("1970-01-01T00:02:00.000Z", "CLOSE", "101.39", "5", "end"),
            ],
            rows(run),
        )

    def test_a_target_that_the_entry_candle_passes_is_not_met_in_it_and_the_stop_is(self) -> None:
        # (106.5 + 99.2 + 100.3) / 3 = 102: the target 106 fills at the open of the next candle.
        run = played({0: LONG}, FIRST, (100.0, 106.5, 99.2, 100.3), (107.0, 107.0, 107.0, 107.0))
        self.assertEqual([("OPEN", "102"), ("CLOSE", "107")], columns(run.rows, "action", "price"))
        # (107 + 95 + 104) / 3 = 102: its stop at 99 lies within the candle, and so does its target.
        run = played({0: LONG}, FIRST, (100.0, 107.0, 95.0, 104.0))
        self.assertEqual(
            [("OPEN", "102", "signal"), ("CLOSE", "99", "stop")], columns(run.rows, "action", "price", "reason")
        )

    def test_a_reverse_closes_at_the_open_and_enters_inside(self) -> None:
        run = played(
            {0: LONG, 1: Signal("SHORT", sl_distance=9.0)},
            FIRST, FIRST, (101.0, 103.0, 101.0, 102.0),
            on_opposite_signal="reverse",
        )  # fmt: skip
        # (103 + 101 + 102) / 3 = 102
        self.assertEqual(
            [("OPEN", "100", "LONG"), ("CLOSE", "101", "LONG"), ("OPEN", "102", "SHORT"), ("CLOSE", "102", "SHORT")],
            columns(run.rows, "action", "price", "side"),
        )
        self.assertEqual(["00:02:00", "00:02:00", "00:03:00"], [row["timestamp"][11:19] for row in run.rows][:3])

    def test_the_price_is_exact_to_twelve_digits_and_never_outside_the_candle(self) -> None:
        for high, low, close, price in (
            (101.5, 99.0, 100.5, "100.333333333"),
            (2.0, 1.0, 1.0, "1.33333333333"),
            # Thirteen digits: twelve of them, 1.23456789012, would lie below the whole candle.
            (1.234567890123, 1.234567890123, 1.234567890123, "1.234567890123"),
            (1.234567890128, 1.234567890128, 1.234567890128, "1.234567890128"),
        ):
            with self.subTest(price):
                self.assertEqual(Decimal(price), typical_price(Candle(0, close, high, low, close, 1.0)))

    def test_a_flat_candle_of_many_digits_fills_the_entry_too(self) -> None:
        many = (100.0000000000123,) * 4
        self.assertEqual([("OPEN", "100.01")], columns(played({0: LONG}, FIRST, many).rows, "action", "price")[:1])

    def test_the_compiled_rules_leave_it_to_the_kernel(self) -> None:
        rows = [(at * MINUTE_MS, 10.0, 11.0, 9.0, 10.0, 1.0) for at in range(3)]
        with self.assertRaisesRegex(ConfigurationError, "typical price of a candle — allowed: auto or reference"):
            run_backtest(
                rows, lambda candle: None, config={"execution": {"entry_fill": "next_typical"}}, engine="compiled"
            )

    def test_it_is_refused_beside_resting_entries(self) -> None:
        with self.assertRaisesRegex(ValueError, "entry_fill: next_typical — allowed: next_open with entry_order limit"):
            ExecutionSettings(entry_order="limit", entry_fill="next_typical")


if __name__ == "__main__":
    unittest.main()
