"""The store as every verb opens it: brought up to what the folders say."""

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from core.command_line import say_text, warn
from core.instants import to_ms

if TYPE_CHECKING:
    from runs.store.run_store import RunStore
    from runs.store.synchronising import SyncReport


@contextlib.contextmanager
def current_store() -> "Iterator[RunStore]":
    """Yield the store, up to date; folders that cannot be read are named on standard error."""
    from runs.store.run_store import open_store

    with open_store() as store:
        warn_of(synchronised(store))
        yield store


def synchronised(store: "RunStore", folders: list[str] | None = None, *, thorough: bool = False) -> "SyncReport":
    """Bring the store up to what folders say, with a bar on a terminal where there is much to read."""
    if not sys.stderr.isatty():
        return store.sync(folders, thorough=thorough)
    from runs.commands.sync_progress import SyncProgress

    with SyncProgress() as progress:
        return store.sync(folders, progress.show, thorough=thorough)


def warn_of(report: "SyncReport") -> None:
    """Name what could not be read."""
    for folder, reason in report.unreadable.items():
        warn(reason if folder in reason else f"{folder}: {reason}")


def wall_clock_ms() -> int:
    """Return the present in UTC milliseconds, which ``--since`` counts from; it is stored nowhere."""
    return to_ms(dt.datetime.now(dt.UTC))  # noqa: TID251 - the entry point's clock


def json_bytes(value: Any) -> bytes:
    """Return values as JSON: money as numbers with all their digits, nothing that JSON does not have."""
    return msgspec.json.format(msgspec.json.Encoder(decimal_format="number").encode(value), indent=1) + b"\n"


def print_json(value: Any) -> None:
    """Print values as JSON."""
    say_text(json_bytes(value).decode())
