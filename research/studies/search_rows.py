"""Rows of searches: how what the store tells apart by its method is found and read back."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Recommendation

Kept = TypeVar("Kept")
Row = TypeVar("Row", Optimisation, Recommendation)


def row_of(method: str, number: str | int, store: RunStore) -> Optimisation:
    """Return the row of a search of a method, by its number or ``latest``; ConfigurationError where there is none."""
    return numbered(store.records(Optimisation, method=method), number, method)


def numbered(rows: Sequence[Row], number: str | int, called: str, none: str = "the store has none yet") -> Row:
    """Return one of rows, by its number or ``latest``; ConfigurationError where there is none."""
    text = str(number)
    found = [one for one in rows if text in ("latest", str(one.id))]
    if found:
        return found[-1]
    allowed = f"allowed: latest, or such as {rows[-1].id}" if rows else none
    raise ConfigurationError(f"{called} {shown(text)}: there is none of that number — {allowed}")


def read_kept(value: object, kind: type[Kept], called: str) -> Kept:
    """Return what a row has kept as plain values; ConfigurationError where another program wrote it."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{called}: was not written by this program ({error})") from None


def require_same(called: str, parts: Iterable[tuple[str, object, object]], instead: str) -> None:
    """Refuse to go on with a search that would mix what it was begun with and something else.

    Parameters
    ----------
    called
        What the message says it is of.
    parts
        What each is, as it was and as it is now.
    instead
        What is allowed.
    """
    for what, before, now in parts:
        if before != now:
            raise ConfigurationError(
                f"{called}: the {what} are no longer those that it was begun with — allowed: {instead}"
            )
