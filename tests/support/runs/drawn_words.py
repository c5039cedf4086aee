"""Signals of drawn cases of the compiled rules that say more than an entry and its distances."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.instrument import Instrument
from core.trading_signal import At, Signal
from engine.assembly import kernel_rules
from engine.deciding.signal_check import signal_fault
from tests.support.oracles.slow_model import Case
from tests.support.runs.drawn_entries import entering
from tests.support.runs.kernel_runs import settings_from
from tests.support.scripted_strategy import ScriptedStrategy

WORD_EVENTS = """no_position, no_entry_waiting, stop_not_tighter, stop_passed, target_passed,
FILLED|exit_signal, CANCELED|signal, REPLACED|signal, REJECTED|stop_passed, said_targets, said_tag, said_size,
said_stop_price, said_target_r, said_target_price, said_fraction, said_move_stop, said_move_target,
said_cancel_entry"""
"""What must happen in some of the cases."""

_LADDERS: tuple[tuple[tuple[float, float | str], ...], ...] = (
    ((0.5, "0.5R"), (0.5, "2R")),
    ((1 / 3, "0.25R"), (1 / 3, "1R"), (1 / 3, "1.5R")),
    ((0.4, "0.75R"),),
    ((1.0, "1.3R"),),
    ((0.3, 1.5), (0.7, 2.5)),
    ((0.01, 0.5), (0.9, "1R")),
)


def worded_signals(
    case: Case, rules: Mapping[str, Instrument], flat: Mapping[str, Any]
) -> dict[str, dict[int, Signal]]:
    """Return a case's signals with all that they say, entries now and then with a ladder or a way to enter.

    Some entries are followed by an exit of a part, and that by one of the whole.
    """
    judged_by = kernel_rules(settings_from(flat, case.symbols), ScriptedStrategy({}))
    found: dict[str, dict[int, Signal]] = {}
    for symbol, signals in case.signals.items():
        own = found[symbol] = dict(signals)
        opens = [one.open_time_ms for one in case.candles[symbol]]
        closes = {one.open_time_ms: one.close for one in case.candles[symbol]}
        for number, (open_ms, signal) in enumerate(signals.items()):
            if signal.direction not in ("LONG", "SHORT") or own[open_ms] is not signal:
                continue
            said = _worded(signal, number, closes[open_ms], rules[symbol])
            if signal_fault(said, closes[open_ms], judged_by) is None:
                own[open_ms] = said
            elif signal_fault(signal, closes[open_ms], judged_by) is not None:
                del own[open_ms]
            if number % 4 == 1:
                place = opens.index(open_ms) + 2
                for after, left in zip(opens[place : place + 2], (0.95, 1.0), strict=False):
                    own[after] = Signal("EXIT", fraction=left)
    return found


def _worded(signal: Signal, number: int, close: float, rules: Instrument) -> Signal:
    said, sign = msgspec.structs.replace(signal, atr=1.3), 1 if signal.direction == "LONG" else -1
    unsaid = {"tp_distance": None, "target_price": None, "target_r": None}
    if number % 4 == 1:
        said = msgspec.structs.replace(said, **unsaid, targets=_LADDERS[number // 4 % len(_LADDERS)])
    elif number % 4 == 2:
        levels = ((0.25, At(close * (1 + sign * 0.005))), (0.75, At(close * (1 + sign * 0.02))))
        said = msgspec.structs.replace(said, **unsaid, targets=levels)
    elif number % 4 == 3:
        said = msgspec.structs.replace(said, **{**unsaid, "target_price": close * (1 + sign * 0.004)})
    if number % 5 == 3:
        said = msgspec.structs.replace(said, tag=('a "quoted", tag', "ü", "=1+1")[number % 3])
    return entering(said, number, close, rules) if number % 3 == 0 else said
