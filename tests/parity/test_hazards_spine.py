"""Hazards of parity, on whole runs: what a strategy is shown, when it is asked, and what it then gets."""

import unittest
from collections.abc import Mapping
from decimal import Decimal

from core.candle import Candle, Step
from core.errors import InvariantError
from core.instants import parse_instant
from core.trading_signal import FLAT, Signal
from strategies import ScalpingEMARSI
from tests.support.candles import candles_of
from tests.support.market_data_sets import frame_of, practice_candles, practice_columns
from tests.support.runs.kernel_runs import KernelRun, steps_of
from tests.support.runs.strategy_runs import stepped_run, whole_run
from tests.support.times import JANUARY_MS

SYMBOLS = ("BTC/USDT", "SOL/USDT")
QUARTER_MS = 900_000


class Witness:
    """A strategy that says nothing and keeps every candle it is shown, stream by stream."""

    name = "witness"

    def __init__(self, warmup_candles: int = 0) -> None:
        self.warmup_candles = warmup_candles
        self.seen: dict[str, list[list[Candle]]] = {}

    def stream(self, symbol: str) -> "WitnessStream":
        shown: list[Candle] = []
        self.seen.setdefault(symbol, []).append(shown)
        return WitnessStream(shown)


class WitnessStream:
    def __init__(self, shown: list[Candle]) -> None:
        self.shown = shown

    def update(self, candle: Candle) -> Signal:
        self.shown.append(candle)
        return FLAT


class WhatAStrategySeesTest(unittest.TestCase):
    def setUp(self) -> None:
        self.candles = {
            symbol: [one for number, one in enumerate(stored) if number % (5 + place)]
            for place, (symbol, stored) in enumerate(practice_candles(SYMBOLS, "15m", 120).items())
        }

    def test_exactly_the_candles_that_exist_each_once_and_in_order(self) -> None:
        witness = Witness()
        whole_run(witness, self.candles, timeframe="15m", timeframe_ms=QUARTER_MS)
        self.assertEqual({symbol: [stored] for symbol, stored in self.candles.items()}, witness.seen)

    def test_the_warm_up_once_and_then_the_window(self) -> None:
        witness = Witness(20)
        before = {symbol: stored[:20] for symbol, stored in self.candles.items()}
        window = {symbol: stored[30:] for symbol, stored in self.candles.items()}
        steps = steps_of(window, SYMBOLS, QUARTER_MS)
        stepped_run(witness, steps, SYMBOLS, warm_up=before, timeframe="15m")
        self.assertEqual({symbol: [before[symbol] + window[symbol]] for symbol in SYMBOLS}, witness.seen)

    def test_after_a_long_gap_another_stream_that_has_seen_nothing(self) -> None:
        witness = Witness()
        halves = {symbol: (stored[:20], stored[50:]) for symbol, stored in self.candles.items()}
        joined = {symbol: first + second for symbol, (first, second) in halves.items()}
        whole_run(witness, joined, {"max_gap": 10}, timeframe="15m", timeframe_ms=QUARTER_MS)
        self.assertEqual({symbol: list(parts) for symbol, parts in halves.items()}, witness.seen)

    def test_time_that_does_not_move_forward_stops_the_run(self) -> None:
        steps = steps_of(self.candles, SYMBOLS, QUARTER_MS)
        for again in (steps[3], steps[1]):
            with self.assertRaisesRegex(InvariantError, "is not after"):
                stepped_run(Witness(), [*steps[:4], again], SYMBOLS, timeframe="15m")
        stored = self.candles["BTC/USDT"]
        for warm_up in ([stored[1], stored[0]], [stored[0], stored[0]]):
            with self.assertRaisesRegex(InvariantError, "warm-up goes back"):
                stepped_run(Witness(2), [], SYMBOLS, warm_up={"BTC/USDT": warm_up}, timeframe="15m")


class DecisionsTest(unittest.TestCase):
    """Every decision of the shipped strategy on practice candles, held against columns and candles."""

    run_of_all: KernelRun
    decisions: list[Mapping[str, object]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.columns = {symbol: practice_columns(symbol, "15m", 3_000) for symbol in SYMBOLS}
        cls.candles = {symbol: candles_of(columns) for symbol, columns in cls.columns.items()}
        cls.run_of_all = whole_run(
            ScalpingEMARSI(), cls.candles, {"slippage": 0.0005}, timeframe="15m", timeframe_ms=QUARTER_MS
        )
        cls.decisions = [event for event in cls.run_of_all.events if event["event"] == "decision"]

    def test_a_record_holds_the_values_that_decided_and_they_are_those_of_the_candle_that_closed(self) -> None:
        self.assertGreater(len(self.decisions), 20)
        columns = {symbol: ScalpingEMARSI().add_indicators(frame_of(self.columns[symbol])) for symbol in SYMBOLS}
        for decision in self.decisions:
            frame = columns[decision["symbol"]]
            row = (parse_instant(decision["time"]) - QUARTER_MS - JANUARY_MS) // QUARTER_MS
            now, before = frame.iloc[row], frame.iloc[row - 1]
            expected = {name: now[name] for name in ("ema_fast", "ema_slow", "rsi", "atr", "volume", "volume_avg")}
            expected |= {"ema_fast_before": before["ema_fast"], "ema_slow_before": before["ema_slow"]}
            self.assertEqual(expected, decision["signal"]["inputs"])

    def test_an_entry_fills_at_the_next_open_of_its_own_symbol_never_in_the_candle_that_decided(self) -> None:
        opened = {row["order_id"]: row for row in self.run_of_all.rows if row["action"] == "OPEN"}
        accepted = [one for one in self.decisions if one["entry_order_id"] is not None]
        self.assertGreater(len(accepted), 10)
        for decision in accepted:
            row = opened.get(decision["entry_order_id"])
            if row is None:
                self.assertEqual(decision["time"], self.run_of_all.rows[-1]["timestamp"], "cancelled at the end only")
                continue
            self.assertEqual(decision["symbol"], row["symbol"])
            # Without a hole the next candle opens at the instant at which the decision was made.
            self.assertEqual(decision["time"], row["timestamp"])
            number = (parse_instant(row["timestamp"]) - JANUARY_MS) // QUARTER_MS
            asked = Decimal(repr(self.candles[row["symbol"]][number].open))
            slipped = asked * (Decimal("1.0005") if row["side"] == "LONG" else Decimal("0.9995"))
            self.assertLessEqual(abs(slipped - Decimal(row["price"])), Decimal("0.01"))

    def test_no_decision_is_made_before_the_warm_up_is_whole(self) -> None:
        first = min(parse_instant(one["time"]) for one in self.decisions if one["entry_order_id"] is not None)
        self.assertGreaterEqual(first - JANUARY_MS, (ScalpingEMARSI().warmup_candles + 1) * QUARTER_MS)
        refused = [one for one in self.decisions if one["reason"] == "warming_up"]
        self.assertGreater(len(refused), 0)

    def test_what_was_stored_before_the_warm_up_changes_nothing(self) -> None:
        strategy = ScalpingEMARSI()
        start = 1_000
        steps = steps_of({symbol: stored[start:] for symbol, stored in self.candles.items()}, SYMBOLS, QUARTER_MS)
        runs = []
        for places in (slice(start - strategy.warmup_candles, start), slice(0, start)):
            # A session is handed the last of them, however many are stored; more would still be forgotten.
            warm_up = {symbol: stored[places] for symbol, stored in self.candles.items()}
            runs.append(stepped_run(strategy, steps, SYMBOLS, warm_up=warm_up, timeframe="15m").finished())
        first, second = ([_fill(row) for row in run.rows] for run in runs)
        self.assertGreater(len(first), 20)
        self.assertEqual([row[:4] for row in first], [row[:4] for row in second])


def _fill(row: Mapping[str, str]) -> tuple[str, str, str, str]:
    return row["timestamp"], row["symbol"], row["action"], row["side"]


class GapWithoutInventionTest(unittest.TestCase):
    def test_a_step_without_a_candle_of_a_symbol_shows_it_nothing(self) -> None:
        stored = practice_candles(("BTC/USDT",), "15m", 3)["BTC/USDT"]
        witness = Witness()
        steps = [Step(one.open_time_ms + QUARTER_MS, (one, None)) for one in stored]
        run = stepped_run(witness, steps, SYMBOLS, timeframe="15m").finished()
        self.assertEqual({"BTC/USDT": [stored], "SOL/USDT": [[]]}, witness.seen)
        self.assertEqual(3, run.session.statistics.candles_processed)


if __name__ == "__main__":
    unittest.main()
