"""What came out of one call of a program, read as data: the answer, or the problem with it."""

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pydantic_monty

from core.plain_text import escaped
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.prelude import DONE, NONSENSE, PARTS, TOO_LARGE
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.worker import lines_of

PROGRAM_FILE = "<python-input-1>"
"""What the interpreter calls the program: the second text of a session, after the prelude."""
_LONGEST = 300
_PLAIN = {
    "memory": ("memory holds", "numbers, texts, True, False, None, lists and dicts"),
    "decision": ("decide returned", "one Decision(…), a dict of its keys, or None for hold"),
}
"""What said it, and what may be said, of what is no plain data."""
_ADDRESS = re.compile(r"\b0x[0-9a-f]+\b")
_PLACE = re.compile(r"(?<= at )0x[0-9a-f]+")


class Answered(msgspec.Struct, frozen=True):
    """What a call that went well answers: its decision, memory and reads, as plain data."""

    decision: object
    memory: dict[str, Any]
    calls: tuple[tuple[str, tuple[object, ...]], ...]


def without_places(text: str) -> str:
    """Return a text without what the texts of objects say of where they lie, which no answer may rest on.

    Examples
    --------
    >>> without_places("<Market object at 0x230>")
    '<Market object at 0x…>'
    """
    return _PLACE.sub("0x…", text) if "0x" in text else text


def answer_of(value: object, limits: ProgramLimits) -> Answered | ProgramProblem:
    """Return what the text that a call answers means.

    Whatever it is, it is data: a text of a bounded length, of a few parts of JSON. What is none of these is nonsense.
    """
    if type(value) is not str or len(value) > limits.output_bytes + limits.state_bytes + 2**22:
        return ProgramProblem("nonsense", "decide ended in a way that a program cannot end")
    how, _, rest = value.partition(PARTS)
    if how == TOO_LARGE:
        most = limits.state_bytes if rest == "memory" else limits.output_bytes
        what = "memory" if rest == "memory" else "the decision"
        return ProgramProblem("limit", f"{what} is too large — allowed: at most {most} bytes as JSON")
    if how == NONSENSE:
        what, allowed = _PLAIN["memory" if rest == "memory" else "decision"]
        return ProgramProblem(
            "nonsense",
            f"{what} what is no plain data — allowed: {allowed}",
        )
    parts = without_places(rest).split(PARTS)
    if how != DONE or len(parts) != 3:
        return ProgramProblem("nonsense", "decide ended in a way that a program cannot end")
    try:
        decision = _read(parts[0])
        traced = _read(parts[2])
    except (ValueError, RecursionError):
        return ProgramProblem("nonsense", "decide returned a number that is too large, or lists nested too deeply")
    try:
        memory = _read(parts[1], _refuse)
    except (ValueError, RecursionError):
        return ProgramProblem(
            "nonsense", "memory holds a number that is not finite or too large, or is nested too deeply"
        )
    if not isinstance(memory, dict):
        return ProgramProblem("nonsense", f"memory is a {type(memory).__name__} — allowed: a dict")
    calls = tuple((str(name), tuple(args)) for name, args in traced) if isinstance(traced, list) else ()
    return Answered(decision, memory, calls)


def problem_of(error: pydantic_monty.MontyError, limits: ProgramLimits) -> ProgramProblem:
    """Return the problem that an error of the interpreter is; it is the same on each run but for time and death."""
    if isinstance(error, pydantic_monty.MontyCrashedError):
        if error.timed_out:
            return out_of_time(limits)
        return ProgramProblem("machine", "worker: the process that runs programs ended unexpectedly")
    lines = lines_of(error)
    inner = error.exception()
    if not lines and isinstance(inner, TimeoutError):
        return out_of_time(limits)
    line = next((number for file, number in reversed(lines) if file == PROGRAM_FILE), None)
    if isinstance(inner, MemoryError) and (not lines or str(inner).startswith("memory limit exceeded")):
        return ProgramProblem("limit", f"memory: more than {limits.memory_mb} MB — allowed: at most that", line)
    if isinstance(inner, NotImplementedError) and "cannot suspend" in str(inner):
        text = "a read that did not come with the call stands inside map, or another function that works so"
        return ProgramProblem("error", f"{text} — allowed: a loop or a comprehension around it", line)
    if isinstance(inner, RuntimeError) and str(inner).startswith("suspension limit "):
        return ProgramProblem(
            "limit", "names: too many that are defined nowhere were asked for — allowed: names of the text's own", line
        )
    if isinstance(inner, RecursionError):
        return ProgramProblem(
            "limit", f"recursion: calls are too deep inside one another — allowed: about {limits.recursion}", line
        )
    if isinstance(error, pydantic_monty.MontyRuntimeError | pydantic_monty.MontySyntaxError):
        said = error.display("type-msg")[: 4 * _LONGEST]
    else:
        said = str(error)[: 4 * _LONGEST]
    text = escaped(" ".join(_ADDRESS.sub("0x…", said).split()))
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    kind = "syntax" if isinstance(error, pydantic_monty.MontySyntaxError) or _is_of_the_text(inner) else "error"
    return ProgramProblem("syntax" if kind == "syntax" else "error", text, line)


def out_of_time(limits: ProgramLimits) -> ProgramProblem:
    """Return the problem of a call that did not end in time."""
    return ProgramProblem("machine", f"time: the call took more than {limits.call_seconds:g} s of processor time")


def printed_too_much(limits: ProgramLimits) -> ProgramProblem:
    """Return the problem of a call that printed too much."""
    return ProgramProblem("limit", f"print: more than {limits.printed_bytes} bytes — allowed: at most that in one call")


def read_too_much(limits: ProgramLimits) -> ProgramProblem:
    """Return the problem of a call that asked the session too often."""
    return ProgramProblem(
        "limit",
        f"reads: more than {limits.host_calls} that were not declared — allowed: literal arguments, or their line in "
        "READS, which come with the call",
    )


def _is_of_the_text(error: BaseException) -> bool:
    """Whether an error is one of the interpreter's parser, which does not know all of Python."""
    return isinstance(error, NotImplementedError) and "monty syntax parser" in str(error)


def _read(part: str, constant: Callable[[str], object] | None = None) -> object:
    """Return what a part of JSON says; ``constant`` is told of what is no number, which is read otherwise."""
    try:
        found: object = msgspec.json.decode(part)
    except msgspec.DecodeError:
        # The quicker reader knows neither NaN nor halves of characters.
        found = json.loads(part, parse_constant=constant)
    return found


def _refuse(constant: str) -> object:
    raise ValueError(constant)
