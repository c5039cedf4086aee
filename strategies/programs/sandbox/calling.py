"""Calls of one program in a worker: sessions that begin from its saved bytes, and what each call came to."""

import contextlib
import json
from typing import Any

import msgspec
import pydantic_monty

from core.errors import InvariantError
from core.plain_text import escaped
from strategies.programs.sandbox.kept_state import keeps_nothing
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.named_parts import NamedParts
from strategies.programs.sandbox.outcome import (
    answer_of,
    out_of_time,
    printed_too_much,
    problem_of,
    read_too_much,
    without_places,
)
from strategies.programs.sandbox.prelude import CALL, GIVEN, SERVED, prelude
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.program_check import first_problem
from strategies.programs.sandbox.program_text import ProgramText, parsed
from strategies.programs.sandbox.pure_statistics import with_statistics
from strategies.programs.sandbox.refusal import Refusal
from strategies.programs.sandbox.sandbox import CallAnswer, CallInput, Serve
from strategies.programs.sandbox.sent_candles import SentCandles
from strategies.programs.sandbox.shown_state import changes_nothing_shown
from strategies.programs.sandbox.stopwatch import Stopwatch
from strategies.programs.sandbox.worker import MOST_CALLS_OF_A_SESSION, Session, Worker

_PATIENCE = (1, 4, 16)
"""How many times its time by the clock a call may take, in turn, where the processor was busy with others."""
_PATIENCE_AT_FIRST = 4
_ENOUGH = 0.8
"""What part of its processor time a call has had that was stopped by the clock, and is told to be out of time."""
_PLACE = "0x"
"""How the text of an object says where it lies, which depends on the calls before it in its session."""
_ROWS_KEPT_FOR_A_MEGABYTE = 100
"""Rows of candles that a session keeps for later calls, for each megabyte that it may have: a fortieth of that."""
_NAMES_LOOKED_UP = 64
"""Names that are defined nowhere, which a call may ask for beside its reads."""


class Calling:
    """Calls one program; see :class:`~strategies.programs.sandbox.program_sandbox.ProgramSandbox`.

    Programs of the same limits may share a ``worker``, whose sessions are one at a time.
    """

    def __init__(self, text: ProgramText, limits: ProgramLimits, worker: Worker | None = None) -> None:
        self._text = text
        self._limits = limits
        self._worker = Worker(limits) if worker is None else worker
        self._wrong = first_problem(text.text)
        tree = parsed(text.text)
        free = not isinstance(tree, ProgramProblem) and keeps_nothing(tree)
        self._before, self._program = (
            ("", text.text) if isinstance(tree, ProgramProblem) else with_statistics(text.text, tree)
        )
        self._most_calls = MOST_CALLS_OF_A_SESSION if free else 1
        self._copies = isinstance(tree, ProgramProblem) or not changes_nothing_shown(tree)
        self._named = NamedParts(text.text)
        self._saved: bytes | None = None
        self._session: Session | None = None
        self._sent = SentCandles(limits.memory_mb * _ROWS_KEPT_FOR_A_MEGABYTE)
        self._ends = contextlib.ExitStack()
        self._calls = 0
        self._reads = 0
        self._shows_places = False
        self._spent_seconds = 0.0

    def call(self, given: CallInput) -> CallAnswer:
        """Return what one call comes to; the process does not outlive what is raised here."""
        try:
            if not given.trace:
                return self._called(given)
            # In a traced call objects lie elsewhere, which a program may tell: the answer is that of one that is not.
            answer = self._called(msgspec.structs.replace(given, trace=False))
            calls = () if answer.problem is not None else self._called(given).calls
            return msgspec.structs.replace(answer, calls=calls)
        except BaseException:
            self.close()
            raise

    def _called(self, given: CallInput) -> CallAnswer:
        problem = self._wrong or self._load() or self._over_all()
        if problem is not None:
            return CallAnswer(None, given.memory, problem)
        begun = self._session is not None
        answer, in_time = self._tried(given)
        stopped = answer.problem is not None and answer.problem.kind in ("limit", "machine")
        if begun and (stopped or self._shows_places):
            # What earlier calls left in the session may have been in the way: the answer is that of an unused one.
            self._drop()
            answer, in_time = self._tried(given)
        for patience in _PATIENCE:
            if in_time:
                break
            answer, in_time = self._tried(given, patience)
        return answer

    def close(self) -> None:
        """End session and process."""
        self.rest()
        self._worker.end()

    def rest(self) -> None:
        """End the session, so that another program of the same worker may be called."""
        self._drop()

    def processor_seconds(self) -> float | None:
        """Return the processor time of the process so far; None where there is none, or the system does not say."""
        return None if self._session is None else self._session.processor_seconds()

    def _load(self) -> ProgramProblem | None:
        """Read the program into an interpreter, once, and keep what that is then."""
        if self._saved is not None:
            return None
        said = _Said(self._limits, _no_reads)
        most, spent = _PATIENCE_AT_FIRST * self._limits.call_seconds, 0.0
        try:
            # What is saved keeps the limits that it was saved under, and of these and its own a later session has the
            # lower ones.
            with self._worker.session(None, self._suspensions(), patience=_PATIENCE[-1]) as session:
                objects = prelude(self._text.reads.klines, self._limits, copies=self._copies)
                session.run(objects + self._before, {}, {}, said.take)
                before = session.processor_seconds()
                watch = Stopwatch()
                try:
                    session.run(self._program, {}, {}, said.take)
                finally:
                    after = session.processor_seconds()
                    spent = 0.0 if before is None or after is None else after - before
                if watch.seconds() > most:
                    return self._late_at_first(spent > most)
                self._saved = session.saved()
        except pydantic_monty.MontyError as error:
            problem = said.problem or problem_of(error, self._limits)
            if problem.kind == "machine":
                self._worker.end()
                if problem == out_of_time(self._limits):
                    return self._late_at_first(spent > most)
            else:
                self._wrong = problem
            return problem
        return None

    def _late_at_first(self, surely: bool) -> ProgramProblem:
        """Return the problem of a text that took too long to read; one that surely does is not read a second time.

        The time is one by the clock, which a processor that is busy elsewhere uses up. Where the text has had as much
        of the processor, another try would come to the same.
        """
        problem = out_of_time(self._limits)
        if surely:
            self._wrong = problem
        return problem

    def _over_all(self) -> ProgramProblem | None:
        most = self._limits.run_seconds
        if most is None or self._spent_seconds <= most:
            return None
        return ProgramProblem("machine", f"time: all calls took more than {most:g} s of processor time")

    def _tried(self, given: CallInput, patience: int = 0) -> tuple[CallAnswer, bool]:
        """Return what one try of a call comes to, and whether that stands: the processor may have been busy elsewhere.

        With ``patience`` the session is an unused one whose calls may take so many times their time by the clock, and
        processor time is measured.
        """
        said = _Said(self._limits, given.serve)
        measured = bool(patience) or self._limits.run_seconds is not None
        late = False
        value: object = None
        problem: ProgramProblem | None = None
        spent: float | None = None
        try:
            session = self._opened(max(patience, 1), anew=bool(patience))
            before = session.processor_seconds() if measured else None
            watch = Stopwatch()
            try:
                value = session.run(CALL, {GIVEN: self._shown(given)}, {SERVED: said.serve}, said.take)
                # When time is up, the interpreter cuts short the text of a value, and may then end as if it were not.
                seconds = watch.seconds() - said.serving_seconds
                late = seconds > self._limits.call_seconds * max(patience, 1)
            finally:
                after = session.processor_seconds() if measured else None
                spent = None if before is None or after is None else after - before
                self._spent_seconds += spent or 0.0
        except pydantic_monty.MontyConversionError as error:
            raise InvariantError(f"what a program is given is no plain data: {error}") from error
        except pydantic_monty.MontyError as error:
            problem = problem_of(error, self._limits)
            died = isinstance(error, pydantic_monty.MontyCrashedError)
            late = problem == out_of_time(self._limits) and not died
            self._drop()
            if died:
                self._worker.end()
        if said.raised is not None:
            self._drop()
            raise said.raised
        if said.problem is not None:
            line = problem.line if problem is not None else None
            problem, late = msgspec.structs.replace(said.problem, line=line), False
        if late:
            problem = out_of_time(self._limits)
        enough = _ENOUGH * self._limits.call_seconds
        busy = late and (patience == 0 or (spent is not None and spent < enough))
        return self._answer(given, value, problem, said), not busy

    def _answer(self, given: CallInput, value: object, problem: ProgramProblem | None, said: "_Said") -> CallAnswer:
        answered = problem or answer_of(value, self._limits)
        printed = said.printed()
        self._shows_places = said.shows_places or (isinstance(value, str) and _PLACE in value)
        if isinstance(answered, ProgramProblem):
            self._drop()
            return CallAnswer(None, given.memory, answered, () if answered.kind == "machine" else printed)
        self._reads += said.reads
        return CallAnswer(answered.decision, answered.memory, None, printed, answered.calls)

    def _shown(self, given: CallInput) -> tuple[object, ...]:
        """Return what the session is sent, of which a session of calls has the candles of the call before."""
        named = self._named
        candles, forgets = self._sent.next(named.candles(given.market))
        traced: list[str] | None = [] if given.trace else None
        return (
            named.market(given.market),
            named.attributes(given.account),
            named.attributes(given.trigger),
            candles,
            forgets,
            given.memory,
            traced,
        )

    def _opened(self, patience: int, *, anew: bool) -> Session:
        used_up = self._calls >= self._most_calls or self._reads > 0
        if self._session is None or used_up or anew:
            self._drop()
            self._session = self._ends.enter_context(self._worker.session(self._saved, self._suspensions(), patience))
        self._calls += 1
        return self._session

    def _suspensions(self) -> int:
        # A read may be two round trips: for the name of what answers it, and for the answer.
        return 2 * (self._limits.host_calls + 1) + _NAMES_LOOKED_UP

    def _drop(self) -> None:
        self._session, self._calls, self._reads = None, 0, 0
        self._sent.forget()
        with contextlib.suppress(pydantic_monty.MontyError):
            self._ends.close()


class _Said:
    """What one call says while it runs: what it prints, what it asks for, and what was wrong with that."""

    def __init__(self, limits: ProgramLimits, serve: Serve) -> None:
        self._limits = limits
        self._answer = serve
        self._text: list[str] = []
        self._left = limits.printed_bytes
        self.reads = 0
        self.serving_seconds = 0.0
        self.problem: ProgramProblem | None = None
        self.raised: BaseException | None = None

    def take(self, stream: str, written: str) -> None:
        """Take what was printed; above the limit the call ends."""
        data = written.encode("utf-8", "replace")
        self._text.append(data[: max(self._left, 0)].decode("utf-8", "ignore"))
        self._left -= len(data)
        if self._left < 0:
            self.problem = self.problem or printed_too_much(self._limits)
            raise RuntimeError("printed too much")

    def serve(self, name: object, text: object) -> object:
        """Answer a read that was not given."""
        self.reads += 1
        if self.reads > self._limits.host_calls:
            self.problem = self.problem or read_too_much(self._limits)
            raise RuntimeError("read too much")
        if not isinstance(name, str) or not isinstance(text, str):
            raise RuntimeError("no read")
        watch = Stopwatch()
        try:
            return self._answer(name, json.loads(text))
        except Refusal as error:
            self.problem = self.problem or ProgramProblem("refused", escaped(error))
            raise LookupError(str(error)) from None
        except BaseException as error:
            self.raised = self.raised or error
            raise
        finally:
            self.serving_seconds += watch.seconds()

    @property
    def shows_places(self) -> bool:
        """Whether where an object lies was printed."""
        return any(_PLACE in one for one in self._text)

    def printed(self) -> tuple[str, ...]:
        """Return the lines that were printed."""
        if not self._text:
            return ()
        return tuple(map(escaped, without_places("".join(self._text)).splitlines()))


def _no_reads(name: str, args: list[Any]) -> object:
    raise Refusal(f"{name}: nothing can be read before decide is called")
