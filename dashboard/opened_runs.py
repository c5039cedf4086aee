"""Runs that a page looks at, kept for a while: what was read of one is not read again for each of its parts."""

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from core.candle_columns import CandleColumns
from core.errors import StoreError
from dashboard.problems import Damaged, Refused
from reports.page.page_file import page_data
from runs.folder.file_names import DECISIONS
from runs.reading.run_candles import candles_of
from runs.reading.run_folder import StoredRun, length_of, read_run
from runs.reading.trigger_log import TriggerRow, trigger_log
from runs.store.found_folders import signature_of
from runs.store.store_rows import RunRow

KEPT = 3
"""Runs; one of a year of minutes takes some 50 MB with its candles."""


class OpenedRun(NamedTuple):
    """A run, the candles of its window that are at hand by symbol, and their length."""

    run: StoredRun
    candles: Mapping[str, CandleColumns]
    length_ms: int

    def page(self) -> dict[str, Any]:
        """Return what the page of the run shows; Damaged if a file of it is missing or cannot be read."""
        with told_of(self.run.run_id):
            return page_data([self.run], [self.candles])


class _Decision(msgspec.Struct):
    event: str
    time: str
    symbol: str | None = None


class OpenedRuns:
    """The runs that were looked at last, by their folders; one that was written anew is read anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], OpenedRun] = OrderedDict()
        self._calls: tuple[StoredRun, list[TriggerRow]] | None = None

    def of(self, row: RunRow) -> OpenedRun:
        """Return a run of the store.

        Raises
        ------
        Refused
            If its folder is not on this machine.
        Damaged
            If a file of it is missing or cannot be read.
        """
        if not Path(row.folder).is_dir():
            raise Refused(f"run {row.run_id}: its folder is not on this machine ({row.host}: {row.folder})")
        key = row.folder, signature_of(row.folder)
        with self._lock:
            found = self._kept.pop(key, None)
            if found is None:
                with told_of(row.run_id):
                    run = read_run(row.folder)
                    candles = candles_of(run)
                found = OpenedRun(run, candles, length_of(run, candles))
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def calls(self, row: RunRow) -> list[TriggerRow]:
        """Return the calls of a run's program, those of the last run kept: a log is turned page by page.

        Errors as of :meth:`of`.
        """
        run, kept = self.of(row).run, self._calls
        if kept is not None and kept[0] is run:
            return kept[1]
        with told_of(row.run_id):
            rows = trigger_log(run)
        self._calls = run, rows
        return rows


@contextlib.contextmanager
def told_of(*run_ids: str) -> Iterator[None]:
    """Let what is wrong with the files of runs be told of them alone: the store itself is sound."""
    try:
        yield
    except StoreError as error:
        raise Damaged(f"run {', '.join(run_ids)}: {error}") from None


def decisions_at(run: StoredRun, symbol: str, first: str, last: str) -> Iterator[dict[str, Any]]:
    """Yield what was decided on a symbol of a run, and what became of its orders, at times from the first to the last.

    Damaged if the file is missing or cannot be read.
    """
    with told_of(run.run_id):
        yield from _decisions(run.folder, symbol, first, last)


def _decisions(folder: Path, symbol: str, first: str, last: str) -> Iterator[dict[str, Any]]:
    head, whole = msgspec.json.Decoder(_Decision), msgspec.json.Decoder()
    try:
        with (folder / DECISIONS).open("rb") as lines:
            for line in lines:
                one = head.decode(line)
                if one.time > last:
                    return
                if one.time >= first and one.symbol in (None, symbol):
                    yield whole.decode(line)
    except OSError as error:
        raise StoreError.of("read", folder / DECISIONS, error) from error
    except msgspec.MsgspecError as error:
        raise StoreError(f"{folder / DECISIONS}: has a line that is none of this program ({error})") from None
