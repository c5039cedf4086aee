"""A program's triggers, decisions and what came of them, in few words: the same on the console and on a page."""

from core.instants import format_ms
from core.programs.program_call import ProgramTrigger, ProgramWish
from runs.reading.trigger_log import TriggerRow

LONGEST = 60


def short_time(time_ms: int) -> str:
    """Return a time to the minute, in UTC."""
    return format_ms(time_ms)[:16].replace("T", " ")


def woken_in_words(trigger: ProgramTrigger) -> str:
    """Return what woke a program: the pool and what it was met by, or the schedule."""
    if trigger.type == "scheduled":
        return "schedule"
    met = ", ".join(f"{one.feature} {one.value:.6g} {one.op} {one.threshold:.6g}" for one in trigger.met)
    return shortened(f"{trigger.pool}: {met}")


def decided_in_words(wish: ProgramWish, symbol: str) -> str:
    """Return a decision; its symbol where it is not the trigger's, its reason in brackets."""
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
            parts.append(f"{name.replace('_', ' ')} {value:{'.8g' if name == 'stop' else '.6g'}}")
    if wish.targets:
        word = "target" if len(wish.targets) == 1 else "targets"
        parts.append(f"{word} {', '.join(f'{price:.8g}' for _, price in wish.targets)}")
    reason = f" ({shortened(wish.reason)})" if wish.reason else ""
    return shortened(" ".join(parts)) + reason


def outcome_in_words(row: TriggerRow) -> str:
    """Return what came of a call."""
    if row.problem is not None:
        return shortened(f"problem: {row.problem.said()}")
    reason = row.outcome_reason.replace("_", " ")
    return f"{row.outcome}: {reason}" if reason else row.outcome


def shortened(text: str) -> str:
    """Return a text of one table cell; what is too long ends with an ellipsis."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
