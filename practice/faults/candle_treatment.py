"""What a fault script makes of single candles: when a final is sent, how often, and what REST shows meanwhile."""

import msgspec

from core.candle import Candle
from practice.faults.fault_script import (
    CandleFault,
    DelayFinals,
    DuplicateFinals,
    HalfFrame,
    PublishLate,
    ReorderFinals,
    ReviseCandle,
    SkipCandle,
)
from practice.spans import span_ms


class Sending(msgspec.Struct, frozen=True):
    """One final to send, ``delay_ms`` after the close; ``fault`` names what is wrong with it, None for nothing."""

    delay_ms: int = 0
    revised: bool = False
    after_next: bool = False
    half: bool = False
    fault: str | None = None


class Treatment(msgspec.Struct, frozen=True):
    """What becomes of one candle.

    ``published_ms`` and ``revised_ms`` count from its close: from when on REST has it, and has it with its close moved
    by the fraction ``change`` (None: never).
    """

    exists: bool = True
    published_ms: int = 0
    revised_ms: int | None = None
    change: float = 0.0
    sendings: tuple[Sending, ...] = (Sending(),)


ORDINARY = Treatment()


def treatment(faults: list[CandleFault]) -> Treatment:
    """Return what several faults together make of one candle; their order does not matter."""
    if any(isinstance(fault, SkipCandle) and fault.where == "everywhere" for fault in faults):
        return Treatment(exists=False, sendings=())
    late = [fault for fault in faults if isinstance(fault, PublishLate)]
    published_ms = max((span_ms(fault.by, "by") for fault in late), default=0)
    delays = [fault for fault in faults if isinstance(fault, DelayFinals)]
    delay_ms = published_ms + sum(span_ms(fault.by, "by") for fault in delays)
    silent = any(isinstance(fault, SkipCandle) for fault in faults) or any(not fault.stream for fault in late)
    first = Sending(
        delay_ms=delay_ms,
        after_next=any(isinstance(fault, ReorderFinals) for fault in faults),
        half=any(isinstance(fault, HalfFrame) for fault in faults),
        fault=_named(faults),
    )
    copies = sum(max(0, fault.times - 1) for fault in faults if isinstance(fault, DuplicateFinals))
    sendings = [] if silent else [first] * (1 + copies)
    revisions = [fault for fault in faults if isinstance(fault, ReviseCandle)]
    if not revisions:
        return Treatment(published_ms=published_ms, sendings=tuple(sendings))
    revision = revisions[-1]
    revised_ms = delay_ms + max(1, span_ms(revision.after, "after"))
    if revision.stream and not silent:
        sendings.append(Sending(delay_ms=revised_ms, revised=True, fault="revise"))
    return Treatment(True, published_ms, revised_ms, revision.change, tuple(sendings))


def revised(candle: Candle, change: float, digits: int) -> Candle:
    """Return a candle with its close moved by a fraction, at least by one unit of its last decimal."""
    close = round(candle.close * (1.0 + change), digits)
    if close == candle.close or close <= 0.0:
        close = round(candle.close + 10.0**-digits, digits)
    high, low = max(candle.high, close), min(candle.low, close)
    return Candle(candle.open_time_ms, candle.open, high, low, close, candle.volume)


def _named(faults: list[CandleFault]) -> str | None:
    """Name the faults that touch the first final, in the script's own words."""
    tags = {type(fault).__struct_config__.tag for fault in faults if not isinstance(fault, ReviseCandle)}
    return "+".join(sorted(str(tag) for tag in tags)) or None
