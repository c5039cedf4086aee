"""A strategy with only the frame form: its window, its answers, and its equality with the same idea as a stream."""

import datetime as dt
import decimal
import json
import math
import unittest
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.candle import Candle
from core.errors import StrategyError
from core.trading_signal import FLAT, Signal
from strategies import ScalpingEMARSI
from strategies.features.running_stream import RunningStream
from strategies.frame_stream import FrameStream, signal_from_mapping
from strategies.open_stream import open_stream
from strategies.plain_metadata import plain_metadata
from tests.support.candles import candles_of
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.times import MINUTE_MS, at


class Recorder:
    """A frame strategy that keeps the frames it was shown and always answers the same."""

    name = "recorder"

    def __init__(self, warmup_candles: int, answer: Any = None) -> None:
        self.warmup_candles = warmup_candles
        self.answer = {"signal": "FLAT"} if answer is None else answer
        self.frames: list[pd.DataFrame] = []

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(seen=len(df))

    def generate_signal(self, df: pd.DataFrame) -> Any:
        self.frames.append(df)
        return self.answer


class AboveMean:
    """Long above the mean of the last ``warmup_candles + 1`` closes, short below, in its frame form."""

    name = "above_mean"

    def __init__(self, warmup_candles: int) -> None:
        self.warmup_candles = warmup_candles

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        length = self.warmup_candles + 1
        total = sum(df["close"].shift(age) for age in reversed(range(length)))
        return df.assign(mean=total / length)

    def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
        close, mean = df["close"].iloc[-1], df["mean"].iloc[-1]
        direction = "LONG" if close > mean else "SHORT" if close < mean else "FLAT"
        return {"signal": direction, "metadata": {"sl_distance": abs(close - mean), "reason": "mean"}}


class AboveMeanStream:
    """The same idea, one candle at a time."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.closes: list[float] = []

    def update(self, candle: Candle) -> Signal:
        self.closes = [*self.closes, candle.close][-self.length :]
        if len(self.closes) < self.length:
            return FLAT
        total = 0.0
        for close in self.closes:
            total += close
        mean = total / self.length
        if candle.close == mean:
            return Signal("FLAT", reason="mean")
        direction = "LONG" if candle.close > mean else "SHORT"
        return Signal(direction, sl_distance=abs(candle.close - mean), reason="mean")


class WindowTest(unittest.TestCase):
    def test_it_holds_candles_as_users_know_them(self) -> None:
        columns = practice_columns("BTC/USDT", "1m", 12)
        strategy = Recorder(5)
        stream = FrameStream(strategy, MINUTE_MS)
        candles = candles_of(columns)
        self.assertEqual([FLAT] * 5, [stream.update(candle) for candle in candles[:5]])
        self.assertEqual([], strategy.frames)
        for candle in candles[5:]:
            stream.update(candle)
        self.assertEqual(7, len(strategy.frames))
        for rows, frame in enumerate(strategy.frames, 6):
            expected = frame_of(columns.slice(0, rows)).assign(seen=rows)
            pd.testing.assert_frame_equal(expected, frame, check_dtype=False, check_column_type=False)
            self.assertEqual(dt.UTC, frame["timestamp"].iloc[0].tzinfo)
            self.assertEqual(list(range(rows)), list(frame.index))

    def test_the_frame_is_the_strategys_own(self) -> None:
        class Spoiler(Recorder):
            def generate_signal(self, df: pd.DataFrame) -> Any:
                shown = df["close"].tolist()
                df["close"] = -1.0
                self.frames.append(shown)
                return self.answer

        strategy = Spoiler(3)
        stream = FrameStream(strategy, MINUTE_MS)
        columns = practice_columns("BTC/USDT", "1m", 6)
        for candle in candles_of(columns):
            stream.update(candle)
        closes = columns.close.tolist()
        self.assertEqual([closes[:rows] for rows in range(4, 7)], strategy.frames)

    def test_the_frame_form_and_the_same_idea_as_a_stream_agree_at_every_candle(self) -> None:
        frames, stream = FrameStream(AboveMean(6), MINUTE_MS), AboveMeanStream(7)
        heard = set()
        for candle in candles_of(practice_columns("XRP/USDT", "1m", 250)):
            expected, got = stream.update(candle), frames.update(candle)
            self.assertEqual(
                (expected.direction, expected.sl_distance, expected.reason),
                (got.direction, got.sl_distance, got.reason),
            )
            heard.add(got.direction)
        self.assertLessEqual({"LONG", "SHORT"}, heard)

    def test_a_strategy_with_both_forms_streams(self) -> None:
        strategy = ScalpingEMARSI()
        first, second = (open_stream(strategy, "BTC/USDT", timeframe_ms=MINUTE_MS) for _ in range(2))
        self.assertIsInstance(first, RunningStream)
        self.assertIsNot(first, second)
        self.assertIsInstance(open_stream(AboveMean(3), "BTC/USDT", timeframe_ms=MINUTE_MS), FrameStream)


class AnswersTest(unittest.TestCase):
    def answered(self, answer: object) -> Signal:
        stream = FrameStream(Recorder(1, answer), MINUTE_MS)
        candles = [Candle(at(row), 1.0, 2.0, 0.5, 1.5, 3.0) for row in range(2)]
        return [stream.update(candle) for candle in candles][-1]

    def test_a_good_answer_becomes_a_typed_signal(self) -> None:
        signal = self.answered(
            {"signal": "SHORT", "metadata": {"sl_distance": 1, "tp_distance": np.float64(2.5), "atr": "0.5"}}
        )
        self.assertEqual(("SHORT", 1.0, 2.5, 0.5), tuple(getattr(signal, name) for name in SIGNAL_FIELDS))

    def test_an_answer_without_metadata_is_one(self) -> None:
        for answer in ({"signal": "LONG"}, {"signal": "LONG", "metadata": None}, {"signal": "LONG", "metadata": {}}):
            signal = self.answered(answer)
            self.assertEqual(("LONG", None, None, None), tuple(getattr(signal, name) for name in SIGNAL_FIELDS))

    def test_nonsense_is_an_error_that_shows_it(self) -> None:
        for answer in (
            [],
            "LONG",
            ("LONG", {}),
            {},
            {"signal": "BUY"},
            {"signal": "long"},
            {"signal": None},
            {"signal": ["LONG"]},
            {"signal": math.nan},
            {"signal": 1, "metadata": {}},
            {"signal": "LONG", "metadata": [1]},
            {"signal": "FLAT", "metadata": "why"},
        ):
            with self.subTest(answer=answer), self.assertRaises(StrategyError) as caught:
                self.answered(answer)
            self.assertTrue(str(caught.exception).startswith("generate_signal returned "))

    def test_a_distance_that_is_no_finite_number_is_an_error(self) -> None:
        for key in ("sl_distance", "tp_distance", "atr"):
            for value in (math.nan, math.inf, -math.inf, "far", [1.0], {}, np.float64("nan"), pd.NA, pd.NaT):
                with self.subTest(key=key, value=value), self.assertRaises(StrategyError) as caught:
                    self.answered({"signal": "LONG", "metadata": {key: value}})
                self.assertTrue(str(caught.exception).startswith(f"signal metadata {key!r} is "))

    def test_flat_with_undefined_distances_is_flat(self) -> None:
        # What every strategy reports that has its indicators in its metadata and not enough candles for them.
        signal = self.answered(
            {"signal": "FLAT", "metadata": {"sl_distance": math.nan, "atr": None, "reason": "early"}}
        )
        self.assertEqual(Signal("FLAT", reason="early"), signal)


class MetadataTest(unittest.TestCase):
    def test_numbers_and_text_stay_what_they_are(self) -> None:
        given = {"a": 1, "b": 2.5, "c": "x", "d": None, "e": True, 7: "seven", "f": np.float64(0.25), "g": np.int64(3)}
        plain = plain_metadata(given)
        self.assertEqual({"a": 1, "b": 2.5, "c": "x", "d": None, "e": True, "7": "seven", "f": 0.25, "g": 3.0}, plain)
        self.assertIs(float, type(plain["f"]))
        self.assertEqual(1.5, plain_metadata({"x": decimal.Decimal("1.5")})["x"])

    def test_numbers_that_json_does_not_know_become_text(self) -> None:
        given = {"a": math.nan, "b": math.inf, "c": np.float64("-inf"), "d": decimal.Decimal("NaN")}
        self.assertEqual({"a": "nan", "b": "inf", "c": "-inf", "d": "nan"}, plain_metadata(given))

    def test_whatever_it_holds_it_becomes_json_without_an_address(self) -> None:
        given = {
            "series": pd.Series([1.0, 2.0]),
            "array": np.array([1.0, 2.0]),
            "time": pd.Timestamp("2024-01-01", tz="UTC"),
            "missing": pd.NaT,
            "object": object(),
            "nested": {"list": [1, math.nan, object()], "tuple": (np.int64(1),)},
            "complex": 1j,
            "huge": np.longdouble("1e4000"),
        }
        first = json.dumps(plain_metadata(given), allow_nan=False, sort_keys=True)
        self.assertNotIn("0x", first)
        self.assertEqual("object", plain_metadata(given)["object"])
        self.assertEqual({"list": [1, "nan", "object"], "tuple": [1.0]}, plain_metadata(given)["nested"])

    def test_the_order_of_a_set_does_not_depend_on_the_process(self) -> None:
        names = ["volume", "atr", "rsi", "cross", "band"]
        self.assertEqual(sorted(names), plain_metadata({"why": set(names)})["why"])

    def test_the_metadata_of_a_decision_are_its_own(self) -> None:
        metadata: dict[str, object] = {"levels": [1.0]}
        answer: Mapping[str, object] = {"signal": "LONG", "metadata": metadata}
        signal = signal_from_mapping(answer)
        metadata["late"] = 1
        self.assertEqual({"levels": [1.0]}, signal.metadata)


SIGNAL_FIELDS = ("direction", "sl_distance", "tp_distance", "atr")


if __name__ == "__main__":
    unittest.main()
