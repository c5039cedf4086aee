"""A parity report as lines of text: the first differences of each kind, and the verdict last."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from backtests.candle_matching import MEANING, CandleDifference, Prices
from backtests.difference_causes import TradeDifference
from core.instants import format_ms

if TYPE_CHECKING:
    from backtests.history_parity import HistoryParity
    from backtests.output_comparison import OutputComparison
    from backtests.parity_check import JournalParity, ParityReport
    from backtests.trade_matching import RoundTrip

MOST_SHOWN = 10
"""How many candles and how many trades are printed; the rest is in the JSON form."""

_ROUTES = {
    "missed_step": "the session missed this step and was told not to enter on it",
    "operator": "the kill switch",
    "unexplained": "unexplained: both runs had the same input",
}


def report_lines(report: "ParityReport") -> list[str]:
    """Return the report; its last line is the verdict."""
    lines = [
        f"session    {report.session} · {report.exchange} {report.timeframe} · {', '.join(report.symbols)}",
        f"settings   {report.settings_sha256}"
        + (" · the same in manifest and journal" if report.settings_broken is None else ""),
        f"code       {report.session_code_version}"
        + (" · the same" if report.session_code_version == report.code_version else f" · now {report.code_version}"),
    ]
    if report.settings_broken is not None:
        lines.append(f"           {report.settings_broken}")
    lines += [f"warning    {text}" for text in report.warnings]
    if report.journal is not None:
        lines += ["", *_journal(report.journal)]
    if report.history is not None:
        lines += ["", *_history(report.history)]
    if report.unavailable is not None:
        lines += ["", f"history    not compared: {report.unavailable}"]
    return [*lines, "", report.verdict]


def _journal(journal: "JournalParity") -> Iterator[str]:
    end = {"flatten": "ended, flattened", "keep": "ended, positions kept", None: "no end record"}[journal.end]
    yield f"journal    {journal.steps} steps, {journal.candles} candles replayed · {end}"
    if journal.broken is not None:
        yield f"  stopped  {journal.broken}"
    for one in journal.outputs:
        if one.equal:
            yield f"  equal      {one.name} ({one.lines - one.lines_behind} lines)"
        else:
            yield from _line_difference(one, "replay ", "session")


def _line_difference(one: "OutputComparison", left: str, right: str) -> Iterator[str]:
    yield f"  DIFFERENT  {one.name} line {one.line}, {one.step()}"
    yield f"    {left}  {'(no such line)' if one.replayed is None else one.replayed}"
    yield f"    {right}  {'(no such line)' if one.written is None else one.written}"


def _history(history: "HistoryParity") -> Iterator[str]:
    if history.start_ms is None or history.end_ms is None:
        yield from (f"history    {text}" for text in history.warnings)
        return
    yield f"history    backtest of {format_ms(history.start_ms)} to {format_ms(history.end_ms)}"
    yield from (f"  warning  {text}" for text in history.warnings)
    yield f"  candles  {history.candles_compared} of the session compared, {len(history.candles)} differ"
    for candle in history.candles[:MOST_SHOWN]:
        yield from _candle(candle)
    yield from _rest(history.candles)
    counts = dict.fromkeys(("missing", "extra", "different"), 0)
    for trade in history.trades:
        counts[trade.verdict] += 1
    words = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    yield f"  trades   {history.trades_matched} matched, {words}"
    for number, trade in enumerate(history.trades[:MOST_SHOWN], 1):
        yield from _trade(number, trade)
    yield from _rest(history.trades)
    explained = bool(history.candles or history.trades)
    for one in history.outputs:
        if explained and one.cause != "unexplained":
            yield f"  differs  {one.output.name} from line {one.output.line} on, {one.output.step()} ({one.cause})"
        else:
            yield from _line_difference(one.output, "session", "history")
            yield f"    cause    {_ROUTES.get(one.cause, one.cause)}"


def _rest(found: Sequence[object]) -> Iterator[str]:
    if len(found) > MOST_SHOWN:
        yield f"    … and {len(found) - MOST_SHOWN} more; --json and parity.json have all"


def _candle(one: CandleDifference) -> Iterator[str]:
    yield f"    {one.symbol} {one.open_time}: {MEANING[one.why]}"
    source = f" ({one.source})" if one.source is not None else ""
    yield f"      session  {_values(one.session)}{source}"
    yield f"      history  {_values(one.history)}"
    if one.note is not None:
        yield f"      journal  {one.note}"


def _values(prices: Prices | None) -> str:
    return "none" if prices is None else " ".join(map(repr, prices))


def _trade(number: int, one: TradeDifference) -> Iterator[str]:
    yield f"    {number}. {one.verdict} {one.symbol} {one.side} entered {one.entry_time}{_what(one)}"
    yield f"       cause from {one.step} on: {_cause(one)}"


def _what(one: TradeDifference) -> str:
    if one.session is not None and one.history is not None:
        pairs = (f"{name} {_of(one.session, name)} (history {_of(one.history, name)})" for name in one.fields)
        return ": " + ", ".join(pairs)
    trade = one.session or one.history
    if trade is None:
        return ""
    exit_words = f", {trade.reason} at {trade.exit_price} {trade.exit_time}" if trade.exit_time else ", still open"
    return f": {trade.quantity} at {trade.entry_price}{exit_words}"


def _of(trade: "RoundTrip", field: str) -> str:
    value = getattr(trade, field)
    return "none" if value is None else str(value)


def _cause(one: TradeDifference) -> str:
    if one.cause == "candles":
        names = [f"{candle.symbol} {candle.open_time}" for candle in one.candles]
        shown = ", ".join(names[:MOST_SHOWN])
        return f"candles: {shown}" + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")
    if one.cause == "propagated" and one.follows is not None:
        return f"propagated: follows from difference {one.follows + 1} ({one.root})"
    return f"{one.cause}: {_ROUTES.get(one.cause, '')}"
