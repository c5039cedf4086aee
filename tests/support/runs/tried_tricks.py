"""The tricks of hostile programs in one program, what each has to come to, and what none may have left behind."""

import builtins
import contextlib
import os
import sys
import threading
import unittest
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import psutil

from strategies.programs.market_view import MarketView
from strategies.programs.sandbox.decision import read_decision
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_sandbox import ProgramSandbox
from strategies.programs.sandbox.sandbox import CallInput
from tests.support.program_tricks import REFUSED, SLOW, TRIED, Trick, all_of
from tests.support.programs import ACCOUNT, BTC, MARKET, TRIGGER, Bench, refusing

SECRET = "kept-from-programs-5f1c"
TRICKS: tuple[Trick, ...] = (*TRIED, *(one for one in SLOW if one.name == "a loop"))
CALLS = 2 * len(TRICKS)
"""Calls in which each trick is tried once, with a good one between any two."""
POOLS = tuple(f"t{number}" for number in range(CALLS))
"""A pool for each call: where many calls are of one moment, it says which one is made."""
BY_POOL = "int(trigger.pool_id[1:])"
REFUSED_TEXT = "\n".join(one.text.replace("def decide(", f"def trick_{place}(") for place, one in enumerate(REFUSED))
"""A text of all that no text may have."""


def text_of(number: str = BY_POOL, *pools: str) -> str:
    """Return the program that tries them; ``number`` is the expression that says which call it is.

    What its text says that wakes it are these ``pools``, or all.
    """
    return all_of(TRICKS, number, {"TRIGGERS": {"pools": list(pools or POOLS)}})


def by_time(length_ms: int) -> str:
    """Return the expression by which a program is another call at each close of a length."""
    return f"market.time // {length_ms} % {CALLS}"


def expected() -> dict[int, ProgramProblem | None]:
    """Return call -> the problem that it has to have, as the sandbox alone makes it, held to the table."""
    bench = Bench(ProgramLimits())
    found: dict[int, ProgramProblem | None] = {}
    try:
        given = [CallInput(MARKET, ACCOUNT, {**TRIGGER, "pool_id": one}, {}, refusing) for one in POOLS]
        for number, answer in enumerate(bench.calls(text_of(), *given)):
            judged = answer.problem or read_decision(answer.decision, [BTC], BTC)
            found[number] = judged if isinstance(judged, ProgramProblem) else None
    finally:
        bench.worker.end()
    kinds = {number: None if one is None else one.kind for number, one in found.items()}
    wanted = {number: None if number % 2 else TRICKS[number // 2].kind for number in range(CALLS)}
    if kinds != wanted:
        other = {TRICKS[number // 2].name: kinds[number] for number in range(CALLS) if kinds[number] != wanted[number]}
        raise AssertionError(f"contained otherwise, or a good call after them was not: {other}")
    return found


def told_problem(told: Mapping[str, object] | None) -> ProgramProblem | None:
    """Return a problem as a document tells it."""
    return None if told is None else ProgramProblem(told["kind"], told["text"], told.get("line"))  # type: ignore[arg-type]


@contextlib.contextmanager
def nothing_left(case: unittest.TestCase, folder: Path) -> Iterator[list[str]]:
    """Hold what is run inside to what it may leave: files of runs alone, and no word of what surrounds it.

    The list that it gives is for what the run says.
    """
    said: list[str] = []
    before, children = own_objects(), psutil.Process().children(recursive=True)
    with patch.dict(os.environ, {"SECRET_OF_THE_HOST": SECRET}):
        yield said
    case.assertEqual(children, psutil.Process().children(recursive=True), "a process is left")
    case.assertEqual(before, own_objects())
    case.assertFalse(Path("/tmp/escaped").exists())
    for file in (one for one in folder.rglob("*") if one.is_file()):
        case.assertNotIn("escaped", file.name)
        case.assertNotIn(SECRET.encode(), file.read_bytes(), file)
    for text in said:
        case.assertNotIn(SECRET, text)
        case.assertNotIn(os.environ["PATH"], text)
        case.assertNotRegex(text, r"root:[^:]*:0:|0x[0-9a-f]{6}|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def own_objects() -> tuple[object, ...]:
    """Return what of this process a program might have changed."""
    kinds = (MarketView, ProgramSandbox, CallInput)
    return (
        dict(vars(builtins)),
        [dict(vars(one)) for one in kinds],
        sys.getrecursionlimit(),
        threading.active_count(),
        Path.cwd(),
    )
