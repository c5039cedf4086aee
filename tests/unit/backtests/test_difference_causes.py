"""Causes of trade differences that no recorded session can show alone."""

import tempfile
import unittest
from pathlib import Path

from backtests.candle_matching import CandleDifference
from backtests.decision_index import DecisionIndex
from backtests.difference_causes import DifferenceJudge, TradeDifference
from backtests.trade_matching import RoundTrip, match_trades
from core.instants import format_ms

MINUTE = 60_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")


def trip(symbol: str, minute: int, price: str) -> RoundTrip:
    """Return a long of one minute whose rows were written in the steps after its fills."""
    step_ms = (minute + 1) * MINUTE
    return RoundTrip(
        symbol,
        "LONG",
        format_ms(minute * MINUTE),
        "100",
        "1",
        "1",
        step_ms,
        format_ms(step_ms),
        price,
        "target",
        "0",
        step_ms + MINUTE,
    )


def candle(symbol: str, minute: int) -> CandleDifference:
    open_ms = minute * MINUTE
    return CandleDifference(
        symbol, open_ms, format_ms(open_ms), open_ms + MINUTE, "missing_in_session", "not_received", None, (1.0,) * 5
    )


class Causes(unittest.TestCase):
    def judge(self, places: list[tuple[str, int]], candles: list[CandleDifference]) -> list[TradeDifference]:
        """Judge trades that leave at other prices in both runs; each parts two minutes after its entry."""
        with tempfile.NamedTemporaryFile() as empty:
            silent = DecisionIndex(Path(empty.name))
        session = [trip(symbol, minute, "110") for symbol, minute in places]
        history = [trip(symbol, minute, "111") for symbol, minute in places]
        return DifferenceJudge(SYMBOLS, candles, silent, silent).judge(match_trades(session, history))

    def test_a_difference_without_any_other_is_unexplained(self) -> None:
        found = self.judge([("BTC/USDT", 5)], [])
        self.assertEqual((found[0].cause, found[0].root, found[0].step_ms), ("unexplained", "unexplained", 7 * MINUTE))

    def test_a_candle_that_closes_in_the_step_counts_and_a_later_one_does_not(self) -> None:
        self.assertEqual(self.judge([("BTC/USDT", 5)], [candle("BTC/USDT", 6)])[0].cause, "candles")
        self.assertEqual(self.judge([("BTC/USDT", 5)], [candle("BTC/USDT", 7)])[0].cause, "unexplained")

    def test_a_difference_follows_from_its_symbols_latest_before_that_of_another_symbol(self) -> None:
        found = self.judge([("BTC/USDT", 5), ("ETH/USDT", 10), ("BTC/USDT", 15)], [candle("BTC/USDT", 5)])
        self.assertEqual([one.cause for one in found], ["candles", "propagated", "propagated"])
        self.assertEqual([one.follows for one in found], [None, 0, 0])

    def test_the_root_is_at_the_end_of_the_chain(self) -> None:
        found = self.judge([("BTC/USDT", 5), ("ETH/USDT", 10), ("ETH/USDT", 15)], [])
        self.assertEqual([one.follows for one in found], [None, 0, 1])
        self.assertEqual({one.root for one in found}, {"unexplained"})

    def test_of_one_step_the_configured_order_decides_which_is_first(self) -> None:
        found = self.judge([("ETH/USDT", 5), ("BTC/USDT", 5)], [])
        self.assertEqual([one.symbol for one in found], list(SYMBOLS))


if __name__ == "__main__":
    unittest.main()
