"""Runs a strategy that only has the frame form, one candle at a time, on anchored frames."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.candle import Candle
from core.candle_columns import Int64Array
from core.errors import StrategyError
from core.settings_problem import shortly
from core.trading_signal import FLAT, Signal
from strategies.anchored_blocks import BLOCK_CANDLES, block_ms
from strategies.mapping_words import (
    further_words,
    number_or_none,
    require_metadata,
    require_silence,
    without_empty_cells,
)
from strategies.plain_metadata import plain_metadata
from strategies.strategy import Strategy

_DIRECTIONS = ("LONG", "SHORT", "EXIT", "ADJUST", "FLAT")
# Names as objects cost pandas a fifth less at every step than its own text type.
_PRICES = pd.Index(("open", "high", "low", "close", "volume"), dtype=object)


class FrameForm:
    """The functions of a frame strategy: the answer on a frame is that at its last row.

    ``one`` is its ``generate_signal`` and ``many`` its ``generate_signals``, None where it has none; of both the first
    gives the answer.
    """

    def __init__(self, strategy: Strategy) -> None:
        self.indicators = strategy.add_indicators
        self.one: Callable[[pd.DataFrame], Any] | None = getattr(strategy, "generate_signal", None)
        self.many: Callable[[pd.DataFrame], Any] | None = getattr(strategy, "generate_signals", None)

    def answer(self, indicators: pd.DataFrame) -> Signal:
        """Return the signal at the last row of what ``add_indicators`` returned."""
        if self.one is not None:
            return signal_from_mapping(self.one(indicators))
        return signal_from_mapping(answer_at(self.answers(indicators), -1), "generate_signals")

    def is_flat(self, indicators: pd.DataFrame) -> bool:
        """Return whether ``generate_signal`` surely says FLAT at the last row; not where it fails."""
        with contextlib.suppress(Exception, SystemExit):  # It is asked again where that counts.
            return self.one is not None and bool(self.one(indicators)["signal"] == FLAT.direction)
        return False

    def answers(self, indicators: pd.DataFrame) -> pd.DataFrame | pd.Series:
        """Return what ``generate_signals`` says of every row.

        Raises
        ------
        StrategyError
            If it is not one answer a row.
        """
        found = self.many(indicators) if self.many is not None else None
        if isinstance(found, np.ndarray) and found.ndim == 1:
            found = pd.Series(found)
        if not (isinstance(found, pd.Series) or (isinstance(found, pd.DataFrame) and "signal" in found)):
            raise StrategyError(
                f"generate_signals returned {type(found).__name__}; expected a Series or an array of {_DIRECTIONS}, "
                "or a DataFrame with the column 'signal' and one for each metadata"
            )
        if len(found) != len(indicators):
            raise StrategyError(f"generate_signals returned {len(found)} answers for {len(indicators)} candles")
        return found


def answer_at(answers: pd.DataFrame | pd.Series, row: int) -> Mapping[str, Any]:
    """Return one row of what ``generate_signals`` returned, as ``generate_signal`` would say it."""
    if isinstance(answers, pd.Series):
        return {"signal": answers.iloc[row]}
    metadata = {str(name): column.iloc[row] for name, column in answers.items()}
    return {"signal": metadata.pop("signal"), "metadata": without_empty_cells(metadata)}


def frame_of(opens_ms: Int64Array, prices: npt.NDArray[np.float64]) -> pd.DataFrame:
    """Return candles as users know them; ``prices`` has five rows, which the frame shares.

    A strategy is handed a slice of it (``iloc``), which pandas copies as soon as it is written into.
    """
    frame = pd.DataFrame(prices.T, columns=_PRICES, copy=False)
    frame.insert(0, "timestamp", pd.to_datetime(opens_ms, unit="ms", utc=True))
    return frame


def first_asked(warmup_candles: int) -> int:
    """Return how many candles of a segment come before the first that a frame strategy is asked about: at least one."""
    return max(warmup_candles, 1)


class FrameStream:
    """Calls ``add_indicators`` and ``generate_signal`` on the anchored frame of every candle.

    Parameters
    ----------
    strategy
        The frame form.
    timeframe_ms
        Length of its candles.
    """

    def __init__(self, strategy: Strategy, timeframe_ms: int) -> None:
        self._form = FrameForm(strategy)
        self._warmup_candles = strategy.warmup_candles
        self._block_ms = block_ms(timeframe_ms)
        self._block: int | None = None
        self._seen = 0
        self._rows = 0
        self._begin_block(np.empty(0, np.int64), np.empty((len(_PRICES), 0)))

    def warm(self, candle: Candle) -> None:
        """Take the next candle without being asked about it."""
        block = candle.open_time_ms // self._block_ms
        if block != self._block:
            kept = slice(max(0, self._rows - self._warmup_candles), self._rows)
            self._begin_block(self._opens_ms[kept], self._prices[:, kept])
            self._block = block
        row = self._rows
        self._opens_ms[row] = candle.open_time_ms
        self._prices[:, row] = candle.open, candle.high, candle.low, candle.close, candle.volume
        self._rows = row + 1
        self._seen += 1

    def update(self, candle: Candle) -> Signal:
        """Take the next candle; FLAT until ``warmup_candles`` candles, at least one, came before it."""
        self.warm(candle)
        if self._seen <= first_asked(self._warmup_candles):
            return FLAT
        rows = self._rows
        frame = frame_of(self._opens_ms[:rows], self._prices[:, :rows])
        return self._form.answer(self._form.indicators(frame.iloc[:rows]))

    def _begin_block(self, opens_ms: Int64Array, prices: npt.NDArray[np.float64]) -> None:
        """Begin with what comes before the block; the arrays are new, so that frames of before stay as they were."""
        self._rows = len(opens_ms)
        self._opens_ms = np.concatenate((opens_ms, np.zeros(BLOCK_CANDLES, np.int64)))
        self._prices = np.concatenate((prices, np.zeros((len(_PRICES), BLOCK_CANDLES))), axis=1)


_WANTED = {"generate_signal": "a mapping whose 'signal'", "generate_signals": "answers each of which"}


def _told(answer: object, said_by: str) -> str:
    one = answer.get("signal") if said_by == "generate_signals" and isinstance(answer, Mapping) else answer
    return shortly(one)


def signal_from_mapping(answer: Mapping[str, Any], said_by: str = "generate_signal") -> Signal:
    """Return the typed signal of a frame strategy's answer; distances count only where it is not FLAT.

    Raises
    ------
    StrategyError
        If the answer is no signal: not a mapping, an unknown direction, a distance that is no finite number, or words
        that stand beside ``metadata``.
    """
    if not isinstance(answer, Mapping) or answer.get("signal") not in _DIRECTIONS:
        raise StrategyError(
            f"{said_by} returned {_told(answer, said_by)}; expected {_WANTED[said_by]} is one of {_DIRECTIONS}"
        )
    if answer["signal"] != "FLAT":
        require_metadata(answer)
    metadata = answer.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise StrategyError(f"{said_by} returned metadata {shortly(metadata)}; expected a mapping")
    reason = str(metadata.get("reason", ""))
    if answer["signal"] == "FLAT":
        # While its indicators are undefined a strategy may well report nan beside FLAT.
        require_silence(metadata)
        return Signal("FLAT", reason=reason)
    # Beside an exit what its indicators are is no order.
    distances = ("sl_distance", "tp_distance", "atr") if answer["signal"] in ("LONG", "SHORT") else ()
    said: dict[str, Any] = {key: number_or_none(metadata, key) for key in distances}
    said |= further_words(metadata)
    return Signal(answer["signal"], **said, reason=reason, metadata=plain_metadata(metadata))
