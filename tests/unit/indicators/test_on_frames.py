"""Indicators over a DataFrame of candles are the columns that everybody else gets."""

import unittest

import numpy as np
import pandas as pd

from core.candle_columns import CandleColumns
from indicators import EMA, MACD, RSI, SMA, SessionVWAP

ROWS = 300


def candles() -> CandleColumns:
    draw = np.random.default_rng(7)
    close = 100.0 + draw.normal(size=ROWS).cumsum()
    high, low = close + draw.random(ROWS), close - draw.random(ROWS)
    opens = 1_704_067_200_000 + 900_000 * np.arange(ROWS, dtype=np.int64)
    return CandleColumns(opens, (high + low) / 2, high, low, close, draw.random(ROWS))


class OnFrames(unittest.TestCase):
    def setUp(self) -> None:
        self.candles = candles()
        times, *prices = self.candles
        columns = dict(zip(("open", "high", "low", "close", "volume"), prices, strict=True))
        self.frame = pd.DataFrame({"timestamp": pd.to_datetime(times, unit="ms", utc=True), **columns})

    def test_one_output_is_its_column_to_the_last_bit(self) -> None:
        for indicator in (EMA(9, of="hl2"), SMA(5, of=RSI(14)), SessionVWAP()):
            with self.subTest(indicator):
                expected = indicator.columns(self.candles)["value"]
                self.assertEqual(expected.tobytes(), indicator.on(self.frame).tobytes())
        self.assertEqual(MACD().columns(self.candles)["signal"].tobytes(), MACD().signal.on(self.frame).tobytes())

    def test_the_day_of_a_session_is_told_by_the_frames_timestamps_in_any_resolution(self) -> None:
        expected = SessionVWAP().on(self.frame)
        self.assertEqual(1.0, expected[96] / SessionVWAP().on(self.frame.iloc[96:].reset_index())[0])
        for unit in ("s", "us", "ns"):
            other = self.frame.assign(timestamp=self.frame["timestamp"].astype(f"datetime64[{unit}, UTC]"))
            self.assertEqual(expected.tobytes(), SessionVWAP().on(other).tobytes(), unit)

    def test_several_outputs_are_asked_for_by_name(self) -> None:
        with self.assertRaisesRegex(ValueError, "line, signal, histogram"):
            MACD().on(self.frame)
