"""The funding payments a session was told against those of history: which differ, and what the journal knows of it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from core.candle import FundingRate
from core.candle_columns import Int64Array
from core.instants import format_ms
from engine.journal_records import MissingRecord

Payment = tuple[float, float | None]
"""``(rate, mark price)``; the mark price is None where it is not known."""

Why = Literal["funding_missing", "funding_late", "funding_not_in_history", "funding_revised", "funding_mark"]

MEANING: Mapping[Why, str] = {
    "funding_missing": "funding rate missing: the session was never told it",
    "funding_late": "funding rate late: it came to the session after the step that settles it",
    "funding_not_in_history": "funding rate: history does not have it",
    "funding_revised": "funding rate revised: history has another one than the exchange gave",
    "funding_mark": "mark price of a funding payment: history has another one than the session",
}


class ToldRate(msgspec.Struct, frozen=True):
    """A payment and the step that told the session of it."""

    rate: FundingRate
    step_ms: int


class FundingDifference(msgspec.Struct, frozen=True):
    """A funding payment that the session and history do not have alike.

    ``step_ms`` is the step that settles it, ``told_ms`` the one that told the session, ``note`` what the journal notes.
    """

    symbol: str
    due_ms: int
    due: str
    step_ms: int
    why: Why
    session: Payment | None
    history: Payment | None
    told_ms: int | None = None
    note: str | None = None


def compare_funding(
    symbol: str,
    session: Sequence[ToldRate],
    history: Sequence[FundingRate],
    steps_ms: Int64Array,
    missing: Sequence[MissingRecord] = (),
) -> list[FundingDifference]:
    """Return the payments of a symbol that differ, in order of their due times.

    Parameters
    ----------
    symbol
        As configured.
    session, history
        The payments of both; those that no step of the session is there to settle are passed over.
    steps_ms
        Times of the session's steps, in order.
    missing
        What the journal notes of the symbol's payments that were not published in time.
    """
    mine = {one.rate.due_ms: one for one in session}
    theirs = {rate.due_ms: rate for rate in history}
    notes = {one.time_ms: one.detail for one in missing if one.kind == "funding"}
    differences = []
    for due_ms in sorted({*mine, *theirs}):
        place = int(np.searchsorted(steps_ms, due_ms))
        if place == len(steps_ms):
            continue
        settled_ms = int(steps_ms[place])
        told, known = mine.get(due_ms), theirs.get(due_ms)
        why = _why(told, known, settled_ms)
        if why is not None:
            differences.append(
                FundingDifference(
                    symbol,
                    due_ms,
                    format_ms(due_ms),
                    settled_ms,
                    why,
                    None if told is None else (told.rate.rate, told.rate.mark_price),
                    None if known is None else (known.rate, known.mark_price),
                    None if told is None else told.step_ms,
                    notes.get(due_ms),
                )
            )
    return differences


def _why(told: ToldRate | None, known: FundingRate | None, settled_ms: int) -> Why | None:
    """Return how the two differ; None where they are alike."""
    if told is None:
        return "funding_missing"
    if known is None:
        return "funding_not_in_history"
    if told.rate.rate != known.rate:
        return "funding_revised"
    if told.step_ms > settled_ms:
        return "funding_late"
    return None if told.rate.mark_price == known.mark_price else "funding_mark"


def of_symbol(records: Collection[MissingRecord], names: Mapping[str, str], symbol: str) -> list[MissingRecord]:
    """Return the records of a configured symbol, whichever of its names they use."""
    return [one for one in records if names.get(one.symbol, one.symbol) == symbol]
