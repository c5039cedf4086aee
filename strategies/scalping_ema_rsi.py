"""EMA crossover with RSI bands and a volume spike; stop and target are multiples of the ATR."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from core.candle import Candle
from core.errors import ConfigurationError
from core.trading_signal import Signal
from indicators import (
    AverageTrueRange,
    ExponentialMovingAverage,
    RelativeStrengthIndex,
    SimpleMovingAverage,
    average_true_range,
    exponential_moving_average,
    relative_strength_index,
    simple_moving_average,
)
from indicators.exponential_moving_average import ema_weight
from indicators.smoothing import forgetting_length
from strategies.scalping_params import ScalpingParams

if TYPE_CHECKING:
    import pandas as pd

WARMUP_RESIDUAL = 1e-6
"""Largest share that the start of an indicator may still have in its value when the first order is allowed."""

COLUMNS = ("ema_fast", "ema_slow", "rsi", "atr", "volume_avg", "volume_spike")

_NO_CROSS = Signal("FLAT", reason="no_cross")
_RSI_EXTREME = Signal("FLAT", reason="rsi_extreme")
_RSI_OUT_OF_BAND = Signal("FLAT", reason="rsi_out_of_band")
_NO_VOLUME_SPIKE = Signal("FLAT", reason="no_volume_spike")
_INSUFFICIENT = Signal("FLAT", reason="insufficient_data")
_ATR_TOO_LOW = Signal("FLAT", reason="atr_below_threshold")


class ScalpingEMARSI:
    """Long when the fast EMA crosses above the slow one with RSI in the long band on a volume spike; short mirrored.

    Parameters
    ----------
    config
        Values of :class:`~strategies.scalping_params.ScalpingParams` by name, either directly, under ``params``, or
        under ``strategy: {params: …}``; None takes the defaults.

    Raises
    ------
    ValueError
        If a parameter is unknown or impossible.

    Notes
    -----
    ``warmup_candles`` is the longest of the indicators' own lengths plus what their recursion needs to forget its seed
    to ``WARMUP_RESIDUAL``; ``warmup_residual`` is the largest share that a seed still has after them.
    """

    name = "ScalpingEMARSI"

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self.params = ScalpingParams.from_dict(_own_parameters(config or {}))
        recursions = self._recursions()
        seeded = [length + forgetting_length(weight, WARMUP_RESIDUAL) for length, weight in recursions]
        self.warmup_candles = max(*seeded, self.params.volume_lookback) + 1
        self.warmup_residual = max((1.0 - weight) ** (self.warmup_candles - length) for length, weight in recursions)

    def _recursions(self) -> list[tuple[int, float]]:
        """Return the candles that each recursive indicator's seed takes, and the weight with which it forgets it."""
        params = self.params
        return [
            (params.ema_fast, ema_weight(params.ema_fast)),
            (params.ema_slow, ema_weight(params.ema_slow)),
            (params.rsi_period + 1, 1.0 / params.rsi_period),
            (params.atr_period + 1, 1.0 / params.atr_period),
        ]

    def stream(self, symbol: str) -> "ScalpingStream":
        """Return the streaming form, having seen no candle; it is the same for every symbol."""
        return ScalpingStream(self.params)

    def add_indicators(self, df: "pd.DataFrame") -> "pd.DataFrame":
        """Return a copy of the frame with the columns ``ema_fast, ema_slow, rsi, atr, volume_avg, volume_spike``.

        Every row depends on no later row; values are nan (``volume_spike`` False) until the indicator is defined.
        """
        params = self.params
        high, low, close, volume = (df[name].to_numpy(np.float64) for name in ("high", "low", "close", "volume"))
        volume_avg = simple_moving_average(volume, params.volume_lookback)
        return df.assign(
            ema_fast=exponential_moving_average(close, params.ema_fast),
            ema_slow=exponential_moving_average(close, params.ema_slow),
            rsi=relative_strength_index(close, params.rsi_period),
            atr=average_true_range(high, low, close, params.atr_period),
            volume_avg=volume_avg,
            volume_spike=volume > volume_avg * params.volume_multiplier,
        )

    def generate_signal(self, df: "pd.DataFrame") -> dict[str, Any]:
        """Return the signal of the frame's last row; the crossing is judged against the row before it.

        It is FLAT for ``insufficient_data`` while an indicator is not defined in these rows. Indicator columns are
        computed when the frame lacks them.
        """
        if len(df) < 2:
            return {"signal": "FLAT", "metadata": {"reason": _INSUFFICIENT.reason}}
        frame = df if set(COLUMNS) <= set(df.columns) else self.add_indicators(df)
        before, now = (frame[["ema_fast", "ema_slow"]].iloc[row].to_numpy(np.float64) for row in (-2, -1))
        last = frame.iloc[-1]
        averages = (float(average) for average in (*now, *before))
        reading = Reading(*averages, *(float(last[name]) for name in ("rsi", "atr", "volume", "volume_avg")))
        signal = decide(self.params, reading) if reading.defined else _INSUFFICIENT
        if signal.direction == "FLAT":
            return {"signal": "FLAT", "metadata": {"reason": signal.reason}}
        entry = {"entry_price": float(last["close"])}
        distances = {"sl_distance": signal.sl_distance, "tp_distance": signal.tp_distance}
        return {"signal": signal.direction, "metadata": {**entry, **distances, **signal.metadata}}


class ScalpingStream:
    """Streaming form of :class:`ScalpingEMARSI` for one symbol."""

    __slots__ = ("_atr", "_defined", "_fast", "_params", "_rsi", "_slow", "_volume")

    def __init__(self, params: ScalpingParams) -> None:
        self._params = params
        self._fast = ExponentialMovingAverage(params.ema_fast)
        self._slow = ExponentialMovingAverage(params.ema_slow)
        self._rsi = RelativeStrengthIndex(params.rsi_period)
        self._atr = AverageTrueRange(params.atr_period)
        self._volume = SimpleMovingAverage(params.volume_lookback)
        self._defined = False

    def update(self, candle: Candle) -> Signal:
        """Take the next candle and return the opinion at its close."""
        close = candle.close
        fast_before, slow_before = self._fast.value, self._slow.value
        fast = self._fast.update(close)
        slow = self._slow.update(close)
        rsi = self._rsi.update(close)
        atr = self._atr.update(candle.high, candle.low, close)
        self._volume.add(candle.volume)
        if not self._defined:
            first = Reading(fast, slow, fast_before, slow_before, rsi, atr, candle.volume, self._volume.value)
            if not first.defined:
                return _INSUFFICIENT
            self._defined = True  # What is defined stays so.
        # Most candles end here: without a crossing there is nothing to decide.
        if (fast_before <= slow_before and fast > slow) or (fast_before >= slow_before and fast < slow):
            reading = Reading(fast, slow, fast_before, slow_before, rsi, atr, candle.volume, self._volume.value)
            return decide(self._params, reading)
        return _NO_CROSS

    def values(self) -> dict[str, float]:
        """Return the indicators' current values by column name; nan where not defined yet."""
        return {
            "ema_fast": self._fast.value,
            "ema_slow": self._slow.value,
            "rsi": self._rsi.value,
            "atr": self._atr.value,
            "volume_avg": self._volume.value,
        }


class Reading(msgspec.Struct, frozen=True):
    """What the indicators read at one candle's close; ``before`` is the close before it."""

    ema_fast: float
    ema_slow: float
    ema_fast_before: float
    ema_slow_before: float
    rsi: float
    atr: float
    volume: float
    volume_avg: float

    @property
    def defined(self) -> bool:
        """Whether every indicator has a value."""
        return not any(map(math.isnan, msgspec.structs.astuple(self)))


def decide(params: ScalpingParams, now: Reading) -> Signal:
    """Return the signal of one candle from its reading; a nan value never satisfies a condition."""
    crossed_up = now.ema_fast_before <= now.ema_slow_before and now.ema_fast > now.ema_slow
    crossed_down = now.ema_fast_before >= now.ema_slow_before and now.ema_fast < now.ema_slow
    if not (crossed_up or crossed_down):
        return _NO_CROSS
    if not params.rsi_extreme_low < now.rsi < params.rsi_extreme_high:
        return _RSI_EXTREME
    lowest, highest = (
        (params.rsi_long_min, params.rsi_long_max) if crossed_up else (params.rsi_short_min, params.rsi_short_max)
    )
    if not lowest <= now.rsi <= highest:
        return _RSI_OUT_OF_BAND
    if not now.volume > now.volume_avg * params.volume_multiplier:
        return _NO_VOLUME_SPIKE
    if not now.atr >= params.atr_min_threshold:
        return _ATR_TOO_LOW
    return Signal(
        "LONG" if crossed_up else "SHORT",
        sl_distance=now.atr * params.sl_atr_multiple,
        tp_distance=now.atr * params.tp_atr_multiple,
        atr=now.atr,
        reason="cross_up" if crossed_up else "cross_down",
        metadata=msgspec.structs.asdict(now),
    )


def add_indicators(df: "pd.DataFrame", config: Mapping[str, Any] | None = None) -> "pd.DataFrame":
    """Return the frame with ScalpingEMARSI's indicator columns; ``config`` as for the class."""
    return ScalpingEMARSI(config).add_indicators(df)


def generate_signal(df: "pd.DataFrame", config: Mapping[str, Any] | None = None) -> str:
    """Return ScalpingEMARSI's signal of the frame's last row: LONG, SHORT or FLAT; ``config`` as for the class."""
    return str(generate_signal_with_metadata(df, config)["signal"])


def generate_signal_with_metadata(df: "pd.DataFrame", config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return ScalpingEMARSI's ``signal`` of the frame's last row and its ``metadata``; ``config`` as for the class."""
    return ScalpingEMARSI(config).generate_signal(df)


def _own_parameters(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the parameters in a flat mapping, under ``params``, or under ``strategy: {params: …}``."""
    strategy = config.get("strategy")
    section = strategy if isinstance(strategy, Mapping) else config
    if section is config and "params" not in config:
        return config
    stray = sorted(set(section) & set(ScalpingParams.model_fields))
    if stray:
        raise ConfigurationError(f"ScalpingParams: {stray[0]}: stands beside params — allowed: inside params only")
    params: Mapping[str, Any] | None = section.get("params")
    return {} if params is None else params
