"""Rows of a portfolio's session that history has otherwise, each with its cause, worked by hand."""

import unittest

from backtests.portfolio.row_causes import Interference, row_causes
from backtests.proof.candle_comparison import CandleDifference
from backtests.proof.difference_causes import InputDifference
from backtests.proof.open_interest_comparison import OpenInterestDifference
from core.event_lines import TRADE_HEADER
from core.instants import format_ms, parse_instant

MINUTE_MS = 60_000
START = parse_instant("2024-01-01")
COLUMNS = TRADE_HEADER.strip().split(",")
UNTOUCHED = Interference((), ())


def at(minute: int) -> str:
    return format_ms(START + minute * MINUTE_MS)


def row(minute: int, symbol: str, price: str = "10") -> str:
    cells = {"timestamp": at(minute), "symbol": symbol, "price": price}
    return ",".join(cells.get(name, "") for name in COLUMNS)


def candle(symbol: str, minute: int) -> CandleDifference:
    """Return a candle that opens at a minute and closes a minute later."""
    open_ms = START + minute * MINUTE_MS
    return CandleDifference(symbol, open_ms, format_ms(open_ms), open_ms + MINUTE_MS, "values_differ", "revised",
                            (1.0,) * 5, (2.0,) * 5)  # fmt: skip


class Causes(unittest.TestCase):
    def told(self, differing: dict[str, list[tuple[str, str]]], *candles: InputDifference,
             interfered: Interference = UNTOUCHED) -> list[tuple[object, ...]]:  # fmt: skip
        found = row_causes(differing, sorted(candles, key=lambda one: one.step_ms), interfered, MINUTE_MS)
        return [(one.file, one.rows, one.cause, one.root, [(name.symbol, name.open_time) for name in one.candles],
                 one.follows) for one in found]  # fmt: skip

    def test_a_row_follows_from_the_candles_of_its_symbol_up_to_its_step(self) -> None:
        rows = [(row(10, "BTC/USDT"), row(10, "BTC/USDT", "11")), (row(20, "ETH/USDT"), "")]
        # That of minute 11 closes after the step, that of ETH is another symbol's.
        candles = (candle("ETH/USDT", 3), candle("BTC/USDT", 5), candle("BTC/USDT", 10), candle("BTC/USDT", 11))
        self.assertEqual(
            [("a/trades.csv", 2, "candles", "candles", [("BTC/USDT", at(5)), ("BTC/USDT", at(10))], None)],
            self.told({"a/trades.csv": rows, "b/trades.csv": []}, *candles),
        )

    def test_open_interest_of_any_symbol_is_input_of_the_row(self) -> None:
        stamp_ms = START + 4 * MINUTE_MS
        known = OpenInterestDifference("ETH/USDT", stamp_ms, at(4), START + 9 * MINUTE_MS, "open_interest_missing",
                                       None, (1.0, None))  # fmt: skip
        self.assertEqual(
            [("a/trades.csv", 1, "open_interest", "open_interest", [("ETH/USDT", at(4))], None)],
            self.told({"a/trades.csv": [(row(10, "BTC/USDT"), "")]}, known,
                      interfered=Interference((), (START,))),
        )  # fmt: skip

    def test_what_differs_in_another_member_first_is_followed(self) -> None:
        differing = {
            "b/trades.csv": [("", row(30, "SOL/USDT"))],
            "a/trades.csv": [(row(10, "BTC/USDT"), "")],
            "rebalances.csv": [(f"{at(40)},a,returns", f"{at(40)},a,few_days")],
        }
        self.assertEqual(
            [
                ("a/trades.csv", 1, "candles", "candles", [("BTC/USDT", at(9))], None),
                ("b/trades.csv", 1, "propagated", "candles", [], "a/trades.csv"),
                ("rebalances.csv", 1, "candles", "candles", [("BTC/USDT", at(9))], None),
            ],
            self.told(differing, candle("BTC/USDT", 9)),
        )

    def test_the_operator_a_missed_step_another_symbol_and_nothing(self) -> None:
        rows = {"a/trades.csv": [(row(10, "BTC/USDT"), "")]}
        for interfered, candles, cause in (
            (Interference((), (START + 5 * MINUTE_MS,)), (), "operator"),
            (Interference((START + 11 * MINUTE_MS,), (START,)), (), "missed_step"),
            (Interference((START + 12 * MINUTE_MS,), ()), (), "unexplained"),
            (UNTOUCHED, (candle("ETH/USDT", 9),), "candles"),
            (UNTOUCHED, (candle("ETH/USDT", 11),), "unexplained"),
        ):
            with self.subTest(cause=cause, interfered=interfered):
                self.assertEqual(cause, self.told(rows, *candles, interfered=interfered)[0][2])


if __name__ == "__main__":
    unittest.main()
