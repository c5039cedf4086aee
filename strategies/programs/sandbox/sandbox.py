"""The one interface through which a program is called; what runs it is of no concern to the caller."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from strategies.programs.sandbox.problem import ProgramProblem

Serve = Callable[[str, list[Any]], object]
"""Answers a read of the program that is not in what it was given: its name (``get_klines``) and its arguments.

It returns numbers, texts, None, lists and dicts with text keys. A :class:`~strategies.programs.sandbox.refusal.Refusal`
that it raises is what the program is told, and the call's problem. A call that is tried again asks again.
"""


class CallInput(msgspec.Struct, frozen=True):
    """What one call is given: plain data (numbers, texts, None, lists, dicts with text keys), copied on the way.

    ``market``, ``account`` and ``trigger`` are what the program's objects of these names show, ``memory`` is what the
    last call left. ``serve`` answers reads of the market that ``market`` has not. With ``trace`` the answer has the
    program's reads.
    """

    market: dict[str, Any]
    account: dict[str, Any]
    trigger: dict[str, Any]
    memory: dict[str, Any]
    serve: Serve
    trace: bool = False


class CallAnswer(msgspec.Struct, frozen=True):
    """What one call answers.

    ``decision`` is plain data that nobody has judged yet: :func:`~strategies.programs.sandbox.decision.read_decision`
    does. With a ``problem`` it is None, and ``memory`` is what the call was given. ``printed`` is the program's output,
    line by line. ``calls`` are its reads (name and arguments), in order, where a trace was asked for.
    """

    decision: object
    memory: dict[str, Any]
    problem: ProgramProblem | None = None
    printed: tuple[str, ...] = ()
    calls: tuple[tuple[str, tuple[object, ...]], ...] = ()


class Sandbox(Protocol):
    """Runs one program; calls come one after the other."""

    def call(self, given: CallInput) -> CallAnswer:
        """Call the program once; whatever it does is in the answer, and nothing it does is raised."""
        ...

    def close(self) -> None:
        """End the worker, if there is one. Closing twice is closing once; a call after it starts another worker."""
        ...
