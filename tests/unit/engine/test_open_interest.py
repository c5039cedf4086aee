"""Steps that carry open interest tell a program the same, and give the same bytes, folded again and resumed."""

import unittest
from collections.abc import Sequence

import msgspec

from core.candle import OpenInterest, Step
from core.errors import InvariantError
from engine.fold import SessionFold
from engine.journal_records import JournalRecord, SessionRecord, StepRecord, fields_of, step_of, step_record
from engine.open_interest import fed_of, first_stamp_ms, open_interest_asked
from engine.renderer import SessionOutputs
from market_data.practice.practice_market import PracticeMarket
from strategies.programs.known_interest import NO_INTEREST, NO_INTEREST_BEFORE
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.market_data_sets import practice_candles
from tests.support.runs.kernel_runs import settings_from, steps_of
from tests.support.runs.program_runs import BTC, ETH, OF_15_MINUTES, AnsweringSandbox, program
from tests.support.times import HOUR_MS, JANUARY_MS

BEFORE = 112
START_MS = JANUARY_MS + BEFORE * OF_15_MINUTES
PERIODS = ["15m", "1h"]
TEXT = """READS = {"flows": [["open_interest", ""], ["open_interest_change", "1h"]]}
def decide(market, account, trigger):
    return None
"""


def decides(given: CallInput) -> object:
    """Buy and close by the change, so that what is told is in every output."""
    symbol = given.trigger["symbol"]
    change = given.market["flows"][symbol]["open_interest_change|1h"]
    if change["value"] is None:
        return None
    if symbol in given.account["positions"]:
        return {"action": "close", "reason": str(change["value"])}
    return {"action": "buy", "stop_distance": 0.05 * given.market["prices"][symbol], "reason": str(change["value"])}


class Journalled(unittest.TestCase):
    def setUp(self) -> None:
        candles = practice_candles((BTC, ETH), "15m", BEFORE + 24)
        markets = PracticeMarket().markets()
        self.first = SessionRecord(
            "s", "", "", {}, {symbol: markets[symbol] for symbol in (BTC, ETH)},
            {symbol: [fields_of(one) for one in rows[:BEFORE]] for symbol, rows in candles.items()},
            False, START_MS, open_interest=PERIODS,
        )  # fmt: skip
        stamps = range(first_stamp_ms(START_MS, PERIODS), START_MS + 24 * OF_15_MINUTES, OF_15_MINUTES)
        rows = [OpenInterest(stamp, 1e3 + 1.1 * (n % 13), None if n % 4 else n / 3) for n, stamp in enumerate(stamps)]
        shown = {BTC: rows, ETH: [one for n, one in enumerate(rows) if n not in (8, 12, 20)]}
        window = {symbol: of_symbol[BEFORE:] for symbol, of_symbol in candles.items()}
        self.steps = steps_of(window, (BTC, ETH), OF_15_MINUTES, open_interest=shown)

    def fold(self) -> tuple[SessionFold, AnsweringSandbox, Sequence[bytearray]]:
        settings = settings_from({"perpetual": {"leverage": 2}}, (BTC, ETH), "15m")
        strategy, written = program(decides, TEXT, schedule="15m"), [bytearray() for _ in range(5)]
        fold = SessionFold(self.first, settings, SessionOutputs(*(one.extend for one in written)), strategy)
        return fold, strategy.sandbox, written

    def lived(self, fold: SessionFold, steps: Sequence[Step]) -> list[JournalRecord]:
        """Run through steps as a session does; return what the journal has of them, written and read."""
        journal = []
        for step in steps:
            record = step_record(step, fold.outputs.digest())
            fold.apply(record)
            journal.append(msgspec.json.decode(msgspec.json.encode(record), type=JournalRecord))
        return journal

    def test_a_session_that_is_folded_again_or_goes_on_is_told_the_same_and_writes_the_same(self) -> None:
        whole, asked, written = self.fold()
        journal = self.lived(whole, self.steps)
        self.assertEqual(self.steps, [step_of(one) for one in journal])
        told = [one.market["flows"][one.trigger["symbol"]]["open_interest_change|1h"] for one in asked.given]
        self.assertEqual({None, NO_INTEREST, NO_INTEREST_BEFORE}, {one["reason"] for one in told})
        self.assertGreater(written[0].count(b"\n"), 10)
        for kept in (0, 1, 7, 15, len(journal)):
            with self.subTest(kept=kept):
                fold, again, rewritten = self.fold()
                fold.recall(journal[:kept])
                for record in journal[:kept]:
                    fold.apply(record)
                fold.recalled()
                self.lived(fold, self.steps[kept:])
                self.assertEqual([one.market for one in asked.given], [one.market for one in again.given])
                self.assertEqual(written, rewritten)

    def test_a_step_of_other_symbols_is_refused(self) -> None:
        fold, *_ = self.fold()
        step = msgspec.structs.replace(self.steps[0], open_interest=((), (), ()))
        with self.assertRaisesRegex(InvariantError, "3 candles for 2 symbols"):
            fold.apply(step_record(step, fold.outputs.digest()))

    def test_a_step_without_any_is_written_as_it_was(self) -> None:
        line = msgspec.json.encode(step_record(msgspec.structs.replace(self.steps[0], open_interest=()), ""))
        self.assertNotIn(b"open_interest", line)
        self.assertEqual((), msgspec.json.decode(line, type=StepRecord).open_interest)


class Fed(unittest.TestCase):
    def test_the_stamps_reach_from_two_of_the_longest_period_before_the_last_known_to_the_last_known(self) -> None:
        # 4h and 6h are served by 2h. At 13:00 that of 12:00 is known of 6h; at 14:04:59.999 that of 14:00 is not yet.
        start_ms = JANUARY_MS + 13 * HOUR_MS
        period, first_ms, stop_ms = fed_of(start_ms, start_ms + HOUR_MS + 300_000, ["4h", "6h"])
        self.assertEqual(("2h", JANUARY_MS, start_ms + HOUR_MS + 1), (period, first_ms, stop_ms))
        self.assertEqual(start_ms + HOUR_MS, fed_of(start_ms, start_ms + HOUR_MS + 299_999, ["4h", "6h"])[2])

    def test_a_program_alone_asks_for_it_whatever_attributes_another_strategy_has(self) -> None:
        class OwnClass:
            name, warmup_candles, open_interest_periods = "own", 0, 7

        settings = settings_from({"perpetual": {"leverage": 2}}, (BTC,), "15m")
        reading = program(decides, TEXT, schedule="15m")
        reading.prepare_features("15m", (BTC,))
        self.assertEqual(("15m", "1h"), open_interest_asked(settings, [OwnClass(), reading]))
        self.assertEqual((), open_interest_asked(settings, [OwnClass()]))


if __name__ == "__main__":
    unittest.main()
