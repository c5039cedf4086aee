"""The facts of a run's result in the order in which a report gives them, already as text.

Both forms of the console report are made from these, so that they cannot say different things.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import UNSET, UnsetType

from reports.console import venue_facts
from reports.console.facts import Fact, Section, Tone, tone_of
from reports.console.number_text import amount, count, one_line, per_cent
from reports.console.result_warnings import warnings_of
from reports.console.venue_facts import Money, by_count
from runs.documents.run_result import RunConfig, RunResult

PARTIAL = "the run was cut short; the figures cover what was done until then"
SYMBOL_COLUMNS = ("Symbol", "Candles", "Trades", "Realized PnL", "Win rate", "Buy and hold")
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


def facts_of(result: RunResult, page: Path | None = None) -> ResultFacts:
    """Return the facts of a result, and where its page is; what did not happen is left out."""
    money = _money_of(result)
    sections = (
        _in_short(result, money),
        _run(result.config, _watched(result), partial=result.partial),
        _balances(result, money),
        _trades(result, money),
        venue_facts.sizes(result),
        venue_facts.exits(result),
        venue_facts.ladder(result, money),
        venue_facts.tags(result, money),
        _costs(result, money),
        _activity(result),
        _program(result),
        _refusals(result),
    )
    return ResultFacts(
        partial=result.partial,
        sections=[section for section in sections if section.facts],
        symbols=_symbol_rows(result),
        instruments=venue_facts.rules(result.symbols),
        warnings=warnings_of(result),
        files=_texts(
            (
                ("Trade log", result.log_file),
                ("Output folder", result.output_dir),
                ("Report page", UNSET if page is None else page),
            )
        ),
        hashes=_texts(
            (
                ("trades_sha256", result.trades_sha256),
                ("data_sha256", result.data_sha256),
                ("ledger_sha256", result.ledger_sha256),
                ("orders_sha256", result.orders_sha256),
                ("settings_sha256", result.settings_sha256),
                ("strategy_sha256", result.strategy_sha256),
                ("code_version", result.code_version),
                ("run_id", result.run_id),
            )
        ),
    )


def _in_short(result: RunResult, money: Money) -> Section:
    """Return the densest facts: what came out, and what the sizes really were."""
    performance = result.performance
    net, trades = performance.equity - performance.starting_balance, performance.total_trades
    words = [
        f"{per_cent(performance.total_return_pct)} ({money(net)})",
        f"drawdown {per_cent(performance.max_drawdown_pct)}",
        f"{count(trades)} trade{'' if trades == 1 else 's'}",
    ]
    if trades:
        words += [f"{per_cent(performance.win_rate)} won", f"profit factor {amount(performance.profit_factor)}"]
    words.append(f"costs {money(performance.total_costs)}")
    return Section(
        "In short",
        [Fact("In short", ", ".join(words), tone_of(net)), *venue_facts.sizes_in_short(result)],
        numeric=False,
    )


def _watched(result: RunResult) -> str | UnsetType:
    """Return which series were watched and how many candles of each came."""
    if result.watched is UNSET:
        return UNSET
    return ", ".join(f"{name} ({count(one.candles)} candles)" for name, one in result.watched.items())


def _run(config: RunConfig, watched: str | UnsetType, *, partial: bool) -> Section:
    facts = [Fact("Period", f"{config.start_date} to {config.end_date}")]
    if partial and config.ran_to != config.end_date:
        facts.append(Fact("Ran to", config.ran_to or "no step"))
    facts += _texts(
        (
            ("Exchange", config.exchange),
            ("Interval", config.interval),
            ("Detail interval", config.detail_interval or UNSET),
            ("Symbols", ", ".join(map(one_line, config.symbols))),
            ("Watched", watched),
            ("Strategy", config.strategy),
        )
    )
    return Section("Run", facts + venue_facts.orders(config), numeric=False)


def _balances(result: RunResult, money: Money) -> Section:
    performance = result.performance
    return Section(
        "Balance",
        [
            Fact("Starting balance", money(performance.starting_balance)),
            Fact("Final balance", money(performance.current_balance)),
            Fact("Equity", money(performance.equity)),
            _toned("Realized PnL", performance.realized_pnl, money),
            _toned("Unrealized PnL", performance.unrealized_pnl, money),
            _toned("Total return", performance.total_return_pct, per_cent),
            _toned("Buy and hold", performance.buy_and_hold_return_pct, per_cent),
            Fact("Peak equity", money(performance.peak_equity)),
            Fact("Maximum drawdown", per_cent(performance.max_drawdown_pct)),
            Fact("Sharpe ratio", amount(performance.sharpe_ratio)),
            Fact("Sortino ratio", amount(performance.sortino_ratio)),
            Fact("Calmar ratio", amount(performance.calmar_ratio)),
        ],
    )


def _trades(result: RunResult, money: Money) -> Section:
    performance, statistics = result.performance, result.statistics
    even = f", {count(performance.even_trades)} even" if performance.even_trades else ""
    split = f"({count(performance.winning_trades)} won, {count(performance.losing_trades)} lost{even})"
    return Section(
        "Trades",
        [
            Fact("Trades", f"{count(performance.total_trades)} {split}"),
            Fact("Win rate", per_cent(performance.win_rate)),
            Fact("Profit factor", amount(performance.profit_factor)),
            _toned("Expectancy", performance.expectancy, money),
            Fact("Average win", money(performance.average_win)),
            Fact("Average loss", money(performance.average_loss)),
            Fact("Longest win streak", count(performance.longest_winning_streak)),
            Fact("Longest loss streak", count(performance.longest_losing_streak)),
            Fact("Average holding time", amount(performance.average_holding_minutes, decimals=1, unit="min")),
            Fact("Exposure time", per_cent(statistics.exposure_time_pct)),
            Fact("Ambiguous trades", count(statistics.ambiguous_trades)),
            Fact("Open positions", count(performance.open_positions)),
        ],
    )


def _costs(result: RunResult, money: Money) -> Section:
    performance, fees = result.performance, result.performance.liquidation_fees
    return Section(
        "Costs",
        [
            Fact("Commission paid", money(performance.commission_paid)),
            *([Fact("Liquidation fees", money(fees))] if fees > 0 else []),
            Fact("Slippage paid", money(performance.slippage_paid)),
            *venue_facts.funding(result, money),
            Fact("Total costs", money(performance.total_costs)),
        ],
    )


def _activity(result: RunResult) -> Section:
    statistics, parts = result.statistics, result.statistics.partial_fills
    moves = statistics.candle_moves
    return Section(
        "Activity",
        [
            Fact("Candles processed", count(statistics.candles_processed)),
            Fact("Steps", count(statistics.steps)),
            Fact("Signals generated", count(statistics.signals_generated)),
            Fact("Signals refused", count(statistics.signals_refused)),
            Fact("Orders submitted", count(statistics.orders_submitted)),
            Fact("Entries filled", count(statistics.entries_filled)),
            *([Fact("Partial fills", count(parts))] if parts else []),
            Fact("Gaps", count(statistics.gaps)),
            Fact("Halts", count(statistics.halts)),
            *([Fact("Candles that moved too far", count(moves))] if moves else []),
        ],
    )


def _program(result: RunResult) -> Section:
    """Return what the calls of a user's program came to."""
    told = result.program
    if told is UNSET:
        return Section("Program", [])
    halted = "" if told.success else f" at {told.halted_at}: {one_line(told.error or '')}"
    return Section(
        "Program",
        [
            Fact("Calls of the program", count(told.calls)),
            *([] if told.unwoken is UNSET else [Fact("Never called", one_line(one), "loss") for one in told.unwoken]),
            Fact("Woken by pools", count(told.signal_triggers)),
            Fact("Woken by its schedule", count(told.scheduled_triggers)),
            *(Fact(f"Decided ({action})", count(number)) for action, number in by_count(told.decisions)),
            *(Fact(f"Problems ({kind})", count(number), "loss") for kind, number in by_count(told.problems)),
            *([] if told.success else [Fact("Halted", f"yes,{halted}", "loss")]),
        ],
    )


def _refusals(result: RunResult) -> Section:
    """Return how often which reason kept a signal from its order, and an order from its fill."""
    statistics = result.statistics
    kept = (
        ("Refused", statistics.refusal_reasons),
        ("Rejected", statistics.rejection_reasons),
        ("Expired", statistics.expiry_reasons),
        ("Cancelled", statistics.cancellation_reasons),
    )
    return Section(
        "Refusals",
        [Fact(f"{word} ({reason})", count(number)) for word, reasons in kept for reason, number in by_count(reasons)],
    )


def _symbol_rows(result: RunResult) -> list[SymbolRow]:
    money = _money_of(result, with_unit=False)
    return [
        SymbolRow(
            (
                one_line(symbol),
                count(one.candles),
                count(one.trades),
                money(one.realized_pnl),
                per_cent(one.win_rate),
                per_cent(one.buy_and_hold_return_pct),
            ),
            tone_of(one.realized_pnl),
        )
        for symbol, one in result.symbols.items()
    ]


def _toned(label: str, value: float | None, text: Money) -> Fact:
    return Fact(label, text(value), tone_of(value))


def _texts(named: Iterable[tuple[str, object]]) -> list[Fact]:
    """Return a fact for every text that is there."""
    return [Fact(label, one_line(value)) for label, value in named if value is not UNSET]


def _money_of(result: RunResult, *, with_unit: bool = True) -> Money:
    """Return how money is written: two decimals, eight for an account that is kept in something dear such as BTC."""
    small = result.performance.starting_balance < _COARSE_FROM
    decimals, unit = _FINE_DECIMALS if small else 2, quote_of(result) if with_unit else ""
    return lambda value: amount(value, decimals, unit)


def quote_of(result: RunResult) -> str:
    """Return the currency that all symbols are quoted in; empty where it is not one."""
    quotes = {one.canonical.partition("/")[2].partition(":")[0] for one in result.symbols.values()}
    return one_line(quotes.pop()) if len(quotes) == 1 else ""
