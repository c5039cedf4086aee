"""Mixtures of faults drawn from a seed: the same seed gives the same script on every machine."""

from collections.abc import Callable, Sequence

import msgspec

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from market_data.practice.practice_random import stream, words
from practice.faults.fault_script import (
    GARBAGE_FORMS,
    CandleFault,
    DelayFinals,
    DropConnections,
    DuplicateFinals,
    FailRest,
    FaultScript,
    HalfFrame,
    LateFunding,
    OrderCloses,
    PublishLate,
    ReorderFinals,
    Restart,
    ReviseCandle,
    ScriptedFault,
    SendGarbage,
    SkipCandle,
    Stall,
    WrongClock,
)
from practice.faults.rest_faults import FaultKind

LOSSLESS = (
    *("drop", "stall", "silence", "delay", "duplicate", "reorder", "skip"),
    *("garbage", "half_frame", "rest", "restart"),
)
"""Faults after which every candle can still be had as it was first closed."""

ALTERING = ("revise", "missing", "publish_late", "wrong_clock")
"""Faults that change what REST has at the end, when it has it, or the time it tells."""

BOUNDARIES = ("order", "late_funding")
"""Faults of what comes at one instant: finals in another order, funding rates late."""

_REST_FORMS = (
    (FaultKind.STATUS, 503),
    (FaultKind.STATUS, 429),
    (FaultKind.STATUS, 418),
    (FaultKind.STATUS, 500),
    (FaultKind.HTML_PAGE, 502),
    (FaultKind.TRUNCATED_BODY, 200),
    (FaultKind.DROPPED, 200),
    (FaultKind.BROKEN_JSON, 200),
)


def random_faults(
    seed: int,
    *,
    duration_ms: int,
    symbols: Sequence[str],
    timeframe: str = "1m",
    count: int = 8,
    kinds: Sequence[str] = LOSSLESS + ALTERING,
    timeframes: Sequence[str] = (),
) -> FaultScript:
    """Return a script of ``count`` faults.

    Parameters
    ----------
    seed
        Names the script.
    duration_ms
        Faults begin within so much of the exchange's time from its start, in milliseconds.
    symbols
        Symbols that faults of candles choose from.
    timeframe
        Timeframe of the candles; faults last for a few of them.
    kinds
        What may happen: the script's own kinds, ``silence`` (a stall that only a reconnect ends) and ``missing`` (a
        candle that exists nowhere). A kind named twice is drawn twice as often. ``BOUNDARIES`` are not among those that
        are drawn from by default.
    timeframes
        Further timeframes whose candles may be befallen; each fault of candles draws one.

    Raises
    ------
    ConfigurationError
        If a kind is unknown, or there is no symbol.
    """
    draw = _Draws(seed, timeframe_ms(timeframe), symbols)
    if unknown := [kind for kind in kinds if kind not in _MAKERS]:
        raise ConfigurationError(f"fault {unknown[0]!r} is unknown; allowed: {', '.join(_MAKERS)}")
    if not symbols or not kinds or duration_ms <= 0:
        raise ConfigurationError("random faults need at least one symbol, one kind and a duration above 0")
    faults = []
    for _ in range(count):
        make = _MAKERS[kinds[draw.below(len(kinds))]]
        fault = make(draw, draw.below(duration_ms))
        if timeframes and isinstance(fault, CandleFault):
            fault = msgspec.structs.replace(fault, timeframe=(timeframe, *timeframes)[draw.below(1 + len(timeframes))])
        faults.append(fault)
    return FaultScript(faults=tuple(faults), timeframe=timeframe)


class _Draws:
    """Draws in order from one stream of the seed."""

    def __init__(self, seed: int, length_ms: int, symbols: Sequence[str]) -> None:
        self._key = stream(seed, "exchange/faults")
        self._counter = 0
        self._length_ms = length_ms
        self._symbols = symbols

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound - 1``; the bias of the remainder is far below what a script shows."""
        word = int(words(self._key, self._counter, 1)[0])
        self._counter += 1
        return (word >> 11) % bound

    def span(self, least_tenths: int, most_tenths: int) -> int:
        """Return a length of time in milliseconds, between so many tenths of the timeframe."""
        return self._length_ms * (least_tenths + self.below(most_tenths - least_tenths + 1)) // 10

    def symbol(self) -> tuple[str, ...]:
        """Return one symbol."""
        return (self._symbols[self.below(len(self._symbols))],)


def _drop(draw: _Draws, at: int) -> ScriptedFault:
    return DropConnections(at=at, how="reset" if draw.below(2) else "close")


def _rest(draw: _Draws, at: int) -> ScriptedFault:
    form, status = _REST_FORMS[draw.below(len(_REST_FORMS))]
    return FailRest(at=at, form=form, status=status, duration=draw.span(5, 40), times=1 + draw.below(5))


def _garbage(draw: _Draws, at: int) -> ScriptedFault:
    form = GARBAGE_FORMS[draw.below(len(GARBAGE_FORMS))]
    return SendGarbage(at=at, form=form, count=1 + draw.below(4))


def _order(draw: _Draws, at: int) -> ScriptedFault:
    return OrderCloses(
        at=at,
        by="timeframe" if draw.below(2) else "symbol",
        coarse_first=draw.below(2) == 0,
        last_symbol_first=draw.below(2) == 0,
        duration=draw.span(10, 60),
    )


_MAKERS: dict[str, Callable[[_Draws, int], ScriptedFault]] = {
    "drop": _drop,
    "stall": lambda draw, at: Stall(at=at, duration=draw.span(5, 40), pings=draw.below(2) == 0),
    "silence": lambda draw, at: Stall(at=at, pings=draw.below(2) == 0),
    "delay": lambda draw, at: DelayFinals(at=at, symbols=draw.symbol(), count=1 + draw.below(3), by=draw.span(1, 30)),
    "duplicate": lambda draw, at: DuplicateFinals(at=at, symbols=draw.symbol(), count=1 + draw.below(3)),
    "reorder": lambda draw, at: ReorderFinals(at=at, symbols=draw.symbol()),
    "revise": lambda draw, at: ReviseCandle(at=at, symbols=draw.symbol(), after=draw.span(1, 30)),
    "skip": lambda draw, at: SkipCandle(at=at, symbols=draw.symbol(), count=1 + draw.below(3)),
    "missing": lambda draw, at: SkipCandle(at=at, symbols=draw.symbol(), where="everywhere"),
    "publish_late": lambda draw, at: PublishLate(at=at, symbols=draw.symbol(), by=draw.span(1, 30)),
    "garbage": _garbage,
    "half_frame": lambda draw, at: HalfFrame(at=at, symbols=draw.symbol()),
    "rest": _rest,
    "wrong_clock": lambda draw, at: WrongClock(at=at, by=("1h", "-1h")[draw.below(2)], duration=draw.span(5, 60)),
    "order": _order,
    "late_funding": lambda draw, at: LateFunding(at=at, symbols=draw.symbol(), by=draw.span(1, 30)),
    "restart": lambda draw, at: Restart(at=at, duration=draw.span(1, 30)),
}
