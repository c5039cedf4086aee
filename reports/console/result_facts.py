"""The facts of a run's result in the order in which a report gives them, already as text.

Both forms of the console report are made from these, so that they cannot say different things.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from reports.console import venue_facts
from reports.console.facts import Fact, Result, Section, Tone, named, tone_of
from reports.console.number_text import amount, count, is_positive, mapping_at, one_line, per_cent
from reports.console.result_warnings import warnings_of

PARTIAL = "the run was cut short; the figures cover what was done until then"
SYMBOL_COLUMNS = ("Symbol", "Candles", "Trades", "Realized PnL", "Win rate", "Buy and hold")
_ENDINGS = (
    ("Orders rejected", "orders_rejected", "Rejected", "rejection_reasons"),
    ("Orders expired", "orders_expired", "Expired", "expiry_reasons"),
    ("Orders cancelled", "orders_cancelled", "Cancelled", "cancellation_reasons"),
)
"""How an order ends unfilled: the line and key of its number, the word and key of its reasons, which add up to it."""
_FINE_DECIMALS = 8
_COARSE_FROM = 10.0


class SymbolRow(NamedTuple):
    """One symbol's line, cells in the order of ``SYMBOL_COLUMNS``."""

    cells: tuple[str, ...]
    tone: Tone


class ResultFacts(NamedTuple):
    """Everything a report says."""

    partial: bool
    sections: Sequence[Section]
    symbols: Sequence[SymbolRow]
    instruments: Sequence[Fact]
    warnings: Sequence[str]
    files: Sequence[Fact]
    hashes: Sequence[Fact]


def facts_of(result: Result) -> ResultFacts:
    """Return the facts of a result; what the result does not hold is left out."""
    sections = (
        _run(result),
        _balances(result),
        _trades(result),
        venue_facts.exits(result),
        venue_facts.ladder(result, _money_of(result)),
        _costs(result),
        _activity(result),
        _refusals(result),
    )
    return ResultFacts(
        partial=bool(result.get("partial")),
        sections=[section for section in sections if section.facts],
        symbols=_symbol_rows(result),
        instruments=venue_facts.rules(result),
        warnings=warnings_of(result),
        files=named(result, (("Trade log", "log_file", one_line), ("Output folder", "output_dir", one_line))),
        hashes=_hashes(result),
    )


def _run(result: Result) -> Section:
    config = mapping_at(result, "config")
    facts = []
    if "start_date" in config or "end_date" in config:
        period = f"{one_line(config.get('start_date', '?'))} to {one_line(config.get('end_date', '?'))}"
        facts.append(Fact("Period", period))
    ran_to = config.get("ran_to")
    if result.get("partial") and "ran_to" in config and ran_to != config.get("end_date"):
        facts.append(Fact("Ran to", "no step" if ran_to is None else one_line(ran_to)))
    facts += named(
        config,
        (
            ("Exchange", "exchange", one_line),
            ("Interval", "interval", one_line),
            *((("Detail interval", "detail_interval", one_line),) if config.get("detail_interval") else ()),
            ("Symbols", "symbols", _listed),
            ("Strategy", "strategy", one_line),
        ),
    )
    facts += venue_facts.orders(config)
    return Section("Run", facts, numeric=False)


def _balances(result: Result) -> Section:
    performance, money = mapping_at(result, "performance"), _money_of(result)
    facts = named(
        performance,
        (
            ("Starting balance", "starting_balance", money),
            ("Final balance", "current_balance", money),
            ("Equity", "equity", money),
            ("Realized PnL", "realized_pnl", money),
            ("Unrealized PnL", "unrealized_pnl", money),
            ("Total return", "total_return_pct", per_cent),
            ("Buy and hold", "buy_and_hold_return_pct", per_cent),
            ("Peak equity", "peak_equity", money),
            ("Maximum drawdown", "max_drawdown_pct", per_cent),
            ("Sharpe ratio", "sharpe_ratio", amount),
            ("Sortino ratio", "sortino_ratio", amount),
            ("Calmar ratio", "calmar_ratio", amount),
        ),
        toned=("realized_pnl", "unrealized_pnl", "total_return_pct", "buy_and_hold_return_pct"),
    )
    return Section("Balance", facts)


def _trades(result: Result) -> Section:
    performance, money = mapping_at(result, "performance"), _money_of(result)
    facts = []
    if "total_trades" in performance:
        split = ""
        if "winning_trades" in performance and "losing_trades" in performance:
            split = f" ({count(performance['winning_trades'])} won, {count(performance['losing_trades'])} lost)"
        facts.append(Fact("Trades", count(performance["total_trades"]) + split))
    facts += named(
        performance,
        (
            ("Win rate", "win_rate", per_cent),
            ("Profit factor", "profit_factor", amount),
            ("Expectancy", "expectancy", money),
            ("Average win", "average_win", money),
            ("Average loss", "average_loss", money),
            ("Longest win streak", "longest_winning_streak", count),
            ("Longest loss streak", "longest_losing_streak", count),
            ("Average holding time", "average_holding_minutes", _minutes),
        ),
        toned=("expectancy",),
    )
    statistics = mapping_at(result, "statistics")
    facts += named(
        statistics,
        (("Exposure time", "exposure_time_pct", per_cent), ("Ambiguous trades", "ambiguous_trades", count)),
    )
    facts += named(performance, (("Open positions", "open_positions", count),))
    return Section("Trades", facts)


def _costs(result: Result) -> Section:
    performance, money = mapping_at(result, "performance"), _money_of(result)
    charged = is_positive(performance.get("liquidation_fees"))
    fees = (("Liquidation fees", "liquidation_fees", money),) if charged else ()
    return Section(
        "Costs",
        [
            *named(
                performance,
                (("Commission paid", "commission_paid", money), *fees, ("Slippage paid", "slippage_paid", money)),
            ),
            *venue_facts.funding(result, money),
            *named(performance, (("Total costs", "total_costs", money),)),
        ],
    )


def _activity(result: Result) -> Section:
    statistics = mapping_at(result, "statistics")
    names = (
        ("Candles processed", "candles_processed"),
        ("Steps", "steps"),
        ("Signals generated", "signals_generated"),
        ("Signals refused", "signals_refused"),
        ("Orders submitted", "orders_submitted"),
        ("Entries filled", "entries_filled"),
        *((label, key) for label, key, _, reasons in _ENDINGS if reasons not in statistics),
        ("Gaps", "gaps"),
        ("Halts", "halts"),
    )
    happened = [("Partial fills", "partial_fills")] if is_positive(statistics.get("partial_fills")) else []
    facts = named(statistics, [(label, key, count) for label, key in (*names[:6], *happened, *names[6:])])
    seconds, candles = statistics.get("processing_seconds"), statistics.get("candles_processed")
    if is_positive(seconds):
        facts.append(Fact("Processing time", amount(seconds, unit="s")))
        if isinstance(candles, int) and isinstance(seconds, int | float):
            facts.append(Fact("Candles per second", count(candles / seconds)))
    return Section("Activity", facts)


def _refusals(result: Result) -> Section:
    """Return how often which reason kept a signal from its order, and an order from its fill."""
    statistics, facts = mapping_at(result, "statistics"), []
    for word, key in (("Refused", "refusal_reasons"), *((word, reasons) for _, _, word, reasons in _ENDINGS)):
        reasons = mapping_at(statistics, key)
        counted = [(number, reason) for reason, number in reasons.items() if isinstance(number, int) and number]
        counted.sort(key=lambda pair: (-pair[0], pair[1]))
        facts += [Fact(f"{word} ({one_line(reason)})", count(number)) for number, reason in counted]
    return Section("Refusals", facts)


def _symbol_rows(result: Result) -> list[SymbolRow]:
    money = _money_of(result, with_unit=False)
    rows = []
    symbols = mapping_at(result, "symbols")
    for symbol in symbols:
        values = mapping_at(symbols, symbol)
        pnl = values.get("realized_pnl")
        cells = (
            one_line(symbol),
            count(values.get("candles")),
            count(values.get("trades")),
            money(pnl),
            per_cent(values.get("win_rate")),
            per_cent(values.get("buy_and_hold_return_pct")),
        )
        rows.append(SymbolRow(cells, tone_of(pnl)))
    return rows


def _hashes(result: Result) -> list[Fact]:
    names = sorted(
        (name for name in result if name.endswith("_sha256")), key=lambda name: (name != "trades_sha256", name)
    )
    return named(result, [(name, name, one_line) for name in (*names, "code_version")])


def _money_of(result: Result, *, with_unit: bool = True) -> Callable[[object], str]:
    """Return how money is written: two decimals, eight for an account that is kept in something dear such as BTC."""
    starting_balance = mapping_at(result, "performance").get("starting_balance")
    small = isinstance(starting_balance, int | float) and starting_balance < _COARSE_FROM
    decimals, unit = _FINE_DECIMALS if small else 2, _quote_of(result) if with_unit else ""
    return lambda value: amount(value, decimals, unit)


def _quote_of(result: Result) -> str:
    """Return the currency that all symbols are quoted in; empty where it is not known or not one."""
    symbols = mapping_at(result, "symbols")
    names = [str(mapping_at(symbols, symbol).get("canonical", symbol)) for symbol in symbols]
    quotes = {name.partition("/")[2].partition(":")[0] for name in names}
    return one_line(quotes.pop()) if len(quotes) == 1 else ""


def _minutes(value: object) -> str:
    return amount(value, decimals=1, unit="min")


def _listed(value: object) -> str:
    return ", ".join(map(one_line, value)) if isinstance(value, list | tuple) else one_line(value)
