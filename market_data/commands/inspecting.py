"""The verbs that look at the store: list, gaps and verify."""

import argparse
import json
import sys
from collections.abc import Sequence

from core.command_line import failed, say, say_text
from core.errors import StoreError
from core.instants import format_ms
from core.plain_text import escaped
from market_data.commands.selection import open_store, stored_series
from market_data.commands.store_verification import verify, verify_folders
from market_data.commands.stored_facts import Listed, gaps_record, grounds_of, listed_of
from market_data.quality.series_steps import holes_of
from market_data.series_names import Series, SeriesKind
from market_data.store.candle_store import CandleStore

_WORDS: dict[SeriesKind, tuple[str, str]] = {
    "candles": ("candle", "candles"),
    "mark": ("candle", "candles"),
    "funding": ("payment", "payments"),
    "open-interest": ("row", "rows"),
}


def list_stored(arguments: argparse.Namespace) -> int:
    """Print one line for each stored series: first and last time, rows, holes, and funding's intervals.

    A series that cannot be read is left out and named on standard error; the exit code is then 1.
    """
    store = open_store(arguments.data_dir)
    listed, unreadable = [], []
    for series in _chosen(store, arguments):
        try:
            one = listed_of(store, series)
        except StoreError as error:
            unreadable.append(str(error))
            continue
        if one is not None:
            listed.append(one)
    if arguments.json:
        _print_json([one.record() for one in listed])
    elif listed:
        _print_listed(listed)
    elif not unreadable:
        say(f"nothing is stored in {store.root}")
    sys.stdout.flush()
    return failed("\n".join(unreadable), 1 if unreadable else 0)


def _print_listed(listed: Sequence[Listed]) -> None:
    with_interval = any(one.interval for one in listed)
    header = ("exchange", "symbol", "timeframe", "first", "last", "rows", "holes", "missing", "interval")
    rows = [
        (
            *one.series,
            format_ms(one.first_ms),
            format_ms(one.last_ms),
            f"{one.rows:,}",
            f"{len(one.holes):,}",
            f"{sum(hole.missing for hole in one.holes):,}",
            one.interval,
        )
        for one in listed
    ]
    shown = None if with_interval else -1
    _print_table(header[:shown], [row[:shown] for row in rows])


def show_gaps(arguments: argparse.Namespace) -> int:
    """Print every hole between the first and the last stored candle of the chosen series."""
    store = open_store(arguments.data_dir)
    found = []
    for series in _chosen(store, arguments):
        times = store.open_times(*series)
        holes = holes_of(series, times)
        found.append((series, len(times), holes, grounds_of(store, series, holes)))
    if arguments.json:
        _print_json([gaps_record(*one) for one in found])
        return 0
    if not found:
        say(f"nothing is stored in {store.root}")
    for series, rows, holes, grounds in found:
        missing = sum(hole.missing for hole in holes)
        one, many = _WORDS[series.kind]
        say(f"{series}: {rows:,} {many}, {len(holes):,} holes, {missing:,} {many} missing")
        if holes:
            _print_table(
                (f"last {one} before", f"first {one} after", "missing", "rests on"),
                [
                    (
                        format_ms(hole.last_before_ms),
                        format_ms(hole.first_after_ms),
                        f"{hole.missing:,}",
                        ground.words,
                    )
                    for hole, ground in zip(holes, grounds, strict=True)
                ],
            )
    return 0


def verify_stored(arguments: argparse.Namespace) -> int:
    """Re-read the chosen series and print what is found; 1 if anything is damaged."""
    store = open_store(arguments.data_dir)
    whole = (arguments.exchange, arguments.symbol, arguments.timeframe) == (None, None, None)
    above = verify_folders(store) if whole else []
    chosen = _chosen(store, arguments)
    verified = verify(store, chosen)
    findings = [*above, *verified.findings]
    damaged = [finding for finding in findings if finding.damage]
    if arguments.json:
        listed = [{"path": str(finding.path), "text": finding.text, "damage": finding.damage} for finding in findings]
        counts = {"series": verified.series, "files": verified.files, "rows": verified.rows}
        _print_json({**counts, "damaged": len(damaged), "findings": listed})
    else:
        for finding in findings:
            say(f"{'damaged' if finding.damage else 'note'}: {finding.text}")
        say(
            f"{verified.series:,} series, {verified.files:,} files, {verified.rows:,} {_read_words(chosen)} read; "
            f"{len(damaged):,} damaged, {len(findings) - len(damaged):,} notes"
        )
    return 1 if damaged else 0


def _read_words(chosen: Sequence[Series]) -> str:
    return "candles" if all(series.kind == "candles" for series in chosen) else "rows"


def _chosen(store: CandleStore, arguments: argparse.Namespace) -> list[Series]:
    return stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns with two blanks between; a column of numbers stands to the right."""
    table = [[escaped(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    numeric = [all(row[column].replace(",", "").isdecimal() for row in rows) for column in range(len(header))]
    for row in table:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        say("  ".join(cells).rstrip())


def _print_json(value: object) -> None:
    say_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
