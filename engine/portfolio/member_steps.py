"""The steps of one member of a portfolio, out of those of all symbols."""

from collections.abc import Sequence
from typing import TypeVar

from core.candle import Candle, FundingRate, OpenInterest, Step

Kept = TypeVar("Kept", FundingRate, Candle, OpenInterest)
Parts = tuple[Candle | None, ...]


class MemberSteps:
    """Projects steps on the symbols of a member: it is shown what it would be shown alone.

    An instant at which none of its symbols has a candle is no step of a member. What becomes known then, a payment, a
    watched candle or open interest, is part of its next step.

    Parameters
    ----------
    symbols, watched
        Where the member's symbols and watched series stand in the parts of a step.
    """

    def __init__(self, symbols: Sequence[int], watched: Sequence[int]) -> None:
        self._symbols = tuple(symbols)
        self._watched = tuple(watched)
        self._funding: list[tuple[FundingRate, ...]] = [()] * len(self._symbols)
        self._shown: list[tuple[Candle, ...]] = [()] * len(self._watched)
        self._interest: list[tuple[OpenInterest, ...]] = [()] * len(self._symbols)

    def of(self, step: Step) -> Step | None:
        """Return the member's part of a step; None where it has none."""
        if step.funding:
            self._funding = _joined(self._funding, step.funding, self._symbols)
        if step.watched:
            self._shown = _joined(self._shown, step.watched, self._watched)
        if step.open_interest:
            self._interest = _joined(self._interest, step.open_interest, self._symbols)
        candles, detail = _at(step.candles, self._symbols), _at(step.detail, self._symbols)
        if not candles and not detail:
            return None
        funding, shown, interest = tuple(self._funding), tuple(self._shown), tuple(self._interest)
        if any(funding):
            self._funding = [()] * len(funding)
        if any(shown):
            self._shown = [()] * len(shown)
        if any(interest):
            self._interest = [()] * len(interest)
        return Step(
            step.time_ms,
            candles or (None,) * len(self._symbols),
            detail,
            _at(step.marks, self._symbols),
            funding if any(funding) else (),
            shown if any(shown) else (),
            interest if any(interest) else (),
        )


def _at(parts: Parts, places: Sequence[int]) -> Parts:
    """Return the parts at some places, nothing where none of them is there."""
    if not parts:
        return ()
    found = tuple([parts[place] for place in places])
    return found if any(one is not None for one in found) else ()


def _joined(
    kept: Sequence[tuple[Kept, ...]], parts: Sequence[tuple[Kept, ...]], places: Sequence[int]
) -> list[tuple[Kept, ...]]:
    return [kept[number] + parts[place] for number, place in enumerate(places)]
