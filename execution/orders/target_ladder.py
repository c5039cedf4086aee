"""Where the targets of a position stand: those of its own request, else those of the venue's rules."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from core.exact import ONE, ZERO, add, ceil_to, computed, floor_to, multiply, subtract
from core.orders import ExitTarget
from core.tolerance import EXACT_TOLERANCE

if TYPE_CHECKING:
    from execution.matching.venue_rules import Rung


class HeldRung(msgspec.Struct, frozen=True):
    """One rung of a position's ladder: its share of the quantity, its price before rounding."""

    fraction: Decimal
    level: Decimal


def own_rungs(
    targets: Sequence[ExitTarget], fill: Decimal, sign: int, stop_distance: Decimal | None
) -> tuple[HeldRung, ...]:
    """Return where the targets of a request stand, from a fill; those in distances of a stop need the stop.

    Fractions that miss the whole by no more than rounding (three thirds) are the whole.
    """
    rungs, left = [], ONE
    for target in targets:
        value = computed(target.value)
        if target.measure == "r":
            value = multiply(value, ZERO if stop_distance is None else stop_distance)
        level = value if target.measure == "price" else add(fill, multiply(sign, value))
        fraction = computed(target.fraction)
        rest = subtract(left, fraction)
        if target is targets[-1] and abs(rest) < subtract(EXACT_TOLERANCE, ONE):
            fraction = left
        left = rest
        rungs.append(HeldRung(fraction, level))
    return tuple(rungs)


def rungs_of_rules(ladder: Sequence["Rung"], fill: Decimal, sign: int, stop_distance: Decimal) -> tuple[HeldRung, ...]:
    """Return where the rungs of the venue's rules stand, from a fill."""
    away = [multiply(sign, multiply(rung.distance, stop_distance)) for rung in ladder]
    return tuple(HeldRung(rung.fraction, add(fill, one)) for rung, one in zip(ladder, away, strict=True))


def closes_all(ladder: Sequence[HeldRung]) -> bool:
    """Return whether the rungs' fractions add up to the whole position."""
    return sum((rung.fraction for rung in ladder), ZERO) == ONE


def stop_on_tick(level: Decimal, tick: Decimal, *, long: bool) -> Decimal:
    """Return the stop price of a position's stop on the tick: a long's rounded down, a short's up."""
    return floor_to(level, tick) if long else ceil_to(level, tick)


def target_on_tick(level: Decimal, tick: Decimal, *, long: bool) -> Decimal:
    """Return the price of a position's target on the tick: away from the entry."""
    return ceil_to(level, tick) if long else floor_to(level, tick)
