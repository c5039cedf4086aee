"""What a run was told, said at other times: turned about the candles of its window, all symbols as one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.candle_columns import CandleColumns
from core.errors import StoreError
from core.instants import parse_instant
from core.trading_signal import At, Level, Signal
from research.luck.said_again import Said
from runs.folder.file_names import DECISIONS
from runs.reading.folder_text import read_bytes

_WARMUP = "warmup"


class _Gate(msgspec.Struct):
    gate: str
    verdict: str


class _Line(msgspec.Struct):
    event: str
    time: str
    symbol: str = ""
    signal: Signal | None = None
    gates: list[_Gate] = []


_decode = msgspec.json.Decoder(_Line).decode
"""Made before there are threads: docs/developing.md says why."""


def said_in_run(folder: Path, timeframe_ms: int) -> Said:
    """Return what the strategy of a stored run said, by symbol and open of the candle.

    Metadata, which decide nothing, are left out, and so are entries that the warm-up refused.

    Raises
    ------
    StoreError
        If the decisions cannot be read.
    """
    path = folder / DECISIONS
    said: Said = {}
    for number, line in enumerate(read_bytes(path).splitlines(), 1):
        try:
            told = _decode(line)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{path}: line {number} is no event: {error}", path=path) from error
        if told.event != "decision" or told.signal is None or told.signal.direction == "FLAT":
            continue
        if not any(one.gate == _WARMUP and one.verdict == "refused" for one in told.gates):
            said.setdefault(told.symbol, {})[parse_instant(told.time) - timeframe_ms] = told.signal
    return said


def turned(said: Said, candles: Mapping[str, CandleColumns], by: int) -> Said:
    """Return what is said of all symbols so many candles later, what falls behind the last candle at the beginning.

    All symbols turn by the same, and entries, exits and moved levels with each other: what is held, for how long, what
    is asked for together and how it clusters stay as they are, and only what the market does then is another. Distances
    and prices grow with the close of the candle: a stop at 1 % stays one at 1 %. What falls where its symbol has no
    candle is left out, and so is what was said where nothing may be decided.

    Parameters
    ----------
    said
        By symbol and open of the candle.
    candles
        By symbol, those that may be decided on.
    by
        From 1 to below the number of candles of all symbols.
    """
    opens = np.unique(np.concatenate([one.open_time_ms for one in candles.values()]))
    later = dict(zip(opens.tolist(), np.roll(opens, -by).tolist(), strict=True))
    found: Said = {}
    for symbol, told in said.items():
        closes = dict(zip(candles[symbol].open_time_ms.tolist(), candles[symbol].close.tolist(), strict=True))
        moves = ((one, later[open_ms], closes[open_ms]) for open_ms, one in told.items() if open_ms in closes)
        moved = {then: scaled(one, closes[then] / close) for one, then, close in moves if then in closes}
        found[symbol] = dict(sorted(moved.items()))
    return found


def scaled(signal: Signal, ratio: float) -> Signal:
    """Return a signal whose distances and prices are multiplied by a ratio."""
    changes: dict[str, Any] = {
        name: value * ratio
        for name in ("sl_distance", "tp_distance", "atr", "stop_price", "target_price", "entry_price")
        if (value := getattr(signal, name)) is not None
    }
    if signal.move_stop is not None:
        changes["move_stop"] = signal.move_stop * ratio
    if signal.move_target is not None:
        changes["move_target"] = signal.move_target * ratio
    targets = tuple((fraction, _scaled(level, ratio)) for fraction, level in signal.targets)
    return msgspec.structs.replace(signal, targets=targets, **changes)


def _scaled(level: Level, ratio: float) -> Level:
    if isinstance(level, At):
        return At(level.price * ratio)
    return level if isinstance(level, str) else level * ratio
