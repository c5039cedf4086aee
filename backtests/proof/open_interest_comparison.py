"""The open interest a session was told against that of history: which rows differ, and what the journal knows of it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np

from core.candle import OpenInterest
from core.candle_columns import Int64Array
from core.instants import format_ms
from engine.journal_records import MissingRecord

Row = tuple[float, float | None]
"""``(amount, value)``; the value in quote currency is None where it is not known."""

Why = Literal["open_interest_missing", "open_interest_not_in_history", "open_interest_revised", "open_interest_value"]

MEANING: Mapping[Why, str] = {
    "open_interest_missing": "open interest missing: the session was never told it",
    "open_interest_not_in_history": "open interest: history does not have it",
    "open_interest_revised": "open interest revised: history has another amount than the exchange gave",
    "open_interest_value": "value of open interest: history has another one than the session",
}


class OpenInterestDifference(msgspec.Struct, frozen=True):
    """A row of open interest that the session and history do not have alike.

    ``step_ms`` is the step with which it is known, ``note`` what the journal notes. None comes late: what a step goes
    on without never comes.
    """

    symbol: str
    time_ms: int
    stamp: str
    step_ms: int
    why: Why
    session: Row | None
    history: Row | None
    note: str | None = None


def compare_open_interest(
    symbol: str,
    session: Sequence[OpenInterest],
    history: Sequence[OpenInterest],
    steps_ms: Int64Array,
    missing: Sequence[MissingRecord] = (),
) -> list[OpenInterestDifference]:
    """Return the rows of a symbol that differ, in order of their stamps.

    Parameters
    ----------
    symbol
        As configured.
    session, history
        The rows of both; those that are not known with a step of the session are passed over.
    steps_ms
        Times of the session's steps, in order.
    missing
        What the journal notes of the symbol's rows that were not published in time.
    """
    mine, theirs = ({row.time_ms: row for row in rows} for rows in (session, history))
    notes = [one for one in missing if one.kind == "open_interest"]
    differences = []
    for time_ms in sorted({*mine, *theirs}):
        told, known = mine.get(time_ms), theirs.get(time_ms)
        row = told or known
        place = len(steps_ms) if row is None else int(np.searchsorted(steps_ms, row.known_ms))
        why = _why(told, known)
        if why is not None and place < len(steps_ms):
            differences.append(
                OpenInterestDifference(
                    symbol,
                    time_ms,
                    format_ms(time_ms),
                    int(steps_ms[place]),
                    why,
                    None if told is None else (told.amount, told.value),
                    None if known is None else (known.amount, known.value),
                    next((one.detail for one in notes if one.time_ms <= time_ms <= one.until_ms), None),
                )
            )
    return differences


def _why(told: OpenInterest | None, known: OpenInterest | None) -> Why | None:
    """Return how the two differ; None where they are alike."""
    if told is None:
        return "open_interest_missing"
    if known is None:
        return "open_interest_not_in_history"
    if told.amount != known.amount:
        return "open_interest_revised"
    return None if told.value == known.value else "open_interest_value"
