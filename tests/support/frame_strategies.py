"""Frame strategies for tests: honest ones, and some that look at later candles."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


class Breakout:
    """The README's strategy, with a length to choose."""

    name = "breakout"

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.length = int(config.get("length", 50))
        self.multiple = float(config.get("multiple", 2.0))
        self.warmup_candles = self.length

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        span = df["high"] - df["low"]
        return df.assign(
            top=df["high"].rolling(self.length).max().shift(1), range=span.rolling(self.length).mean(), ewm=_ewm(df)
        )

    def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
        last = df.iloc[-1]
        if last["close"] > last["top"]:
            distance = float(self.multiple * last["range"])
            metadata = {"sl_distance": distance, "tp_distance": 2 * distance, "ewm": float(last["ewm"])}
            return {"signal": "LONG", "metadata": metadata}
        return {"signal": "FLAT", "metadata": {"reason": "no_breakout"}}


class BlockBreakout(Breakout):
    """The same with directions for a block at once."""

    def generate_signals(self, df: pd.DataFrame) -> pd.Series:
        return pd.Series(np.where(df["close"] > df["top"], "LONG", "FLAT"))


class TableBreakout:
    """The same with nothing but a table of answers."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._inner = Breakout(config)
        self.name, self.warmup_candles = self._inner.name, self._inner.warmup_candles

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        return self._inner.add_indicators(df)

    def generate_signals(self, df: pd.DataFrame) -> pd.DataFrame:
        distance = self._inner.multiple * df["range"]
        return pd.DataFrame(
            {
                "signal": np.where(df["close"] > df["top"], "LONG", "FLAT"),
                "sl_distance": distance,
                "tp_distance": 2 * distance,
                "ewm": df["ewm"],
            }
        )


class InPlace(Breakout):
    """The same, written into the frame that it is handed."""

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        for name, column in super().add_indicators(df).items():
            df[name] = column
        df["close"] = df["close"] * 1.0
        return df


class Shortened(Breakout):
    """The same, with the rows dropped that have no values yet: it cannot be lined up with its block."""

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        return super().add_indicators(df).dropna()


HONEST = (Breakout, BlockBreakout, TableBreakout, InPlace, Shortened)


class LooksAhead:
    """Long where ``score`` is above 0; how the score is made is the fault."""

    name = "looks_ahead"
    warmup_candles = 20

    def score(self, df: pd.DataFrame) -> pd.Series:
        raise NotImplementedError

    def add_indicators(self, df: pd.DataFrame) -> pd.DataFrame:
        return df.assign(past=df["close"].rolling(5).mean(), score=self.score(df))

    def generate_signal(self, df: pd.DataFrame) -> dict[str, Any]:
        return {"signal": "LONG" if df["score"].iloc[-1] > 0 else "FLAT", "metadata": {"sl_distance": 1.0}}


class NextCandle(LooksAhead):
    def score(self, df: pd.DataFrame) -> pd.Series:
        return df["close"].shift(-1) - df["close"]


class WholeFrameNormalised(LooksAhead):
    def score(self, df: pd.DataFrame) -> pd.Series:
        return (df["close"] - df["close"].mean()) / df["close"].std() - 0.5


class CentredRolling(LooksAhead):
    def score(self, df: pd.DataFrame) -> pd.Series:
        return df["close"] - df["close"].rolling(11, center=True).mean()


class BackFilled(LooksAhead):
    def score(self, df: pd.DataFrame) -> pd.Series:
        peak = df["high"].where(df["high"] == df["high"].rolling(15).max()).bfill()
        return peak - df["close"] * 1.0005


class LastRow(LooksAhead):
    def score(self, df: pd.DataFrame) -> pd.Series:
        return df["close"] - df["close"].iloc[-1]


class LastRowOfBlock(LooksAhead):
    """Its columns are honest; its answers for a block compare with the block's last row."""

    def score(self, df: pd.DataFrame) -> pd.Series:
        return df["close"] - df["close"].rolling(10).mean()

    def generate_signals(self, df: pd.DataFrame) -> pd.Series:
        return pd.Series(np.where(df["close"] > df["close"].iloc[-1], "LONG", "FLAT"))


LOOKING_AHEAD = (NextCandle, WholeFrameNormalised, CentredRolling, BackFilled, LastRow, LastRowOfBlock)


def _ewm(df: pd.DataFrame) -> pd.Series:
    return df["close"].ewm(span=20, adjust=False).mean()
