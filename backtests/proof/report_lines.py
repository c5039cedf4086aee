"""A parity report as lines of text: the first differences of each kind, and the verdict last."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from backtests.proof.candle_comparison import MEANING, CandleDifference, Prices
from backtests.proof.difference_causes import CandleName, Cause, TradeDifference
from backtests.proof.funding_comparison import MEANING as FUNDING_MEANING
from backtests.proof.funding_comparison import FundingDifference, Payment
from backtests.proof.history_parity import HistoryParity
from backtests.proof.open_interest_comparison import MEANING as INTEREST_MEANING
from backtests.proof.open_interest_comparison import OpenInterestDifference, Row
from backtests.proof.output_comparison import OutputComparison
from backtests.proof.parity_report import JournalParity, ParityReport
from backtests.proof.trade_matching import RoundTrip
from core.instants import format_ms
from core.watched_series import WATCHED

MOST_SHOWN = 10
"""How many candles and how many trades are printed; the rest is in the JSON form."""

_ROUTES = {
    "missed_step": "the session missed this step and was told not to enter on it",
    "operator": "the kill switch, or another command of the operator",
    "unexplained": "unexplained: both runs had the same input",
}


def report_lines(report: ParityReport) -> list[str]:
    """Return the report; its last line is the verdict."""
    lines = [
        f"session    {report.session} · {report.exchange} {report.timeframe} · {', '.join(report.symbols)}",
        f"settings   {report.settings_sha256}"
        + (" · the same in manifest and journal" if report.settings_broken is None else ""),
        f"code       {report.session_code_version}"
        + (" · the same" if report.session_code_version == report.code_version else f" · now {report.code_version}"),
        f"strategy   {report.strategy_sha256 or 'not recorded'}",
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


def _journal(journal: JournalParity) -> Iterator[str]:
    end = {"flatten": "ended, flattened", "keep": "ended, positions kept", None: "no end record"}[journal.end]
    yield f"journal    {journal.steps} steps, {journal.candles} candles{_beside(journal)} replayed · {end}"
    yield f"  engine     {journal.engine}"
    if journal.broken is not None:
        yield f"  stopped  {journal.broken}"
    if journal.result is not None:
        yield f"  different  {journal.result}"
    for one in journal.outputs:
        if one.equal:
            yield f"  equal      {one.name} ({one.lines - one.lines_behind} lines)"
        else:
            yield from _line_difference(one, "replay ", "session")


def _beside(journal: JournalParity) -> str:
    kinds = (
        (journal.detail, "detail candles"),
        (journal.marks, "mark candles"),
        (journal.funding, "funding rates"),
        (journal.watched or 0, "watched candles"),
        (journal.open_interest or 0, "rows of open interest"),
    )
    return "".join(f", {number} {words}" for number, words in kinds if number)


def _line_difference(one: OutputComparison, left: str, right: str) -> Iterator[str]:
    yield f"  DIFFERENT  {one.name} line {one.line}, {one.step()}"
    yield f"    {left}  {'(no such line)' if one.replayed is None else one.replayed}"
    yield f"    {right}  {'(no such line)' if one.written is None else one.written}"


def _history(history: HistoryParity) -> Iterator[str]:
    if history.start_ms is None or history.end_ms is None:
        yield from (f"history    {text}" for text in history.warnings)
        return
    yield f"history    backtest of {format_ms(history.start_ms)} to {format_ms(history.end_ms)}"
    yield f"  engine   {history.engine}"
    yield from (f"  warning  {text}" for text in history.warnings)
    for series, kind, word in (
        ("strategy", "candles", "candles"),
        ("detail", "detail", "detail"),
        ("mark", "marks", "marks"),
        (WATCHED, WATCHED, WATCHED),
    ):
        of_series = [candle for candle in history.candles if candle.series.split()[0] == series]
        if series == "strategy" or of_series or history.compared.get(kind):
            yield f"  {word:<7}  {history.compared.get(kind, 0)} of the session compared, {len(of_series)} differ"
        for candle in of_series[:MOST_SHOWN]:
            yield from candle_lines(candle)
        yield from rest_lines(of_series)
    if history.funding or history.compared.get("funding"):
        yield f"  funding  {history.compared.get('funding', 0)} of the session compared, {len(history.funding)} differ"
        for payment in history.funding[:MOST_SHOWN]:
            yield from payment_lines(payment)
        yield from rest_lines(history.funding)
    interest = history.open_interest or []
    if history.open_interest is not UNSET:
        fed = history.compared.get("open_interest", 0)
        yield f"  interest  {fed} of the session compared, {len(interest)} differ"
        for row in interest[:MOST_SHOWN]:
            yield from interest_lines(row)
        yield from rest_lines(interest)
    counts = dict.fromkeys(("missing", "extra", "different"), 0)
    for trade in history.trades:
        counts[trade.verdict] += 1
    words = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
    yield f"  trades   {history.trades_matched} matched, {words}"
    for number, trade in enumerate(history.trades[:MOST_SHOWN], 1):
        yield from _trade(number, trade)
    yield from rest_lines(history.trades)
    explained = bool(history.candles or history.funding or interest or history.trades)
    for one in history.outputs:
        if explained and one.cause != "unexplained":
            yield f"  differs  {one.output.name} from line {one.output.line} on, {one.output.step()} ({one.cause})"
        else:
            yield from _line_difference(one.output, "session", "history")
            yield f"    cause    {_ROUTES.get(one.cause, one.cause)}"


def rest_lines(found: Sequence[object]) -> Iterator[str]:
    """Yield how many are not shown."""
    if len(found) > MOST_SHOWN:
        yield f"    … and {len(found) - MOST_SHOWN} more; --json and parity.json have all"


def candle_lines(one: CandleDifference) -> Iterator[str]:
    """Yield what differs in a candle, and what the journal notes of it."""
    timeframe = one.series.removeprefix(WATCHED) if one.series.startswith(WATCHED) else ""
    yield f"    {one.symbol}{timeframe} {one.open_time}: {MEANING[one.why]}"
    source = f" ({one.source})" if one.source is not None else ""
    yield f"      session  {_values(one.session)}{source}"
    yield f"      history  {_values(one.history)}"
    if one.note is not None:
        yield f"      journal  {one.note}"


def payment_lines(one: FundingDifference) -> Iterator[str]:
    """Yield what differs in a funding payment."""
    yield f"    {one.symbol} {one.due}: {FUNDING_MEANING[one.why]}"
    told = f" (told in step {format_ms(one.told_ms)})" if one.told_ms is not None and one.told_ms > one.step_ms else ""
    yield f"      session  {_rate(one.session)}{told}"
    yield f"      history  {_rate(one.history)}"
    if one.note is not None:
        yield f"      journal  {one.note}"


def interest_lines(one: OpenInterestDifference) -> Iterator[str]:
    """Yield what differs in a row of open interest."""
    yield f"    {one.symbol} {one.stamp}: {INTEREST_MEANING[one.why]}"
    yield f"      session  {_interest(one.session)}"
    yield f"      history  {_interest(one.history)}"
    if one.note is not None:
        yield f"      journal  {one.note}"


def _interest(row: Row | None) -> str:
    if row is None:
        return "none"
    amount, value = row
    return f"amount {amount!r}, value {'not known' if value is None else repr(value)}"


def _rate(payment: Payment | None) -> str:
    if payment is None:
        return "none"
    rate, mark = payment
    return f"rate {rate!r}, mark price {'not known' if mark is None else repr(mark)}"


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


def _of(trade: RoundTrip, field: str) -> str:
    value = getattr(trade, field)
    if isinstance(value, tuple):
        return "; ".join(f"{part.quantity} at {part.price} {part.time} {part.reason}" for part in value) or "none"
    return "none" if value is None else str(value)


def _cause(one: TradeDifference) -> str:
    follows = f"difference {one.follows + 1}" if one.cause == "propagated" and one.follows is not None else None
    return cause_words(one.cause, one.root, one.candles, follows)


def cause_words(cause: Cause, root: Cause, candles: Sequence[CandleName], follows: str | None) -> str:
    """Return why something differs: by which candles, or from which difference it follows."""
    if candles:
        names = [
            f"{named.symbol} {named.open_time}" + ("" if named.series == "strategy" else f" ({named.series})")
            for named in candles
        ]
        shown = ", ".join(names[:MOST_SHOWN])
        return f"{cause}: {shown}" + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")
    if follows is not None:
        return f"{cause}: follows from {follows} ({root})"
    return f"{cause}: {_ROUTES.get(cause, '')}"
