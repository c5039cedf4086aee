"""The verbs that look at the store: list, gaps and verify."""

import argparse
import bisect
import json
import sys
from collections.abc import Sequence

from core.instants import format_ms
from market_data.candle_store import CandleStore
from market_data.commands.selection import open_store, stored_series
from market_data.quality import Hole, find_holes
from market_data.store_layout import Series
from market_data.verification import verify, verify_folders


def list_stored(arguments: argparse.Namespace) -> int:
    """Print one line for each stored series: first and last open, candles, holes."""
    store = open_store(arguments.data_dir)
    rows = []
    for series in _chosen(store, arguments):
        times = store.open_times(*series)
        if len(times):
            holes = find_holes(times, series.length_ms)
            rows.append((series, int(times[0]), int(times[-1]), len(times), len(holes), sum(h.missing for h in holes)))
    if arguments.json:
        _print_json(
            [
                {**series._asdict(), "first": format_ms(first), "last": format_ms(last), "rows": count}
                | {"first_ms": first, "last_ms": last, "holes": holes, "missing": missing}
                for series, first, last, count, holes, missing in rows
            ]
        )
        return 0
    if not rows:
        _print(f"nothing is stored in {store.root}")
        return 0
    _print_table(
        ("exchange", "symbol", "timeframe", "first", "last", "rows", "holes", "missing"),
        [
            (*series, format_ms(first), format_ms(last), f"{count:,}", f"{holes:,}", f"{missing:,}")
            for series, first, last, count, holes, missing in rows
        ],
    )
    return 0


def show_gaps(arguments: argparse.Namespace) -> int:
    """Print every hole between the first and the last stored candle of the chosen series."""
    store = open_store(arguments.data_dir)
    found = []
    for series in _chosen(store, arguments):
        times = store.open_times(*series)
        holes = find_holes(times, series.length_ms)
        found.append((series, len(times), holes, _answered(store, series, holes)))
    if arguments.json:
        _print_json([_gaps_record(*one) for one in found])
        return 0
    if not found:
        _print(f"nothing is stored in {store.root}")
    for series, rows, holes, answered in found:
        missing = sum(hole.missing for hole in holes)
        _print(f"{series}: {rows:,} candles, {len(holes):,} holes, {missing:,} candles missing")
        if holes:
            _print_table(
                ("last candle before", "first candle after", "missing", "known"),
                [
                    (
                        format_ms(hole.last_before_ms),
                        format_ms(hole.first_after_ms),
                        f"{hole.missing:,}",
                        "yes" if known else "not fetched",
                    )
                    for hole, known in zip(holes, answered, strict=True)
                ],
            )
    return 0


def verify_stored(arguments: argparse.Namespace) -> int:
    """Re-read the chosen series and print what is found; 1 if anything is damaged."""
    store = open_store(arguments.data_dir)
    whole = (arguments.exchange, arguments.symbol, arguments.timeframe) == (None, None, None)
    above = verify_folders(store) if whole else []
    verified = verify(store, _chosen(store, arguments))
    findings = [*above, *verified.findings]
    damaged = [finding for finding in findings if finding.damage]
    if arguments.json:
        listed = [{"path": str(finding.path), "text": finding.text, "damage": finding.damage} for finding in findings]
        counts = {"series": verified.series, "files": verified.files, "rows": verified.rows}
        _print_json({**counts, "damaged": len(damaged), "findings": listed})
    else:
        for finding in findings:
            _print(f"{'damaged' if finding.damage else 'note'}: {finding.text}")
        _print(
            f"{verified.series:,} series, {verified.files:,} files, {verified.rows:,} candles read; "
            f"{len(damaged):,} damaged, {len(findings) - len(damaged):,} notes"
        )
    return 1 if damaged else 0


def _chosen(store: CandleStore, arguments: argparse.Namespace) -> list[Series]:
    return stored_series(store, arguments.exchange, arguments.symbol, arguments.timeframe)


def _answered(store: CandleStore, series: Series, holes: Sequence[Hole]) -> list[bool]:
    """Tell of each hole whether a source answered all of it, so that it is known and not merely not fetched."""
    if not holes:
        return []
    asked = store.missing_ranges(*series, holes[0].last_before_ms, holes[-1].first_after_ms)
    ends = [end for _, end in asked]
    answered = []
    for hole in holes:
        start = hole.last_before_ms + series.length_ms
        following = bisect.bisect_right(ends, start)
        answered.append(following == len(asked) or asked[following][0] >= hole.first_after_ms)
    return answered


def _gaps_record(series: Series, rows: int, holes: Sequence[Hole], answered: Sequence[bool]) -> dict[str, object]:
    return {
        **series._asdict(),
        "rows": rows,
        "missing": sum(hole.missing for hole in holes),
        "holes": [
            {
                "last_before": format_ms(hole.last_before_ms),
                "first_after": format_ms(hole.first_after_ms),
                **hole._asdict(),
                "known": known,
            }
            for hole, known in zip(holes, answered, strict=True)
        ],
    }


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns with two blanks between; a column of numbers stands to the right."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    numeric = [all(row[column].replace(",", "").isdecimal() for row in rows) for column in range(len(header))]
    for row in table:
        cells = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        _print("  ".join(cells).rstrip())


def _print_json(value: object) -> None:
    _print(json.dumps(value, indent=2, ensure_ascii=False))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
