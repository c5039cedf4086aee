"""The causal check finds planted look-ahead of every kind, and nothing where there is none."""

import unittest
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from strategies import ScalpingEMARSI
from tests.support.market_data_sets import frame_of, practice_columns
from tests.support.runs.causal_check import columns_that_look_ahead, signals_that_look_ahead

ROWS = 120
Columns = Callable[[pd.DataFrame], pd.DataFrame]


def whole_frame_normalisation(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(score=(df["close"] - df["close"].mean()) / df["close"].std())


def highest_of_all(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(share=df["close"] / df["high"].max())


def next_close(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(tomorrow=df["close"].shift(-1))


def next_close_filled(df: pd.DataFrame) -> pd.DataFrame:
    # Without a hole at the end: on the last row it says what is known, on all others what is not.
    return df.assign(tomorrow=df["close"].shift(-1).fillna(df["close"]))


def filled_backwards(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(mean=df["close"].rolling(10).mean().bfill())


def centred_window(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(mean=df["close"].rolling(3, center=True, min_periods=1).mean())


def hours_left_labelled(df: pd.DataFrame) -> pd.DataFrame:
    # The hour's last close, visible from its first minute on.
    hour = df["timestamp"].dt.floor("1h")
    return df.assign(hourly=df["close"].groupby(hour).transform("last"))


def hours_by_open_time(df: pd.DataFrame) -> pd.DataFrame:
    hourly = df.groupby(df["timestamp"].dt.floor("1h"))["close"].last().rename("hourly").reset_index()
    return pd.merge_asof(df, hourly, on="timestamp")


def causal(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(
        mean=df["close"].rolling(10).mean(), before=df["close"].shift(1), highest=df["high"].cummax(), up=True
    )


class Rising:
    """Long on a rise to the next candle's close."""

    def __init__(self, columns: Columns) -> None:
        self.add_indicators = columns

    def generate_signal(self, df: pd.DataFrame) -> Mapping[str, Any]:
        now, then = df["close"].iloc[-1], df["tomorrow"].iloc[-1]
        return {"signal": "LONG" if then > now else "FLAT", "metadata": {"then": then}}


class CausalCheckTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.frame = frame_of(practice_columns("BTC/USDT", "1m", ROWS))

    def test_planted_look_ahead_is_found_with_its_column(self) -> None:
        for columns, named in (
            (whole_frame_normalisation, "score"),
            (highest_of_all, "share"),
            (next_close, "tomorrow"),
            (next_close_filled, "tomorrow"),
            (filled_backwards, "mean"),
            (centred_window, "mean"),
            (hours_left_labelled, "hourly"),
            (hours_by_open_time, "hourly"),
        ):
            with self.subTest(columns=columns.__name__):
                self.assertEqual([named], [one.what for one in columns_that_look_ahead(columns, self.frame)])

    def test_a_look_ahead_of_one_candle_is_found_at_the_last_row_of_the_first_cut(self) -> None:
        (found,) = columns_that_look_ahead(next_close, self.frame)
        self.assertEqual((1, 0), (found.rows, found.row))
        self.assertEqual(self.frame["close"].iloc[1], found.on_all)

    def test_signals_that_look_ahead_are_found(self) -> None:
        self.assertGreater(len(signals_that_look_ahead(Rising(next_close), self.frame)), ROWS // 4)
        self.assertEqual(
            [], signals_that_look_ahead(Rising(lambda df: df.assign(tomorrow=df["close"].shift(1))), self.frame)
        )

    def test_causal_columns_pass(self) -> None:
        self.assertEqual([], columns_that_look_ahead(causal, self.frame))
        self.assertEqual([], columns_that_look_ahead(lambda df: df, self.frame))

    def test_the_shipped_strategy_passes_at_every_candle(self) -> None:
        for parameters in ({}, {"ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "atr_period": 3, "volume_lookback": 5}):
            strategy = ScalpingEMARSI(parameters)
            self.assertEqual([], columns_that_look_ahead(strategy.add_indicators, self.frame))
            self.assertEqual([], signals_that_look_ahead(strategy, self.frame))

    def test_columns_that_lose_rows_are_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "rows"):
            columns_that_look_ahead(lambda df: df.dropna() if len(df) < 2 else df.iloc[1:], self.frame, cuts=[5])


if __name__ == "__main__":
    unittest.main()
