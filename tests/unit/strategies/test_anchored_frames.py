"""Anchored frames: where they begin, that it is the same whatever lies ahead, and that look-ahead stops the run."""

import functools
import unittest
from typing import Any

import numpy as np
import pandas as pd

from core.candle import Candle
from core.candle_columns import CandleColumns
from core.errors import InvariantError, StrategyError
from core.timeframe import WEEK_MS
from core.trading_signal import Signal
from strategies.anchored_blocks import sampled_rows, stored_candles_needed
from strategies.known_candles import KnownCandles
from strategies.open_stream import open_stream
from strategies.strategy import WarmedStream
from tests.support.candles import candles_of
from tests.support.frame_strategies import HONEST, LOOKING_AHEAD, BlockBreakout, Breakout, LooksAhead, TableBreakout
from tests.support.scale import SEED, scaled
from tests.support.times import MINUTE_MS

BTC = "BTC/USDT"
MAX_GAP_MS = 61 * MINUTE_MS


def walk(seed: int, numbers: Any) -> CandleColumns:
    """Return a random walk whose candles have the given numbers."""
    opens = np.asarray(numbers, np.int64) * MINUTE_MS
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0, 0.002, len(opens))))
    open_ = np.concatenate(([100.0], close[:-1]))
    reach = random.uniform(0, 0.1, (2, len(opens)))
    high, low = np.maximum(open_, close) + reach[0], np.minimum(open_, close) - reach[1]
    return CandleColumns(opens, open_, high, low, close, random.uniform(1, 2, len(opens)))


def answers(strategy: Any, columns: CandleColumns, *, known: bool, start: int = 0, first: int = 0) -> dict[int, Signal]:
    """Return what a strategy says from row ``start`` on, by number, shown the rows from ``first`` on; a stream a
    segment, as a session has it."""
    ahead = KnownCandles({BTC: columns.slice(first, columns.rows)}, MINUTE_MS, MAX_GAP_MS) if known else None
    new_stream = functools.partial(open_stream, strategy, BTC, ahead, timeframe_ms=MINUTE_MS)
    stream, before_ms, said = new_stream(), None, {}
    for row, candle in enumerate(candles_of(columns)[first:], first):
        if before_ms is not None and candle.open_time_ms - before_ms > MAX_GAP_MS:
            stream = new_stream()
        before_ms = candle.open_time_ms
        if row < start:
            assert isinstance(stream, WarmedStream)
            stream.warm(candle)
        else:
            said[candle.open_time_ms // MINUTE_MS] = stream.update(candle)
    return said


class Frames:
    """Keeps the numbers of the candles in the frame of every answer."""

    name = "frames"

    def __init__(self, warmup_candles: int) -> None:
        self.warmup_candles = warmup_candles
        self.seen: dict[int, list[int]] = {}
        self.computed = 0

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        self.computed += 1
        numbers = (df["timestamp"].astype("int64") // (MINUTE_MS * 1000)).tolist()
        self.seen[numbers[-1]] = numbers
        return df

    def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
        return {"signal": "LONG"}


class WhereAFrameBegins(unittest.TestCase):
    def frames(self, warmup_candles: int, numbers: Any, *, known: bool) -> dict[int, list[int]]:
        strategy = Frames(warmup_candles)
        answers(strategy, walk(1, numbers), known=known)
        return strategy.seen

    def test_so_many_stored_candles_before_the_block_and_no_earlier_than_the_segment(self) -> None:
        # Missing: 997, which is not counted; 1003; then 70, after which a segment begins in the block.
        numbers = [*range(990, 997), 998, 999, 1000, 1001, 1002, *range(1004, 1008), *range(1078, 1083), 2000, 2001]
        for known in (False, True):
            seen = self.frames(3, numbers, known=known)
            self.assertEqual([990, 991, 992, 993], seen[993])
            self.assertNotIn(992, seen, "it is asked when three candles came before")
            self.assertEqual([990, 991, 992, 993, 994, 995, 996, 998, 999], seen[999])
            self.assertEqual([996, 998, 999, 1000], seen[1000])
            self.assertEqual([996, 998, 999, 1000, 1001, 1002, 1004], seen[1004])
            self.assertEqual([996, 998, 999, 1000, 1001, 1002, 1004, 1005, 1006, 1007], seen[1007])
            self.assertEqual([1078, 1079, 1080, 1081], seen[1081])
            self.assertEqual([1078, 1079, 1080, 1081, 1082], seen[1082])
            self.assertNotIn(2000, seen)

    def test_without_a_warm_up_there_are_two_candles_where_the_segment_begins(self) -> None:
        for known in (False, True):
            seen = self.frames(0, [998, 999, 1000, 1001], known=known)
            self.assertEqual({999: [998, 999], 1000: [1000], 1001: [1000, 1001]}, seen)

    def test_what_must_be_stored_before_a_window(self) -> None:
        breakout = Breakout({"length": 7})
        for number, needed in ((0, 7), (1, 8), (999, 1006), (1000, 7), (28_401_120, 127)):
            self.assertEqual(needed, stored_candles_needed(breakout, number * MINUTE_MS, MINUTE_MS))
        # The first candle of the window opens at the next boundary; weeks are numbered from their Monday.
        self.assertEqual(9, stored_candles_needed(breakout, MINUTE_MS + 1, MINUTE_MS))
        self.assertEqual(7 + 3, stored_candles_needed(breakout, 3 * WEEK_MS + 4 * 86_400_000, WEEK_MS))

    def test_a_window_that_begins_in_a_block_has_the_frames_of_any_other(self) -> None:
        columns = walk(2, range(1900, 2350))
        for cls in (Breakout, TableBreakout):
            strategy = cls({"length": 30})
            whole = answers(strategy, columns, known=True)
            for start in (90, 231, 380):
                needed = stored_candles_needed(strategy, int(columns.open_time_ms[start]), MINUTE_MS)
                first = max(0, start - needed)
                for known in (False, True):
                    part = answers(strategy, columns, known=known, start=start, first=first)
                    self.assertEqual(range(1900 + start, 2350), range(min(part), max(part) + 1))
                    self.assertEqual(loud(whole, 1900 + start), loud(part))


def loud(said: dict[int, Signal], since: int = 0) -> dict[int, Signal]:
    return {at: signal for at, signal in said.items() if signal.direction != "FLAT" and at >= since}


class KnownAndUnknown(unittest.TestCase):
    def test_they_answer_alike_bit_by_bit_with_gaps_and_over_blocks(self) -> None:
        for seed in range(SEED, SEED + scaled(1, 20)):
            random = np.random.default_rng(seed)
            # Holes of every length, some of which end the segment.
            steps = 1 + (random.random(350) < 0.02) * random.integers(1, 90, 350)
            columns = walk(seed, 800 + np.cumsum(steps))
            for cls in HONEST:
                strategy = cls({"length": 15})
                expected = answers(strategy, columns, known=False)
                self.assertGreater(len(loud(expected)), 5)
                self.assertEqual(loud(expected), loud(answers(strategy, columns, known=True)), (seed, cls.__name__))

    def test_a_quiet_block_is_computed_once_and_a_dozen_times_more(self) -> None:
        class Quiet(Frames):
            def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
                return {"signal": "FLAT"}

        strategy = Quiet(5)
        answers(strategy, walk(1, range(1000, 3000)), known=True)
        self.assertLessEqual(strategy.computed, 2 * (1 + 12))
        self.assertGreaterEqual(strategy.computed, 2 * (1 + 8))
        self.assertLessEqual({1005, 1999, 2000, 2999}, strategy.seen.keys())

    def test_the_sample_is_a_matter_of_names(self) -> None:
        rows = range(40, 1_000)
        self.assertEqual(sampled_rows(rows, "a", BTC, 7), sampled_rows(rows, "a", BTC, 7))
        self.assertNotEqual(sampled_rows(rows, "a", BTC, 7), sampled_rows(rows, "a", BTC, 8))
        self.assertLessEqual({40, 999}, sampled_rows(rows, "a", BTC, 7))
        self.assertEqual(set(), sampled_rows((), "a"))

    def test_a_candle_that_is_not_known_stops_the_run(self) -> None:
        columns = walk(1, range(10))
        known = KnownCandles({BTC: columns}, MINUTE_MS, MAX_GAP_MS)
        stream = open_stream(Breakout({}), BTC, known, timeframe_ms=MINUTE_MS)
        with self.assertRaisesRegex(InvariantError, "is none of those known"):
            stream.update(Candle(10 * MINUTE_MS, 1.0, 1.0, 1.0, 1.0, 1.0))


class LookAhead(unittest.TestCase):
    def test_every_kind_is_found_and_the_column_is_named(self) -> None:
        for seed in range(SEED, SEED + scaled(5, 200)):
            columns = walk(seed, range(1000, 1400))
            for cls in LOOKING_AHEAD:
                with self.subTest(kind=cls.__name__, seed=seed):
                    with self.assertRaises(StrategyError) as caught:
                        answers(cls(), columns, known=True)
                    text = str(caught.exception)
                    self.assertNotIn("\n", text)
                    self.assertRegex(text, r"^look-ahead: .* the candle opened 1970-01-01T\d\d:\d\d:00")
                    honest_columns = cls.__name__ == "LastRowOfBlock"
                    self.assertIn("no column differs" if honest_columns else "column 'score'", text)

    def test_a_look_ahead_that_only_moves_a_distance_is_found(self) -> None:
        class Peeking(LooksAhead):
            def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
                return df.assign(width=(df["high"] - df["low"]).mean())

            def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
                return {"signal": "LONG", "metadata": {"sl_distance": df["width"].iloc[-1]}}

        with self.assertRaisesRegex(StrategyError, r"LONG \(stop .*column 'width' is"):
            answers(Peeking(), walk(3, range(1000, 1100)), known=True)

    def test_one_that_changes_no_answer_is_found_by_its_column(self) -> None:
        class Idle(LooksAhead):
            def score(self, df: pd.DataFrame) -> pd.Series:
                return df["close"] - df["close"].max() - 1.0

        with self.assertRaisesRegex(StrategyError, "column 'score' at the candle opened .* when they are not$"):
            answers(Idle(), walk(3, range(1000, 1100)), known=True)

    def test_what_is_small_against_its_column_is_noise(self) -> None:
        class Noisy(LooksAhead):
            def score(self, df: pd.DataFrame) -> pd.Series:
                return pd.Series(np.where(np.arange(len(df)) % 7, 1e-14 * len(df), 100.0)) * -1.0

        answers(Noisy(), walk(3, range(1000, 1200)), known=True)

    def test_rounding_is_no_look_ahead_and_the_answer_is_that_without_later_candles(self) -> None:
        class Rounded(LooksAhead):
            def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
                return df.assign(width=1.0 + len(df) * 1e-13)

            def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
                return {"signal": "LONG", "metadata": {"sl_distance": df["width"].iloc[-1]}}

        said = answers(Rounded(), walk(3, range(1000, 1100)), known=True)
        self.assertEqual(1.0 + 21 * 1e-13, said[1020].sl_distance)

    def test_one_that_only_keeps_silent_is_found_at_a_row_of_the_sample(self) -> None:
        class Silenced(LooksAhead):
            """Long unless a later candle is known."""

            def score(self, df: pd.DataFrame) -> pd.Series:
                return -df["close"].shift(-1).fillna(-1.0)

        with self.assertRaisesRegex(StrategyError, "is FLAT .*and LONG .*column 'score'"):
            answers(Silenced(), walk(3, range(1000, 2000)), known=True)


class Failures(unittest.TestCase):
    def test_what_fails_on_a_block_alone_fails_nowhere_and_what_fails_at_a_candle_fails_there(self) -> None:
        class Leaving(LooksAhead):
            """Leaves the program on every frame that has more than so many rows."""

            def __init__(self, most: int, error: type[BaseException]) -> None:
                self.most, self.error = most, error

            def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
                if len(df) > self.most:
                    raise self.error("no")
                return df.assign(score=1.0)

        columns = walk(1, range(1000, 1100))
        for error in (ValueError, SystemExit):
            for known in (False, True):
                stream = open_stream(
                    Leaving(40, error),
                    BTC,
                    KnownCandles({BTC: columns}, MINUTE_MS, MAX_GAP_MS) if known else None,
                    timeframe_ms=MINUTE_MS,
                )
                candles = candles_of(columns)
                for candle in candles[:40]:
                    stream.update(candle)
                with self.subTest(error=error, known=known), self.assertRaises(error):
                    stream.update(candles[40])


class AnswersForABlock(unittest.TestCase):
    def test_what_is_not_one_answer_a_row_is_told_in_one_line_however_it_runs(self) -> None:
        cases = {
            "returned 1 answers for 21 candles": lambda df: pd.Series(["LONG"]),
            "returned NoneType; expected a Series": lambda df: None,
            "with the column 'signal'": lambda df: pd.DataFrame({"direction": ["LONG"] * len(df)}),
            "generate_signals returned 'BUY'; expected answers each of which is one of": lambda df: pd.Series(
                ["BUY"] * len(df)
            ),
        }
        for text, wrong in cases.items():

            class Wrong(LooksAhead):
                generate_signal = None  # type: ignore[assignment]
                generate_signals = staticmethod(wrong)

                def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
                    return df

            for known in (False, True):
                with self.subTest(text=text, known=known), self.assertRaises(StrategyError) as caught:
                    answers(Wrong(), walk(1, range(1000, 1030)), known=known)
                self.assertIn(text, str(caught.exception))

    def test_an_array_of_directions_is_as_good_as_a_series(self) -> None:
        class Array(BlockBreakout):
            def generate_signals(self, df: pd.DataFrame) -> Any:
                return super().generate_signals(df).to_numpy()

        columns = walk(5, range(1000, 1300))
        config = {"length": 15}
        self.assertEqual(
            loud(answers(Array(config), columns, known=True)), loud(answers(Breakout(config), columns, known=True))
        )


if __name__ == "__main__":
    unittest.main()
