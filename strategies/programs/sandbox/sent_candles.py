"""Candles on their way into a session: of those that an earlier call has brought, only the rest is sent again."""

import operator
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Rows = Sequence[Sequence[float]]
_MOST_DROPPED = 32
"""Rows that may have left at the front since they were last sent; where there are more, all are sent."""


class Sent(NamedTuple):
    """What has to be sent so that a session has the candles of a call.

    ``candles`` are, by symbol and period, how many rows at the front of what is there leave, and the rows that follow
    the others; None and all rows where nothing is there, or nothing of it stays. With ``forgets`` the session keeps no
    candles but these.
    """

    candles: dict[str, dict[str, tuple[int | None, Rows]]]
    forgets: bool


class _Known(NamedTuple):
    """The rows that a session has, and what was in them when they were sent: the caller may change its rows later."""

    rows: list[Sequence[float]]
    copies: list[Sequence[float]]


class SentCandles:
    """What one session has of candles, by symbol and period: also of those that the last call was not given.

    Parameters
    ----------
    most_kept
        How many rows it keeps for later calls, of about a quarter of a kilobyte each; those of the last call always.
    """

    def __init__(self, most_kept: int) -> None:
        self._most_kept = most_kept
        self._sent: dict[tuple[str, str], _Known] = {}

    def forget(self) -> None:
        """Begin with another session, which has none."""
        self._sent = {}

    def next(self, klines: Mapping[str, Mapping[str, Rows]]) -> Sent:
        """Return what has to be sent so that the session has these candles, and take it for sent."""
        found: dict[str, dict[str, tuple[int | None, Rows]]] = {}
        sent = self._sent
        keys = []
        for symbol, periods in klines.items():
            mine = found[symbol] = {}
            for period, rows in periods.items():
                key = symbol, period
                keys.append(key)
                old = sent.get(key)
                dropped, more = mine[period] = (None, rows) if old is None else _difference(old, rows)
                if old is None or dropped is None:
                    sent[key] = _Known([*rows], [*map(list, rows)])
                else:
                    del old.rows[:dropped], old.copies[:dropped]
                    old.rows.extend(more)
                    old.copies.extend(map(list, more))
        forgets = len(sent) > len(keys) and sum(len(one.rows) for one in sent.values()) > self._most_kept
        if forgets:
            self._sent = {key: sent[key] for key in keys}
        return Sent(found, forgets)


def _difference(known: _Known, rows: Rows) -> tuple[int | None, Rows]:
    old, copies = known
    for dropped in range(min(_MOST_DROPPED, len(old) - 1) + 1):
        stays = len(old) - dropped
        # Rows that are equal and not the same ones may be other numbers to a program, as 0.0 and -0.0 or 1 and 1.0 are.
        if 0 < stays <= len(rows) and old[dropped] is rows[0] and all(map(operator.is_, old[dropped:], rows)):
            return (dropped, rows[stays:]) if copies[dropped:] == rows[:stays] else (None, rows)
    return None, rows
