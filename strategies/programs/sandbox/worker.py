"""The process in which programs run: one interpreter, its limits, and sessions that begin from saved bytes."""

import contextlib
import os
import shlex
import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pydantic_monty
from pydantic_monty._binary import find_monty_binary

from core.errors import ConfigurationError
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.taking_turns import TakingTurns, taking_turns

NEEDED = "programs need the extra `programs`: make venv"
_MEGABYTE = 1024 * 1024
_ROOM_MB = 256
"""Address space of the process beside the interpreter's heap: its code, its threads' stacks, frames on their way."""
MOST_CALLS_OF_A_SESSION = 256
"""A session grows by a little with each call of it: by less than half a kilobyte."""
_SESSIONS_BETWEEN_LOOKS = 16
_LEAST_PROCESSOR_SECONDS = 600
_GRACE_SECONDS = 1.0
"""How long after its time by the clock an interpreter is killed that has not noticed it itself."""
_TURN_SECONDS = 30.0
"""How long it may take with what has no limit of its own: starting, saving and loading a session."""
_POLICY: pydantic_monty.OSPolicy = {
    "datetime": datetime(1970, 1, 1, tzinfo=UTC),
    "timezone": "utc",
    "sleep": "zero",
    "process_time": "zero",
    "random_start": {"seed": 0},
}


class Worker:
    """One process, started at the first session and by :meth:`end` done with; the next session starts another.

    The system holds the process to a size of its address space and to processor time in all, gives it none of the
    environment, and lets it write no file and nowhere to the terminal. Where there is no shell (or what it is to do may
    be run neither from memory nor from the folder for temporary files) the interpreter's own limits and the deadlines
    of this side hold alone.
    """

    def __init__(self, limits: ProgramLimits) -> None:
        self._limits = limits
        self._pool: pydantic_monty.Monty | None = None
        self._ends: weakref.finalize[[pydantic_monty.Monty, contextlib.ExitStack], Worker] | None = None
        self._sessions = 0
        self._worn = False

    @contextlib.contextmanager
    def session(self, loaded: bytes | None, suspensions: int, patience: int = 1) -> "Iterator[Session]":
        """Give a session that begins from saved bytes, or empty; its calls may take ``patience`` times their time.

        Raises
        ------
        pydantic_monty.MontyError
            If the process dies at it.
        """
        seconds = self._limits.call_seconds * patience
        limits: pydantic_monty.ResourceLimits = {
            "max_feed_duration_secs": seconds,
            "max_memory": self._limits.memory_mb * _MEGABYTE,
            "max_recursion_depth": self._limits.recursion,
            "max_suspensions": suspensions,
            "max_total_sleep_secs": 0.0,
        }
        if self._worn:
            self.end()
        with self._opened().checkout(limits=limits, os_policy=_POLICY, assert_message_annotations=False) as session:
            if loaded is not None:
                session.load_session(loaded)
            opened = Session(session, taking_turns())
            self._sessions += 1
            if self._sessions % _SESSIONS_BETWEEN_LOOKS == 0:
                spent = opened.processor_seconds()
                self._worn = spent is None or spent > self._processor_seconds() / 2
            yield opened

    def end(self) -> None:
        """End the process, if there is one."""
        self._pool, self._worn = None, False
        if self._ends is not None:
            self._ends()

    def _processor_seconds(self) -> int:
        calls = MOST_CALLS_OF_A_SESSION * _SESSIONS_BETWEEN_LOOKS
        return max(_LEAST_PROCESSOR_SECONDS, int(2 * calls * self._limits.call_seconds))

    def _opened(self) -> pydantic_monty.Monty:
        if self._pool is None:
            try:
                binary = find_monty_binary()
            except FileNotFoundError:
                raise ConfigurationError(NEEDED) from None
            ends = contextlib.ExitStack()
            ends.callback(taking_turns().end)
            script = self._script(binary)
            try:
                self._pool = self._started(binary if script is None else _runnable(script, ends) or binary)
            except (OSError, RuntimeError, pydantic_monty.MontyError):
                self._pool = self._started(binary)
            self._ends = weakref.finalize(self, _end, self._pool, ends)
        return self._pool

    def _started(self, binary: str) -> pydantic_monty.Monty:
        pool = pydantic_monty.Monty(
            binary_path=binary,
            min_processes=1,
            max_processes=1,
            checkout_timeout=_TURN_SECONDS,
            request_timeout=max(_TURN_SECONDS, 32 * self._limits.call_seconds),
            feed_duration_limit_grace=_GRACE_SECONDS,
        )
        return pool.__enter__()

    def _script(self, binary: str) -> str | None:
        """Return what starts the interpreter within the limits of the system; None where nothing can."""
        shell = None if sys.platform == "win32" else shutil.which("sh")
        if shell is None:
            return None
        kilobytes = (self._limits.memory_mb + _ROOM_MB) * 1024
        return (
            f"#!{shell}\n"
            "ulimit -c 0\nulimit -f 0\nulimit -n 64\n"
            f"ulimit -t {self._processor_seconds()}\nulimit -v {kilobytes}\n"
            f'exec env -i {shlex.quote(binary)} "$@" 2>/dev/null\n'
        )


def _runnable(script: str, ends: contextlib.ExitStack) -> str | None:
    """Return the path of a script that is there until the end; None where none may be run.

    It is in memory where that can be: then nothing of it is left, however this process ends.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            written = os.memfd_create("interpreter")
            try:
                os.write(written, script.encode())
                # What is open for writing cannot be run.
                kept = os.open(f"/proc/self/fd/{written}", os.O_RDONLY)
            finally:
                os.close(written)
            ends.callback(os.close, kept)
            path = f"/proc/{os.getpid()}/fd/{kept}"
            if os.access(path, os.X_OK):
                return path
    folder = Path(tempfile.mkdtemp(prefix="programs-"))
    ends.callback(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "interpreter"
    file.write_text(script, encoding="utf-8")
    file.chmod(0o700)
    return str(file) if os.access(file, os.X_OK) else None


def _end(pool: pydantic_monty.Monty, ends: contextlib.ExitStack) -> None:
    pool.__exit__(None, None, None)
    ends.close()


class Session:
    """One interpreter, empty or as it was saved."""

    def __init__(self, session: pydantic_monty.MontySession, turns: TakingTurns) -> None:
        self._session = session
        self._process = session.worker_pid
        self._turns = turns

    def run(
        self,
        text: str,
        given: dict[str, object],
        served: dict[str, Callable[..., object]],
        printed: Callable[[str, str], None],
    ) -> object:
        """Run a text and return the value of its last expression.

        Parameters
        ----------
        text
            Code of this program's own, or a program.
        given
            Name -> plain data, copied into the session.
        served
            Name -> function of this side that the text may call.
        printed
            Is told where the text prints and what; what it raises ends the text.

        Raises
        ------
        pydantic_monty.MontyError
            Whatever the text does wrong, and the death of the process.
        """
        if self._process is not None:
            self._turns.next(self._process)
        return self._session.feed_run(text, inputs=given, external_lookup=served, print_callback=printed)

    def saved(self) -> bytes:
        """Return what another session can begin from."""
        return self._session.dump()

    def processor_seconds(self) -> float | None:
        """Return the processor time that the process has taken; None where the system does not say."""
        tasks = Path(f"/proc/{self._process}/task")
        try:
            return sum(int(_first_word(one / "schedstat")) for one in tasks.iterdir()) / 1e9
        except (OSError, ValueError):
            return None


def _first_word(file: Path) -> str:
    return file.read_text(encoding="ascii").split(maxsplit=1)[0]


def lines_of(error: pydantic_monty.MontyError) -> Sequence[tuple[str, int]]:
    """Return (file, line) of the frames of an error, the outermost first; a limit that was passed has none."""
    if isinstance(error, pydantic_monty.MontyRuntimeError | pydantic_monty.MontySyntaxError):
        return [(frame.filename, frame.line) for frame in error.traceback()]
    return []
