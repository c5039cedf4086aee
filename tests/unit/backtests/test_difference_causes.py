"""Causes of trade differences that no recorded session can show alone."""

import json
import tempfile
import unittest
from pathlib import Path

import msgspec

from backtests.proof.candle_comparison import CandleDifference
from backtests.proof.decision_index import DecisionIndex
from backtests.proof.difference_causes import DifferenceJudge, InputDifference, TradeDifference
from backtests.proof.funding_comparison import FundingDifference
from backtests.proof.open_interest_comparison import OpenInterestDifference
from backtests.proof.trade_matching import RoundTrip, TradePart, match_trades
from core.instants import format_ms
from tests.support.times import MINUTE_MS

SYMBOLS = ("BTC/USDT", "ETH/USDT")


def trip(symbol: str, minute: int, price: str) -> RoundTrip:
    """Return a long of one minute whose rows were written in the steps after its fills."""
    step_ms = (minute + 1) * MINUTE_MS
    return RoundTrip(
        symbol,
        "LONG",
        format_ms(minute * MINUTE_MS),
        "100",
        "1",
        "1",
        step_ms,
        format_ms(step_ms),
        price,
        "target",
        "0",
        step_ms + MINUTE_MS,
    )


def candle(symbol: str, minute: int, series: str = "strategy") -> CandleDifference:
    open_ms = minute * MINUTE_MS
    return CandleDifference(
        symbol,
        open_ms,
        format_ms(open_ms),
        open_ms + MINUTE_MS,
        "missing_in_session",
        "not_received",
        None,
        (1.0,) * 5,
        series=series,
    )


def payment(symbol: str, minute: int) -> FundingDifference:
    due_ms = minute * MINUTE_MS
    return FundingDifference(symbol, due_ms, format_ms(due_ms), due_ms, "funding_missing", None, (1e-4, 100.0))


def interest(symbol: str, minute: int) -> OpenInterestDifference:
    """Return a row that is known with the step of a minute, five after its stamp."""
    stamp_ms = (minute - 5) * MINUTE_MS
    step_ms = minute * MINUTE_MS
    return OpenInterestDifference(
        symbol, stamp_ms, format_ms(stamp_ms), step_ms, "open_interest_missing", None, (1.0, None)
    )


def part(minute: int, price: str) -> TradePart:
    return TradePart(format_ms(minute * MINUTE_MS), price, "0.5", "target", "2", minute * MINUTE_MS)


class Causes(unittest.TestCase):
    def judge(self, places: list[tuple[str, int]], candles: list[InputDifference]) -> list[TradeDifference]:
        """Judge trades that leave at other prices in both runs; each parts two minutes after its entry."""
        with tempfile.NamedTemporaryFile() as empty:
            silent = DecisionIndex(Path(empty.name))
        session = [trip(symbol, minute, "110") for symbol, minute in places]
        history = [trip(symbol, minute, "111") for symbol, minute in places]
        return DifferenceJudge(SYMBOLS, candles, silent, silent).judge(match_trades(session, history))

    def test_a_difference_without_any_other_is_unexplained(self) -> None:
        found = self.judge([("BTC/USDT", 5)], [])
        self.assertEqual(
            (found[0].cause, found[0].root, found[0].step_ms), ("unexplained", "unexplained", 7 * MINUTE_MS)
        )

    def test_a_candle_that_closes_in_the_step_counts_and_a_later_one_does_not(self) -> None:
        self.assertEqual(self.judge([("BTC/USDT", 5)], [candle("BTC/USDT", 6)])[0].cause, "candles")
        self.assertEqual(self.judge([("BTC/USDT", 5)], [candle("BTC/USDT", 7)])[0].cause, "unexplained")

    def test_a_difference_follows_from_its_symbols_latest_before_that_of_another_symbol(self) -> None:
        found = self.judge([("BTC/USDT", 5), ("ETH/USDT", 10), ("BTC/USDT", 15)], [candle("BTC/USDT", 5)])
        self.assertEqual([one.cause for one in found], ["candles", "propagated", "propagated"])
        self.assertEqual([one.follows for one in found], [None, 0, 0])

    def test_a_watched_candle_is_input_of_every_symbol(self) -> None:
        watched = [candle("SOL/USDT", minute, "watched 1m") for minute in (5, 10)]
        found = self.judge([("BTC/USDT", 5), ("ETH/USDT", 10), ("BTC/USDT", 15)], watched)
        self.assertEqual([one.cause for one in found], ["candles", "candles", "candles"])
        named = [[name.open_time[14:16] for name in one.candles] for one in found]
        self.assertEqual(named, [["05"], ["05", "10"], ["10"]])
        self.assertEqual({name.series for one in found for name in one.candles}, {"watched 1m"})

    def test_open_interest_is_input_of_every_symbol_too(self) -> None:
        inputs = [candle("ETH/USDT", 2), interest("ETH/USDT", 6)]
        found = self.judge([("ETH/USDT", 1), ("BTC/USDT", 5), ("BTC/USDT", 15)], inputs)
        self.assertEqual(["candles", "open_interest", "propagated"], [one.cause for one in found])
        (named,) = found[1].candles
        self.assertEqual(("ETH/USDT", "open_interest", "01"), (named.symbol, named.series, named.open_time[14:16]))

    def test_the_root_is_at_the_end_of_the_chain(self) -> None:
        found = self.judge([("BTC/USDT", 5), ("ETH/USDT", 10), ("ETH/USDT", 15)], [])
        self.assertEqual([one.follows for one in found], [None, 0, 1])
        self.assertEqual({one.root for one in found}, {"unexplained"})

    def test_of_one_step_the_configured_order_decides_which_is_first(self) -> None:
        found = self.judge([("ETH/USDT", 5), ("BTC/USDT", 5)], [])
        self.assertEqual([one.symbol for one in found], list(SYMBOLS))

    def test_the_kind_of_input_that_differs_names_the_cause_candles_before_marks_before_funding(self) -> None:
        detail, mark, rate = candle("BTC/USDT", 6, "detail"), candle("BTC/USDT", 6, "mark"), payment("BTC/USDT", 6)
        for inputs, cause in (
            ([rate, mark, detail], "candles"),
            ([rate, mark], "marks"),
            ([rate, interest("BTC/USDT", 6)], "funding"),
            ([interest("BTC/USDT", 6)], "open_interest"),
            ([payment("BTC/USDT", 8)], "unexplained"),
            # Of another symbol alone: its marks and money are part of the equity that sizes orders.
            ([payment("ETH/USDT", 6)], "funding"),
        ):
            with self.subTest(cause, of=[one.symbol for one in inputs]):
                self.assertEqual(self.judge([("BTC/USDT", 5)], inputs)[0].cause, cause)
        named = self.judge([("BTC/USDT", 5)], [rate, mark])[0].candles
        self.assertEqual([(one.series, one.open_time[14:16]) for one in named], [("funding", "06"), ("mark", "06")])


class Parts(unittest.TestCase):
    def judge(self, session: dict[str, object], history: dict[str, object]) -> TradeDifference:
        with tempfile.NamedTemporaryFile() as empty:
            silent = DecisionIndex(Path(empty.name))
        one = trip("BTC/USDT", 5, "110")
        trades = [[msgspec.structs.replace(one, **changes)] for changes in (session, history)]
        (found,) = DifferenceJudge(SYMBOLS, [], silent, silent).judge(match_trades(*trades))
        return found

    def test_runs_part_in_the_step_of_the_first_exit_that_differs(self) -> None:
        found = self.judge(
            {"earlier_exits": (part(6, "105"), part(6, "106"))}, {"earlier_exits": (part(6, "105"), part(7, "106"))}
        )
        self.assertEqual((found.fields, found.step_ms), (("earlier_exits",), 6 * MINUTE_MS))

    def test_an_exit_that_one_run_alone_has_parts_them_in_its_step_or_in_that_of_the_others_next(self) -> None:
        found = self.judge({"earlier_exits": (part(6, "105"),)}, {})
        self.assertEqual(found.step_ms, 6 * MINUTE_MS)

    def test_an_addition_that_one_run_alone_has_parts_them_before_the_exits_that_follow(self) -> None:
        found = self.judge({"added": (part(6, "101"),)}, {"exit_price": "111"})
        self.assertEqual((found.fields, found.step_ms), (("added", "exit_price"), 6 * MINUTE_MS))

    def test_a_part_closed_by_the_kill_switch_is_the_operators(self) -> None:
        closed = msgspec.structs.replace(part(6, "105"), reason="kill_switch")
        self.assertEqual(self.judge({"earlier_exits": (closed,)}, {}).cause, "operator")
        self.assertEqual(self.judge({}, {"earlier_exits": (closed,)}).cause, "unexplained")


class OwnRecords(unittest.TestCase):
    """What the runs' own decisions say of entries that one of them was refused."""

    def index(self, *decisions: tuple[int, str, str | None, str | None]) -> DecisionIndex:
        lines = [
            {
                "event": "decision",
                "time": format_ms(minute * MINUTE_MS),
                "symbol": symbol,
                "reason": reason,
                "entry_order_id": order_id,
            }
            for minute, symbol, reason, order_id in decisions
        ]
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))
            file.flush()
            return DecisionIndex(Path(file.name))

    def judge(
        self, session: list[RoundTrip], history: list[RoundTrip], mine: DecisionIndex, theirs: DecisionIndex
    ) -> list[TradeDifference]:
        return DifferenceJudge(SYMBOLS, [], mine, theirs).judge(match_trades(session, history))

    def test_a_trade_that_history_was_refused_by_the_kill_switch_is_the_operators(self) -> None:
        mine = self.index((5, "BTC/USDT", None, "1"))
        theirs = self.index((5, "BTC/USDT", "kill_switch", None))
        (found,) = self.judge([trip("BTC/USDT", 5, "110")], [], mine, theirs)
        self.assertEqual(("extra", "operator"), (found.verdict, found.cause))

    def test_an_addition_that_one_run_was_refused_has_the_reason_of_that_refusal(self) -> None:
        added = msgspec.structs.replace(part(6, "101"), order_id="2")
        for reason, cause in (
            ("missed_step", "missed_step"),
            ("kill_switch", "operator"),
            ("max_exposure", "unexplained"),
        ):
            with self.subTest(reason):
                mine = self.index((5, "BTC/USDT", None, "1"), (6, "BTC/USDT", reason, None))
                theirs = self.index((5, "BTC/USDT", None, "1"), (6, "BTC/USDT", None, "2"))
                more = msgspec.structs.replace(trip("BTC/USDT", 5, "111"), added=(added,))
                (found,) = self.judge([trip("BTC/USDT", 5, "110")], [more], mine, theirs)
                self.assertEqual(cause, found.cause)

    def test_an_order_that_only_waited_in_one_run_explains_what_follows(self) -> None:
        mine = self.index((3, "ETH/USDT", "missed_step", None), (5, "BTC/USDT", None, "1"))
        theirs = self.index((3, "ETH/USDT", None, "1"), (5, "BTC/USDT", "max_open_trades", None))
        (found,) = self.judge([trip("BTC/USDT", 5, "110")], [], mine, theirs)
        self.assertEqual(("extra", "missed_step"), (found.verdict, found.cause))
        later = self.index((3, "ETH/USDT", None, "1"), (5, "BTC/USDT", "max_open_trades", None))
        after = self.index((9, "ETH/USDT", "missed_step", None), (5, "BTC/USDT", None, "1"))
        (found,) = self.judge([trip("BTC/USDT", 5, "110")], [], after, later)
        self.assertEqual("unexplained", found.cause)

    def test_a_refusal_that_both_runs_had_explains_nothing(self) -> None:
        both = (3, "ETH/USDT", "kill_switch", None)
        mine, theirs = self.index(both, (5, "BTC/USDT", None, "1")), self.index(both)
        (found,) = self.judge([trip("BTC/USDT", 5, "110")], [], mine, theirs)
        self.assertEqual("unexplained", found.cause)


if __name__ == "__main__":
    unittest.main()
