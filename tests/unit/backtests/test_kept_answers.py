"""A strategy that two engines run is asked about each candle once, and tells the second what it told the first."""

import inspect
import unittest
from typing import Any

from backtests.engines.kept_answers import KeptAnswers
from core.candle import Candle
from core.trading_signal import FLAT, Signal

CANDLES = [Candle(60_000 * number, 1.0, 1.0, 1.0, 1.0, 1.0) for number in range(6)]


class Counting:
    """Remembers every candle that it was asked about, in a list that it shares with nobody's copy."""

    name, warmup_candles = "counting", 0

    def __init__(self, asked: list[tuple[str, int]], *, fails_at: int = -1) -> None:
        self._asked = asked
        self._fails_at = fails_at

    def stream(self, symbol: str) -> Any:
        outer = self

        class Stream:
            def update(self, candle: Candle) -> Signal:
                outer._asked.append((symbol, candle.open_time_ms))
                if candle.open_time_ms == outer._fails_at:
                    raise ValueError("no idea")
                return Signal("LONG", sl_distance=1.0 * len(outer._asked)) if len(outer._asked) % 2 else FLAT

        return Stream()


class KeptAnswersTest(unittest.TestCase):
    def test_a_run_that_stopped_is_followed_by_one_that_goes_on_from_there(self) -> None:
        asked: list[tuple[str, int]] = []
        answers = KeptAnswers(Counting(asked))
        streams = {symbol: answers.stream(symbol) for symbol in ("A", "B")}
        first = [streams[symbol].update(candle) for candle in CANDLES[:3] for symbol in ("A", "B")]
        another = answers.begin()
        again = {symbol: another.stream(symbol) for symbol in ("A", "B")}
        second = [again[symbol].update(candle) for candle in CANDLES for symbol in ("A", "B")]
        self.assertEqual(first, second[: len(first)])
        self.assertEqual([(symbol, candle.open_time_ms) for candle in CANDLES for symbol in ("A", "B")], asked)
        self.assertEqual(("counting", 0), (answers.name, answers.warmup_candles))
        for member in ("name", "warmup_candles", "stream"):
            self.assertIsNotNone(inspect.getattr_static(answers, member, None), "its form is seen by every Python")

    def test_streams_that_begin_anew_are_told_apart(self) -> None:
        asked: list[tuple[str, int]] = []
        answers = KeptAnswers(Counting(asked))
        runs = []
        for _ in range(2):
            run = answers.begin()
            runs.append([run.stream("A").update(candle) for candle in CANDLES])
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(len(CANDLES), len(asked))

    def test_what_was_raised_is_raised_again(self) -> None:
        asked: list[tuple[str, int]] = []
        answers = KeptAnswers(Counting(asked, fails_at=60_000))
        for _ in range(2):
            stream = answers.begin().stream("A")
            stream.update(CANDLES[0])
            with self.assertRaisesRegex(ValueError, "no idea"):
                stream.update(CANDLES[1])
        self.assertEqual(2, len(asked))


if __name__ == "__main__":
    unittest.main()
