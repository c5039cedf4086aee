"""Candles on their way into a session: of those that an earlier call has brought, only the rest is sent again."""

from collections.abc import Mapping, Sequence

Rows = Sequence[Sequence[float]]
_MOST_DROPPED = 3
"""Rows that may have left at the front since the last call; where there are more, all are sent."""


class SentCandles:
    """What one session has of candles, by symbol and period."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str], list[list[float]]] = {}

    def next(self, klines: Mapping[str, Mapping[str, Rows]]) -> dict[str, dict[str, tuple[int | None, Rows]]]:
        """Return what has to be sent so that the session has these candles, and take it for sent.

        Returns
        -------
        dict
            Of symbol and period: how many rows at the front of what is there leave, and the rows that follow the
            others; None and all rows where nothing is there, or nothing of it stays.
        """
        found: dict[str, dict[str, tuple[int | None, Rows]]] = {}
        kept: dict[tuple[str, str], list[list[float]]] = {}
        for symbol, periods in klines.items():
            mine = found[symbol] = {}
            for period, rows in periods.items():
                key = symbol, period
                old = self._sent.get(key)
                dropped, more = mine[period] = (None, rows) if old is None else _difference(old, rows)
                # A copy: the caller may change its rows afterwards.
                kept[key] = [*(() if old is None or dropped is None else old[dropped:]), *map(list, more)]
        self._sent = kept
        return found


def _difference(old: list[list[float]], rows: Rows) -> tuple[int | None, Rows]:
    for dropped in range(min(_MOST_DROPPED, len(old) - 1) + 1):
        stays = len(old) - dropped
        if 0 < stays <= len(rows) and old[dropped] == rows[0] and old[dropped:] == rows[:stays]:
            return dropped, rows[stays:]
    return None, rows
