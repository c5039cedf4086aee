"""Entries at other times: what a run was told, its entries dealt anew over the same candles."""

import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.candle_columns import CandleColumns
from core.errors import StoreError
from core.instants import parse_instant
from core.trading_signal import At, Level, Signal
from market_data.practice.practice_random import words
from research.luck.said_again import Said
from runs.folder.file_names import DECISIONS
from runs.reading.folder_text import read_bytes
from runs.reading.run_folder import StoredRun

Held = dict[int, int]
"""Of the candles at which entries were asked for that became trades, the last one at whose close they were held."""

_ENTRIES = ("LONG", "SHORT")
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
            told = msgspec.json.decode(line, type=_Line)
        except msgspec.MsgspecError as error:
            raise StoreError(f"{path}: line {number} is no event: {error}", path=path) from error
        if told.event != "decision" or told.signal is None or told.signal.direction == "FLAT":
            continue
        if not any(one.gate == _WARMUP and one.verdict == "refused" for one in told.gates):
            said.setdefault(told.symbol, {})[parse_instant(told.time) - timeframe_ms] = told.signal
    return said


def held_in_run(run: StoredRun, said: Said, timeframe_ms: int) -> dict[str, Held]:
    """Return from which entry to which last close each trade of a stored run was held, by symbol."""
    asked = {
        symbol: [one for one, signal in told.items() if signal.direction in _ENTRIES] for symbol, told in said.items()
    }
    held: dict[str, Held] = {symbol: {} for symbol in said}
    for trade in run.round_trips:
        entries = asked.get(trade.symbol, [])
        place = bisect.bisect_right(entries, trade.entry_time_ms - timeframe_ms) - 1
        if place >= 0:
            held[trade.symbol][entries[place]] = trade.exit_time_ms - timeframe_ms
    return held


def with_shuffled_entries(
    said: dict[int, Signal], held: Held, candles: CandleColumns, key: int, number: int
) -> dict[int, Signal]:
    """Return what is said of a symbol with its entries at other candles.

    An entry and the candles for which its trade was held are dealt as one, with what was asked for meanwhile, so that
    entries do not meet positions that they did not meet; entries without a trade stay together where they are
    neighbours. These stretches, and the gaps before, between and after them, are shuffled, each once, over the candles
    at which nothing else is said: exits and moved levels stay where they were. So the number of entries, longs and
    shorts, and how they cluster are kept, and only what the market does then is another. Distances and prices grow with
    the close of the candle: a stop at 1 % stays one at 1 %.

    Parameters
    ----------
    said
        By open of the candle, in order.
    held
        Of the entries that became trades, the open of the last candle at whose close they were held.
    candles
        Those that may be decided on.
    key, number
        The stream of random words, and which of its shuffles this is.
    """
    opens = candles.open_time_ms
    kept = {open_ms: one for open_ms, one in said.items() if one.direction not in _ENTRIES}
    free = np.flatnonzero(~np.isin(opens, list(kept)))
    places = np.flatnonzero(np.isin(opens[free], [one for one in said if one not in kept])).tolist()
    last = (np.searchsorted(opens[free], [held.get(one, -1) for one in opens[free][places]], side="right") - 1).tolist()
    trades = {place: end for place, end in zip(places, last, strict=True) if int(opens[free[place]]) in held}
    found = dict(kept)
    for place, moved in shuffled_places(places, trades, len(free), key, number).items():
        before, after = free[place], free[moved]
        ratio = float(candles.close[after] / candles.close[before])
        found[int(opens[after])] = scaled(said[int(opens[before])], ratio)
    return dict(sorted(found.items()))


def shuffled_places(
    places: Sequence[int], trades: Mapping[int, int], count: int, key: int, number: int
) -> dict[int, int]:
    """Return the place to which each of some places among ``count`` goes.

    Parameters
    ----------
    places
        Of entries, increasing, from 0 to below ``count``.
    trades
        Of those that became trades, the last place at which they were held.
    key, number
        As of :func:`with_shuffled_entries`.
    """
    stretches = _stretches(places, trades)
    ends = [-1, *(one.last for one in stretches)]
    starts = [*(one.first for one in stretches), count]
    gaps = [start - end - 1 for start, end in zip(starts, ends, strict=True)]
    drawn = words(key, number * 2 * (count + 1), len(stretches) + len(gaps))
    order, gap_order = np.argsort(drawn[: len(stretches)]), np.argsort(drawn[len(stretches) :])
    moved: dict[int, int] = {}
    at = 0
    for number_of, gap in zip(order.tolist(), gap_order.tolist(), strict=False):
        one = stretches[number_of]
        at += gaps[gap]
        moved.update({place: at + place - one.first for place in one.places})
        at += one.last - one.first + 1
    return dict(sorted(moved.items()))


class _Stretch(NamedTuple):
    """Places of entries that are dealt as one, from the first to the last."""

    first: int
    last: int
    places: list[int]


def _stretches(places: Sequence[int], trades: Mapping[int, int]) -> list[_Stretch]:
    found: list[_Stretch] = []
    for place in places:
        before = found[-1] if found else None
        if place in trades:
            if before is not None and before.last >= place:
                found[-1] = before._replace(last=place - 1)
            found.append(_Stretch(place, max(place, trades[place]), [place]))
        elif before is not None and (place <= before.last or (before.first not in trades and place == before.last + 1)):
            found[-1] = before._replace(last=max(place, before.last), places=[*before.places, place])
        else:
            found.append(_Stretch(place, place, [place]))
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
