"""A program's run as it is shown: each call with what it read, what woke it and what came of it, its trades."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from core.instants import format_ms
from core.program_call import ProgramFault, ProgramTrigger, ProgramWish
from programs.program_result import BacktestResult
from runs.commands.text_blocks import Facts, Grid, number, show
from runs.reading.trigger_log import TriggerRow
from strategies.programs.program_calls import Tracer, told_trigger
from strategies.programs.sandbox.sandbox import CallAnswer
from strategies.programs.triggers.trigger_event import TriggerEvent

ROWS = 12
_LONGEST = 48
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
            place = "" if fault.line is None else f"line {fault.line}: "
            say(f"  problem  {fault.kind}: {place}{fault.text}")

    return tell


def show_run(result: BacktestResult, rows: int) -> None:
    """Print what woke a program and what came of it, and its trades; of each so many rows."""
    log = result.trigger_log
    blocks: list[Facts | Grid] = [Facts("", _facts(result))]
    told = [one for one in log if one.outcome != "held"] or log
    if told[:rows]:
        blocks += [Facts(_titled("Calls that did something", len(told), rows), ()), _calls(told[:rows])]
    if result.trades[:rows]:
        blocks += [Facts(_titled("Trades", len(result.trades), rows), ()), _trades(result, rows)]
    show(*blocks, Facts("", ()))


def _facts(result: BacktestResult) -> list[tuple[str, str]]:
    log = result.trigger_log
    pools = Counter(one.trigger.pool or "schedule" for one in log)
    actions = Counter(one.wish.action for one in log if one.problem is None)
    outcomes = Counter(one.outcome for one in log if one.outcome != "held")
    found = [
        ("Triggers", f"{len(log):,}{_counted(pools)}"),
        ("Decisions", _counted(actions).strip(" ()") or "none"),
    ]
    if outcomes:
        found.append(("Outcomes", _counted(outcomes).strip(" ()")))
    problems = [one for one in log if one.problem is not None]
    if problems:
        fault = problems[0].problem
        place = "" if fault is None or fault.line is None else f"line {fault.line}: "
        found.append(("Problems", f"{len(problems):,}, the first: {place}{'' if fault is None else fault.text}"))
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


def short_time(time_ms: int) -> str:
    """Return a time to the minute, in UTC."""
    return format_ms(time_ms)[:16].replace("T", " ")


def woken_in_words(trigger: ProgramTrigger) -> str:
    """Return what woke a program in few words: the pool and what it was met by, or the schedule."""
    if trigger.type == "scheduled":
        return "schedule"
    met = ", ".join(f"{one.feature} {one.value:.6g} {one.op} {one.threshold:.6g}" for one in trigger.met)
    return _short(f"{trigger.pool}: {met}")


def decided_in_words(wish: ProgramWish, symbol: str) -> str:
    """Return a decision in few words; its symbol where it is not the trigger's."""
    parts: list[str] = [wish.action]
    if wish.symbol not in ("", symbol):
        parts.append(wish.symbol)
    if wish.quote is not None:
        parts.append(f"for {wish.quote:.10g}")
    elif wish.size != 1.0:
        parts.append(f"size {wish.size:.6g}")
    for name in ("stop", "stop_distance", "target_distance", "leverage"):
        value = getattr(wish, name)
        if value is not None:
            parts.append(f"{name.replace('_', ' ')} {value:.8g}")
    if wish.targets:
        parts.append(f"targets {', '.join(f'{price:.8g}' for _, price in wish.targets)}")
    return _short(" ".join(parts)) + (f" ({wish.reason})" if wish.reason else "")


def outcome_in_words(row: TriggerRow) -> str:
    """Return what came of a call in few words."""
    if row.problem is not None:
        place = "" if row.problem.line is None else f"line {row.problem.line}: "
        return _short(f"problem: {place}{row.problem.text}")
    return f"{row.outcome}: {row.outcome_reason}" if row.outcome_reason else row.outcome


def _argument(value: object) -> str:
    return json.dumps(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
