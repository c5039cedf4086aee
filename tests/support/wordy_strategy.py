"""A strategy that a configuration can name: it says every word that a signal has, again and again."""

from collections.abc import Mapping

from core.candle import Candle
from core.trading_signal import FLAT, At, Signal

ROUND = 24
"""After so many candles it begins anew."""


class WordyStrategy:
    """Says by the number of the candle in its round what :func:`said` has, FLAT otherwise.

    ``step`` is a fraction of the close: how far levels lie apart.
    """

    name = "wordy"
    warmup_candles = 0

    def __init__(self, params: Mapping[str, float]) -> None:
        self._step = params.get("step", 0.001)

    def stream(self, symbol: str) -> "WordyStream":
        return WordyStream(self._step)


class WordyStream:
    def __init__(self, step: float) -> None:
        self._step = step
        self._number = -1

    def update(self, candle: Candle) -> Signal:
        self._number += 1
        return said(self._number % ROUND, candle.close, candle.close * self._step)


def said(number: int, close: float, step: float) -> Signal:
    """Return the signal of a candle of the round at a close; levels are ``step`` apart."""
    match number:
        case 0:
            ladder = ((0.3, "0.5R"), (0.3, At(close + 1.5 * step)), (0.4, 2.0 * step))
            return Signal("LONG", stop_price=close - step, targets=ladder, size=0.5, tag="ladder")
        case 2:
            return Signal("EXIT", fraction=0.25, move_stop=close - 0.7 * step)
        case 4:
            return Signal("ADJUST", move_stop=close - 0.2 * step, move_target=close + step)
        case 6:
            return Signal("EXIT", reason="time")
        case 7:
            entry = {"entry": "limit", "entry_price": close + 0.1 * step, "entry_expiry": 4}
            return Signal("SHORT", sl_distance=step, target_r=1.5, tag="limit", **entry)
        case 8:
            return Signal("ADJUST", move_stop=close + 0.9 * step, move_target=close - step)
        case 10:
            entry = {"entry": "stop", "entry_price": close - 0.1 * step, "entry_expiry": 3, "cancel_entry": True}
            return Signal("SHORT", stop_price=close + step, target_price=close - 2 * step, tag="stop", **entry)
        case 12:
            return Signal("ADJUST", cancel_entry=True)
        case 14:
            return Signal("EXIT")
        case 15:
            return Signal("LONG", sl_distance=step, target_r=3.0, size=0.8, tag="moved")
        case 16 | 18 | 20:
            return Signal("ADJUST", move_stop=close - 0.5 * step, move_target=close + 0.8 * step)
        case 22:
            return Signal("EXIT", fraction=0.5, cancel_entry=True)
        case 23:
            return Signal("EXIT", move_stop=close - 5 * step)
    return FLAT
