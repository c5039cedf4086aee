"""EMA crossover with RSI bands and a volume spike; stop and target are multiples of the ATR."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from core.candle_columns import CandleColumns
from core.errors import ConfigurationError
from core.trading_signal import Signal
from indicators import ATR, EMA, RSI, SMA
from indicators.averages.recursive_average import RESIDUAL, exponential_weight, wilder_weight
from indicators.features.feature import Feature
from indicators.forms.column_form import node_columns
from strategies.features.feature_columns import FeatureColumns
from strategies.features.feature_strategy import FeatureStrategy
from strategies.features.moment import Now
from strategies.features.said import SignalWhere, row_by_row
from strategies.scalping_params import ScalpingParams

if TYPE_CHECKING:
    import pandas as pd

WARMUP_RESIDUAL = RESIDUAL
"""Largest share that the start of an indicator may still have in its value when the first order is allowed."""

COLUMNS = ("ema_fast", "ema_slow", "rsi", "atr", "volume_avg", "volume_spike")

_NO_CROSS = Signal("FLAT", reason="no_cross")
_RSI_EXTREME = Signal("FLAT", reason="rsi_extreme")
_RSI_OUT_OF_BAND = Signal("FLAT", reason="rsi_out_of_band")
_NO_VOLUME_SPIKE = Signal("FLAT", reason="no_volume_spike")
_INSUFFICIENT = Signal("FLAT", reason="insufficient_data")
_ATR_TOO_LOW = Signal("FLAT", reason="atr_below_threshold")


class ScalpingEMARSI(FeatureStrategy):
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
    ``warmup_residual`` is the largest share that an indicator's seed still has after ``warmup_candles``.
    """

    Params = ScalpingParams
    name = "ScalpingEMARSI"
    lookback = 1

    def __init__(self, config: Mapping[str, Any] | ScalpingParams | None = None) -> None:
        super().__init__(config)

    @classmethod
    def checked(cls, params: Mapping[str, Any]) -> ScalpingParams:
        """Return the parameters wherever the mapping has them."""
        return ScalpingParams.from_dict(_own_parameters(params))

    @property
    def warmup_residual(self) -> float:
        """Largest share of a seed after the warm-up: it takes some candles, and then is forgotten with each."""
        params = self.params
        recursions = (
            (params.ema_fast, exponential_weight(params.ema_fast)),
            (params.ema_slow, exponential_weight(params.ema_slow)),
            (params.rsi_period + 1, wilder_weight(params.rsi_period)),
            (params.atr_period + 1, wilder_weight(params.atr_period)),
        )
        return max(float((1.0 - weight) ** (self.warmup_candles - length)) for length, weight in recursions)

    def features(self, params: ScalpingParams) -> Mapping[str, Feature]:
        """Return the indicators by column name."""
        return {
            "ema_fast": Feature(EMA(params.ema_fast)),
            "ema_slow": Feature(EMA(params.ema_slow)),
            "rsi": Feature(RSI(params.rsi_period)),
            "atr": Feature(ATR(params.atr_period)),
            "volume_avg": Feature(SMA(params.volume_lookback, of="volume")),
        }

    def candidates(self, columns: FeatureColumns) -> Any:
        """Return the crossings that no filter stops."""
        params, rsi = self.params, columns.rsi
        fast, slow = columns.ema_fast, columns.ema_slow
        fast_before, slow_before = columns.before.ema_fast, columns.before.ema_slow
        long = (
            (fast_before <= slow_before) & (fast > slow) & (rsi >= params.rsi_long_min) & (rsi <= params.rsi_long_max)
        )
        short = (
            (fast_before >= slow_before) & (fast < slow) & (rsi >= params.rsi_short_min) & (rsi <= params.rsi_short_max)
        )
        within = (params.rsi_extreme_low < rsi) & (rsi < params.rsi_extreme_high)
        spike = columns.volume > columns.volume_avg * params.volume_multiplier
        return (long | short) & within & spike & (columns.atr >= params.atr_min_threshold)

    @row_by_row
    def signals(self, columns: FeatureColumns) -> Sequence[SignalWhere]:
        """Return the crossings that no filter stops, with the levels that they ask for."""
        rows, before, atr = self.candidates(columns), columns.before, columns.atr
        fast, slow = columns.ema_fast, columns.ema_slow
        read = (fast, slow, before.ema_fast, before.ema_slow, columns.rsi, atr, columns.volume, columns.volume_avg)
        levels: Any = {
            "stop_distance": atr * self.params.sl_atr_multiple,
            "target_distance": atr * self.params.tp_atr_multiple,
            "atr": atr,
            "metadata": dict(zip(Reading.__struct_fields__, read, strict=True)),
        }
        return (
            self.where(rows & (fast > slow), self.long(**levels, reason="cross_up")),
            self.where(rows & (fast < slow), self.short(**levels, reason="cross_down")),
        )

    def decide(self, now: Now) -> Signal:
        """Return the opinion at the candle's close; the crossing is judged against the candle before."""
        before, fast, slow = now.before, now.ema_fast, now.ema_slow
        fast_before, slow_before = before.ema_fast, before.ema_slow
        rsi, atr, volume_avg = now.rsi, now.atr, now.volume_avg
        if math.isnan(fast + slow + fast_before + slow_before + rsi + atr + volume_avg):
            return _INSUFFICIENT
        # Most candles end here: without a crossing there is nothing to decide.
        if (fast_before <= slow_before and fast > slow) or (fast_before >= slow_before and fast < slow):
            averages = (fast, slow, fast_before, slow_before)
            return decide(self.params, Reading(*averages, rsi, atr, now.volume, volume_avg))
        return _NO_CROSS

    def add_indicators(self, df: "pd.DataFrame") -> "pd.DataFrame":
        """Return a copy of the frame with the columns ``ema_fast, ema_slow, rsi, atr, volume_avg, volume_spike``.

        Every row depends on no later row; values are nan (``volume_spike`` False) until the indicator is defined.
        """
        high, low, close, volume = (df[name].to_numpy(np.float64) for name in ("high", "low", "close", "volume"))
        # Neither opens nor times are read by these indicators.
        candles = CandleColumns(np.arange(len(df)), close, high, low, close, volume)
        nodes = [node for feature in self.declared.values() for node in feature.nodes()]
        columns = dict(zip(self.declared, node_columns(nodes, candles), strict=True))
        return df.assign(**columns, volume_spike=volume > columns["volume_avg"] * self.params.volume_multiplier)

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
