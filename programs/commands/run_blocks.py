"""A program's run as it is shown: each call with what it read, what woke it and what came of it, its trades."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from core.programs.program_call import ProgramFault, ProgramWish
from programs.program_result import BacktestResult
from runs.commands.text_blocks import Facts, Grid, number, show
from runs.reading.trigger_log import TriggerRow
from runs.reading.trigger_words import (
    decided_in_words,
    outcome_in_words,
    short_time,
    woken_in_words,
)
from strategies.programs.program_calls import Tracer, told_trigger
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.triggers.trigger_event import TriggerEvent

ROWS = 12
_READS_SHOWN = 12


def traced(say: Callable[..., None]) -> Tracer:
    """Return what prints each call as it is made: what woke the program, what it read, printed and decided."""

    def tell(event: TriggerEvent, answer: CallAnswer, wish: ProgramWish, fault: ProgramFault | None) -> None:
        say(f"{short_time(event.time_ms)} {event.symbol} {woken_in_words(told_trigger(event))}")
        counted = Counter(f"{name}({', '.join(map(_argument, arguments))})" for name, arguments in answer.calls)
        reads = [one if times == 1 else f"{one} × {times}" for one, times in counted.items()]
        more = len(reads) - _READS_SHOWN
        if reads:
            say(f"  read     {', '.join(reads[:_READS_SHOWN])}{f' and {more} more' if more > 0 else ''}")
        for line in answer.printed:
            say(f"  printed  {line}")
        if fault is None:
            say(f"  decided  {decided_in_words(wish, event.symbol)}")
        else:
            say(f"  problem  {fault.kind}: {fault.said()}")

    return tell


def show_run(result: BacktestResult, rows: int) -> None:
    """Print what woke a program and what came of it, and its trades; of each so many rows."""
    log = result.trigger_log
    blocks: list[Facts | Grid] = [Facts("", _facts(result))]
    told = [one for one in log if one.outcome != "held"]
    if told[:rows]:
        blocks += [Facts(_titled("Calls that did something", len(told), rows), ()), _calls(told[:rows])]
    elif log[:rows]:
        blocks += [Facts(_titled("Calls, of which none did anything", len(log), rows), ()), _calls(log[:rows])]
    if result.trades[:rows]:
        blocks += [Facts(_titled("Trades", len(result.trades), rows), ()), _trades(result, rows)]
    show(*blocks, Facts("", ()))


def _facts(result: BacktestResult) -> list[tuple[str, str]]:
    log = result.trigger_log
    pools = Counter(one.trigger.pool or "schedule" for one in log)
    actions: Counter[str] = Counter(one.wish.action for one in log if one.problem is None)
    outcomes: Counter[str] = Counter(one.outcome for one in log)
    found = [
        ("Triggers", f"{len(log):,}{_counted(pools)}"),
        *(("Why none", one) for one in result.unwoken),
        ("Decisions", _counted(actions).strip(" ()") or "none"),
    ]
    if outcomes:
        found.append(("Outcomes", _counted(outcomes).strip(" ()")))
    problems = [one.problem for one in log if one.problem is not None]
    if problems:
        found.append(("Problems", f"{len(problems):,}, the first: {problems[0].said()}"))
    return found


def _calls(rows: Sequence[TriggerRow]) -> Grid:
    header = ("time", "symbol", "woken by", "decided", "outcome", "pnl")
    return Grid(
        header,
        [
            (
                short_time(one.time_ms),
                one.symbol,
                woken_in_words(one.trigger),
                decided_in_words(one.wish, one.symbol) if one.problem is None else "",
                outcome_in_words(one),
                "" if one.pnl is None else number(one.pnl),
            )
            for one in rows
        ],
        words=5,
    )


def _trades(result: BacktestResult, rows: int) -> Grid:
    header = ("entry", "exit", "symbol", "side", "reason", "in", "out", "quantity", "pnl")
    return Grid(
        header,
        [
            (
                short_time(one.entry_time),
                short_time(one.exit_time),
                one.symbol,
                one.side,
                one.exit_reason,
                f"{one.entry_price:.10g}",
                f"{one.exit_price:.10g}",
                f"{one.quantity:.10g}",
                number(one.pnl),
            )
            for one in result.trades[:rows]
        ],
        words=5,
    )


def _titled(title: str, count: int, shown: int) -> str:
    return f"{title}: {count:,}" if count <= shown else f"{title}: {count:,}, the first {shown}"


def _counted(counts: Counter[str]) -> str:
    told = ", ".join(f"{name} {many:,}" for name, many in sorted(counts.items()))
    return f" ({told})" if told else ""


def _argument(value: object) -> str:
    return json.dumps(value)
