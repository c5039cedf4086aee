"""What the page of a portfolio's run holds, as plain values read from its folder, and the page itself."""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.candle_columns import Float64Array, Int64Array
from core.instants import parse_instant
from core.timeframe import DAY_MS
from engine.portfolio.portfolio_outputs import REBALANCE_HEADER
from metrics.portfolio_figures import underwater
from reports.page.frozen_page import PageForm, page_html, write_whole
from reports.page.packed_columns import Packed, packed_numbers, packed_times
from reports.page.page_file import PAGE
from reports.portfolio.limits_hit import limits_hit
from reports.portfolio.portfolio_words import portfolio_facts, portfolio_title
from runs.documents.portfolio_result import PortfolioResult
from runs.folder.file_names import CURVE, REBALANCES, STEPS
from runs.reading.folder_text import table
from runs.reading.portfolio_folder import read_portfolio_result
from runs.reading.run_folder import read_run
from runs.reading.stored_curve import read_column

FORMAT = "portfolio 1"
"""Name of the form of the page's data; another number says that a reader of the old form would misread it."""
_FORM = PageForm(entry="portfolio_page.js", opens="openPortfolio", styles=("style.css", "study/study.css"))
_DIGITS = 9
_FEW_DAYS = 30


class KnownAs(NamedTuple):
    """What a portfolio's run is known as: in the store by its number and the name of its window, or as a session."""

    called: str
    number: int | None = None
    window_name: str | None = None


def write_portfolio_report(folder: Path, target: Path | None = None) -> Path:
    """Write the page of a portfolio's session that has ended, and return where it is; None is beside its other files.

    Errors as of :func:`write_portfolio_page`.
    """
    known = KnownAs(f"Portfolio session {folder.resolve().name}")
    return write_portfolio_page(read_portfolio_result(folder), folder, known, target or folder / PAGE)


def write_portfolio_page(result: PortfolioResult, folder: Path, known: KnownAs, target: Path) -> Path:
    """Write the page of a portfolio's run and return where it is.

    Parameters
    ----------
    result, folder
        What it came to, and where its files are.
    known
        As what.
    target
        The file of the page.

    Raises
    ------
    StoreError
        If a file of the run cannot be read, or the page cannot be written.
    """
    title = portfolio_title(result, known.called, known.window_name)
    told = {**portfolio_data(result, folder, known), "title": title, "facts": portfolio_facts(result)}
    return write_whole(page_html(title, {"format": FORMAT, "portfolio": told}, _FORM), target)


def portfolio_data(result: PortfolioResult, folder: Path, known: KnownAs) -> dict[str, Any]:
    """Return everything that the page shows of a run; every number is finite or None."""
    config, capital = result.config, result.config.capital
    times = read_column(folder / STEPS).astype(np.int64)
    days = np.unique(times // DAY_MS)
    whole = _at_ends(times, read_column(folder / CURVE), days, capital)
    quotes = {one.partition("/")[2].partition(":")[0] for one in config.symbols}
    return {
        "number": known.number,
        "name": config.name,
        "window_name": known.window_name,
        "start_ms": parse_instant(config.start_date),
        "end_ms": parse_instant(config.end_date),
        "exchange": config.exchange,
        "timeframe": config.interval,
        "symbols": config.symbols,
        "quote": quotes.pop() if len(quotes) == 1 else "",
        "status": "PARTIAL" if result.partial else "COMPLETED",
        "warnings": [*result.warnings, *_doubts(result)],
        "capital": capital,
        "performance": msgspec.to_builtins(result.performance),
        "correlation": msgspec.to_builtins(result.correlation),
        "days": packed_times(days),
        "equity": packed_numbers(whole, _DIGITS),
        "underwater_pct": _underwater(np.append(capital, whole)),
        "members": [_member(folder / name, name, result, days) for name in result.members],
        "rebalances": _rebalances(folder),
    }


def _doubts(result: PortfolioResult) -> list[str]:
    """Return why the figures may say less than they seem to."""
    days = result.correlation.days
    if days >= _FEW_DAYS:
        return []
    return [f"the run has {days} days: below {_FEW_DAYS} ratios and correlations of daily returns are mostly chance"]


def _member(folder: Path, name: str, result: PortfolioResult, days: Int64Array) -> dict[str, Any]:
    """Return a member: its figures, its equity in money, and in units that were there from the start."""
    run, told = read_run(folder), result.members[name]
    start = told.starting_balance
    equity = _at_ends(read_column(folder / STEPS).astype(np.int64), read_column(folder / CURVE), days, start)
    units = _at_ends(run.curve.times_ms, run.curve.equity, days, start)
    kept = {key: value for key, value in msgspec.to_builtins(told).items() if key != "folder"}
    return {
        "name": name,
        **kept,
        "equity_by_day": packed_numbers(equity, _DIGITS),
        "units": packed_numbers(units, _DIGITS),
        "underwater_pct": _underwater(np.append(start, units)),
        "limits_hit": limits_hit(folder),
    }


def _underwater(worth: Float64Array) -> Packed | list[float | None]:
    return packed_numbers(100.0 * underwater(worth)[1:], 6)


def _at_ends(times_ms: Int64Array, values: Float64Array, days: Int64Array, before: float) -> Float64Array:
    """Return the last value up to the end of each day: what stands beside the last step is after everything closed."""
    known = np.concatenate([[before], values])
    found: Float64Array = known[np.searchsorted(times_ms, (days + 1) * DAY_MS, side="right")]
    return found


def _rebalances(folder: Path) -> list[dict[str, Any]]:
    """Return what moved, a value for each time, with the shares of the members in their order."""
    found: list[dict[str, Any]] = []
    for time, member, basis, weight, equity, target, _, moved, not_moved in table(
        folder / REBALANCES, REBALANCE_HEADER
    ):
        if not found or found[-1]["time_ms"] != parse_instant(time):
            found.append({"time_ms": parse_instant(time), "basis": basis, "shares": []})
        money = {"equity": float(equity), "target": float(target), "moved": float(moved), "not_moved": float(not_moved)}
        found[-1]["shares"].append({"member": member, "weight": float(weight), **money})
    return found
