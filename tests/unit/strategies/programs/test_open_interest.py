"""What a program is told of open interest, from when on, and where it is told none."""

import unittest
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.candle import OpenInterest
from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from strategies.programs.known_interest import NO_INTEREST, NO_INTEREST_BEFORE, NO_INTEREST_WATCHED, KnownInterest
from strategies.programs.program_strategy import ProgramStrategy
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.market_data_sets import practice_candles
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES, program, run_strategy
from tests.support.times import DAY_MS, HOUR_MS, JANUARY_MS, MINUTE_MS

KNOWN_AFTER_MS = 5 * MINUTE_MS
FLOWS = [
    ["open_interest", ""],
    ["open_interest_change", "1h"],
    ["open_interest", "60m"],
    ["open_interest_change", "4h"],
]
TEXT = f"READS = {{'flows': {FLOWS}}}\ndef decide(market, account, trigger):\n    return None\n"
EVERY_CANDLE = [
    {"id": "always", "name": "Always", "mode": "level", "all": [{"feature": "close", "op": ">", "value": 0}]}
]
BEFORE = 112
START_MS = JANUARY_MS + BEFORE * OF_15_MINUTES


def rows(start_ms: int, count: int, first: float = 1000.0) -> list[OpenInterest]:
    """Return open interest every 15 minutes, which goes up and down."""
    return [
        OpenInterest(start_ms + n * OF_15_MINUTES, first + 7.0 * (n % 11) - n, None if n % 3 else 5e4 + n)
        for n in range(count)
    ]


class Answers(unittest.TestCase):
    """One symbol's open interest of an hour, stamped 0h to 3h."""

    def setUp(self) -> None:
        self.known = KnownInterest(["1h", "2h"])
        amounts = ((0, 100.0, 2000.0), (1, 110.0, None), (2, 0.0, 0.0), (3, 50.0, 900.0))
        self.known.take(BTC, [OpenInterest(hour * HOUR_MS, *of) for hour, *of in amounts])

    def test_the_last_is_told_with_its_worth_and_its_stamp(self) -> None:
        told = self.known.amount(BTC, "1h", 3 * HOUR_MS + KNOWN_AFTER_MS)
        self.assertEqual({"value": 50.0, "quote": 900.0, "time": 3 * HOUR_MS, "reason": None}, told)

    def test_a_change_is_that_of_its_own_period(self) -> None:
        now = 3 * HOUR_MS + KNOWN_AFTER_MS
        # From 0 to 50 there is no ratio; from 100 to 0 everything is gone.
        self.assertEqual(
            {"value": 50.0, "ratio": None, "time": 3 * HOUR_MS, "reason": None}, self.known.change(BTC, "1h", now)
        )
        self.assertEqual(
            {"value": -100.0, "ratio": -1.0, "time": 2 * HOUR_MS, "reason": None}, self.known.change(BTC, "2h", now)
        )

    def test_of_an_unknown_symbol_there_is_none_with_a_reason(self) -> None:
        for told in (self.known.amount(ETH, "1h", HOUR_MS), self.known.change(ETH, "1h", HOUR_MS)):
            self.assertEqual({"value": None, "reason": NO_INTEREST}, told)

    def test_one_that_is_missing_is_bridged_and_no_more(self) -> None:
        last = 3 * HOUR_MS + KNOWN_AFTER_MS
        self.assertEqual(50.0, self.known.amount(BTC, "1h", last + 2 * HOUR_MS - 1)["value"])
        self.assertEqual(50.0, self.known.change(BTC, "1h", last + 2 * HOUR_MS - 1)["value"])
        for told in (
            self.known.amount(BTC, "1h", last + 2 * HOUR_MS),
            self.known.change(BTC, "1h", last + 2 * HOUR_MS),
        ):
            self.assertEqual({"value": None, "reason": NO_INTEREST}, told)
        self.known.take(BTC, [OpenInterest(5 * HOUR_MS, 60.0)])
        self.assertEqual(60.0, self.known.amount(BTC, "1h", last + 2 * HOUR_MS)["value"])
        self.assertEqual(
            {"value": None, "reason": NO_INTEREST_BEFORE}, self.known.change(BTC, "1h", last + 2 * HOUR_MS)
        )


class Fed(unittest.TestCase):
    """A program in a session of contracts, woken at every candle of 15 minutes."""

    def told(
        self, interest: Mapping[str, Sequence[OpenInterest]], start_ms: int = START_MS
    ) -> dict[tuple[int, str], dict[str, Any]]:
        """Return what each call of a run from a time on was told of open interest."""
        strategy = program(lambda given: None, TEXT, pools=EVERY_CANDLE)
        source = practice_candles((BTC, ETH), "15m", BEFORE + 30)
        shown = {"open_interest": interest, "perpetual": {"leverage": 2}}
        run_strategy(strategy, source, start_ms=start_ms, **shown)
        calls = strategy.sandbox.given
        return {
            (one.market["time"], one.trigger["symbol"]): one.market["flows"][one.trigger["symbol"]] for one in calls
        }

    def test_what_is_told_is_what_the_rows_say_that_were_known_by_then(self) -> None:
        stored = {BTC: rows(START_MS - DAY_MS, 140), ETH: rows(START_MS + 2 * HOUR_MS, 9, 40.0)}
        told = self.told(stored)
        self.assertEqual({BTC: 30, ETH: 30}, {one: sum(of == one for _, of in told) for one in (BTC, ETH)})
        seen = set()
        for (now, symbol), flows in told.items():
            by_stamp = {one.time_ms: one for one in stored[symbol] if one.time_ms + KNOWN_AFTER_MS <= now}
            for metric, period in FLOWS:
                length = timeframe_ms(period or "15m")
                due = (now - KNOWN_AFTER_MS) // length * length
                last = by_stamp.get(due) or by_stamp.get(due - length)
                before = None if last is None else by_stamp.get(last.time_ms - length)
                if last is None or (before is None and "change" in metric):
                    expected = {"value": None, "reason": NO_INTEREST if last is None else NO_INTEREST_BEFORE}
                elif "change" in metric:
                    value = last.amount - before.amount
                    expected = {"value": value, "ratio": last.amount / before.amount - 1, "time": last.time_ms}
                else:
                    expected = {"value": last.amount, "quote": last.value, "time": last.time_ms}
                with self.subTest(now=now, symbol=symbol, metric=metric, period=period):
                    self.assertEqual({"reason": None, **expected}, flows[f"{metric}|{period}"])
                seen.add((expected.get("reason"), metric))
        self.assertEqual(5, len(seen))

    def test_a_row_is_seen_from_the_first_close_on_at_which_it_is_known(self) -> None:
        """A sentinel: rows planted around a close change nothing before the close that brings them."""
        plain = {BTC: rows(START_MS - DAY_MS, 140)}
        whole = self.told(plain)
        for place, expected in ((100, 5), (104, 9), (111, 16)):
            planted = [
                one if n < place else msgspec.structs.replace(one, amount=9e9) for n, one in enumerate(plain[BTC])
            ]
            seen = self.told({BTC: planted})
            # By hand: stamped at a close, it is known 5 minutes later, which is at the next close.
            known = planted[place].time_ms + OF_15_MINUTES
            self.assertEqual(START_MS + expected * OF_15_MINUTES, known)
            differing = [now for (now, symbol), flows in seen.items() if flows != whole[now, symbol]]
            self.assertEqual(known, min(differing))

    def test_where_a_run_begins_is_nothing_that_is_told(self) -> None:
        stored = {BTC: rows(START_MS - DAY_MS, 140)}
        del stored[BTC][97:102]
        whole = self.told(stored)
        for steps in (1, 2, 7):
            start_ms = START_MS + steps * OF_15_MINUTES
            later = self.told(stored, start_ms)
            self.assertEqual({key: flows for key, flows in whole.items() if key[0] > start_ms}, later)


class Declared(unittest.TestCase):
    def test_a_strategy_names_the_periods_that_it_reads_of_the_shortest_first(self) -> None:
        for timeframe, expected in (
            ("1m", ("5m", "1h", "4h")),
            ("15m", ("15m", "1h", "4h")),
            ("3h", ("1h", "4h")),
            ("1w", ("1h", "4h", "1d")),
        ):
            strategy = ProgramStrategy({"code": TEXT, "schedule": "1w"})
            strategy.prepare_features(timeframe, (BTC,))
            self.assertEqual(expected, strategy.open_interest_periods)
        other = ProgramStrategy({"code": TEXT.replace("open_interest_change", "funding"), "schedule": "1h"})
        other.prepare_features("15m", (BTC,))
        self.assertEqual(("15m", "1h"), other.open_interest_periods)

    def test_a_period_that_is_none_is_refused_with_its_line(self) -> None:
        call = 'market.get_flow(trigger.symbol, "open_interest", "3m")'
        strategy = ProgramStrategy({"code": f"def decide(market, account, trigger):\n    {call}\n", "schedule": "1h"})
        with self.assertRaises(ConfigurationError) as raised:
            strategy.prepare_features("15m", (BTC,))
        self.assertRegex(str(raised.exception), r":2: get_flow: open_interest: period '3m' is none.*allowed: 5m, 15m")

    def test_what_was_not_declared_is_refused_and_says_how_to_declare_it(self) -> None:
        asked: list[object] = []

        def decide(given: CallInput) -> object:
            for metric, period in (("open_interest", "30m"), ("open_interest", 7), ("open_interest_change", "1h")):
                try:
                    asked.append(given.serve("get_flow", [BTC, metric, period]))
                except Refusal as refusal:
                    asked.append(str(refusal))
            return None

        text = TEXT.replace(str(FLOWS), "[['open_interest', '1h']]")
        source = practice_candles((BTC,), "15m", BEFORE + 1)
        run_strategy(program(decide, text, pools=EVERY_CANDLE), source, perpetual={"leverage": 2})
        self.assertEqual(
            "market.get_flow: no open_interest of 30m is kept — declare it: "
            'READS = {"flows": [["open_interest", "30m"]]}',
            asked[0],
        )
        self.assertIn("allowed: 5m, 15m", str(asked[1]))
        self.assertEqual({"value": None, "reason": NO_INTEREST}, asked[2])

    def test_of_a_symbol_that_is_only_watched_it_is_said_that_there_is_none(self) -> None:
        asked: list[object] = []

        def decide(given: CallInput) -> object:
            asked.append([given.serve("get_flow", [symbol, "open_interest", "1h"]) for symbol in (BTC, ETH)])
            return None

        text = TEXT.replace(str(FLOWS), "[['open_interest', '1h']]")
        source = practice_candles((BTC,), "15m", BEFORE + 1)
        run_strategy(program(decide, text, pools=EVERY_CANDLE), source, perpetual={"leverage": 2}, watch=[ETH])
        expected = [{"value": None, "reason": reason} for reason in (NO_INTEREST, NO_INTEREST_WATCHED)]
        self.assertEqual(expected, asked[0])


if __name__ == "__main__":
    unittest.main()
