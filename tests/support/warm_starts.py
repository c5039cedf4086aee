"""Commands of the program in processes of their own that need not import it anew: forked from one that has.

To import the program takes longer than most of what a test has it do. What runs all tests (``run_tests``) therefore
has one process beside them that has imported the program and nothing of the tests, has no thread, and forks itself for
every command. It gives each the arguments, the folder, the variables, the import path and the streams that
``python -m`` would. Without that process, as under ``python -m unittest``, a command is started as a user starts it.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import re
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias

PLACE = "HARNESS_TEST_STARTER"
"""The variable that says where the process is reached."""
PROGRAM = (
    "live.life.live_session",
    "live.life.live_command",
    "practice.exchange",
    "backtests.config_backtest",
    "backtests.backtest_command",
    "backtests.run",
    "backtests.journal_replay",
    "backtests.portfolio.portfolio_replay",
    "backtests.parity",
    "systems.places",
    "systems.portfolio_file",
    "dashboard.command",
    "dashboard.serving",
    "research.executors.cluster",
)
LATER = (
    "runs.store.schema",
    "market_data.store.parquet_files",
    "market_data.history.candle_history",
    "market_data.history.exchange_source",
    "market_data.feeds.binance.binance_feed",
    "backtests.proof.compiled_proof",
    "backtests.portfolio.session_parity",
)
"""What the program imports where it needs it, which most of its commands do."""
REPOSITORY = Path(__file__).resolve().parents[2]
_AT_ONCE = re.compile(r"PYTHON(?!PATH$)|LC_|LANG|TZ$|LD_|NUMBA_|OPENBLAS_|OMP_|SSL_")
"""Variables that are read as a process begins: one that is given others has to begin itself."""
_LENGTH = 8


class WarmProcess:
    """A command that was started so, as ``subprocess.Popen`` shows one without pipes."""

    def __init__(self, place: str, asked: Mapping[str, Any], streams: Sequence[IO[Any]]) -> None:
        self.returncode: int | None = None
        self._told = socket.socket(socket.AF_UNIX)
        self._told.connect(place)
        text = json.dumps(asked).encode()
        with Path(os.devnull).open("rb") as nothing:
            numbers = [nothing.fileno(), *(one.fileno() for one in streams)]
            socket.send_fds(self._told, [len(text).to_bytes(_LENGTH, "big")], numbers)
        self._told.sendall(text)
        self._answers = self._told.makefile("r")
        self.pid = int(self._answers.readline())

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code, when it has ended; TimeoutExpired after so many seconds."""
        if self.returncode is None:
            with selectors.DefaultSelector() as ready:
                ready.register(self._told, selectors.EVENT_READ)
                if not ready.select(timeout):
                    raise subprocess.TimeoutExpired("a command", timeout or 0.0)
            self.returncode = os.waitstatus_to_exitcode(int(self._answers.readline()))
            self._answers.close()
            self._told.close()
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


Process: TypeAlias = "WarmProcess | subprocess.Popen[bytes]"


def start(
    *words: object,
    cwd: Path,
    env: Mapping[str, str],
    stdout: IO[Any],
    stderr: IO[Any],
    strict: bool = False,
    session: bool = False,
    warm: bool = True,
) -> "Process":
    """Start ``python run_live.py …`` or ``python -m MODULE …``.

    What is told by ``-c``, or by variables that a process reads as it begins, is a process from its beginning.

    Parameters
    ----------
    strict
        Whether its warnings are errors.
    session
        Whether it has a group of its own.
    warm
        False where the test is about the process itself.
    """
    given = list(map(str, words))
    place = os.environ.get(PLACE)
    if place is None or not warm or given[0] == "-c" or not _as_here(env):
        command = [sys.executable, *(("-W", "error") if strict else ()), *given]
        streams = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr}
        return subprocess.Popen(command, cwd=cwd, env=env, start_new_session=session, **streams)
    asked = {"words": given, "cwd": str(cwd), "env": dict(env), "strict": strict, "session": session}
    return WarmProcess(place, asked, (stdout, stderr))


def _as_here(env: Mapping[str, str]) -> bool:
    """Whether a process may begin with these variables as this one has."""
    changed = {one for one in {*env, *os.environ} if env.get(one) != os.environ.get(one)}
    return not any(map(_AT_ONCE.match, changed)) and env.get("PYTHONPATH") in (None, str(REPOSITORY))


class Starter:
    """The process that has imported the program, from which commands are forked; it ends with what began it."""

    def __init__(self, folder: str, program: Sequence[str] = (*PROGRAM, *LATER)) -> None:
        self.place = f"{folder}/starter"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.place)
        self._listening.listen(64)
        alive, self._alive = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self._alive)
                self._serve(alive, program)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(1)
        os.close(alive)
        self._listening.close()

    def end(self) -> float:
        """End it; return how long it and what it started have computed, in seconds."""
        os.close(self._alive)
        used = os.wait4(self.pid, 0)[2]
        return used.ru_utime + used.ru_stime

    def _serve(self, alive: int, program: Sequence[str]) -> None:
        # What the process that this one is forked from puts away at its end is its own.
        for one in list(weakref.finalize._registry):  # type: ignore[attr-defined]
            one.atexit = False
        for name in program:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()
        waking, woken = os.pipe()
        os.set_blocking(woken, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        running: dict[int, socket.socket] = {}
        with selectors.DefaultSelector() as ready:
            for one in (alive, waking, self._listening):
                ready.register(one, selectors.EVENT_READ)
            while True:
                given = {key.fileobj for key, _ in ready.select()}
                if alive in given:
                    os._exit(0)
                if waking in given:
                    os.read(waking, 4096)
                    _tell_ended(running)
                if self._listening in given:
                    asking, _ = self._listening.accept()
                    _begin(asking, running)


def _tell_ended(running: dict[int, socket.socket]) -> None:
    """Tell those who wait for a process that has ended how it did."""
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if not process:
            return
        # Whoever waited for it may be gone.
        with running.pop(process) as waiting, contextlib.suppress(OSError):
            waiting.sendall(f"{status}\n".encode())


def _begin(asking: socket.socket, running: dict[int, socket.socket]) -> None:
    """Fork a command as it is asked for."""
    length, streams, _, _ = socket.recv_fds(asking, _LENGTH, 3)
    with asking.makefile("rb") as request:
        asked = json.loads(request.read(int.from_bytes(length, "big")))
    process = os.fork()
    if process == 0:
        _run(asked, streams)
    for stream in streams:
        os.close(stream)
    running[process] = asking
    with contextlib.suppress(OSError):
        asking.sendall(f"{process}\n".encode())


def _run(asked: Mapping[str, Any], streams: Sequence[int]) -> NoReturn:
    """Be the process of a command, from its surroundings to its end."""
    code = 1
    try:
        _surround(asked, streams)
        try:
            _run_command(asked["words"])
            code = 0
        except SystemExit as end:
            code = _code_of(end)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        # What is not closed is told of at the end of a process.
        gc.collect()
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _surround(asked: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Take the streams, the folder, the variables and the warnings of a command."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 1 + max(int(one.name) for one in Path("/dev/fd").iterdir()))
    if asked["session"]:
        os.setsid()
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = (
        open(0, encoding="utf-8"),  # noqa: SIM115 - as long as the process
        open(1, "w", encoding="utf-8"),  # noqa: SIM115
        open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1),  # noqa: SIM115
    )
    sys.warnoptions[:] = ["error"] if asked["strict"] else []
    warnings.resetwarnings()
    if asked["strict"]:
        warnings.simplefilter("error")
    else:
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)


def _run_command(words: Sequence[str]) -> None:
    """Run a module or a script under the name of the main one."""
    known = os.environ.get("PYTHONPATH", "")
    added = [one for one in known.split(os.pathsep) if one]
    own = [one for one in sys.path if one not in ("", _BEGUN_IN)]
    importlib.invalidate_caches()
    sys.orig_argv = [sys.executable, *words]
    if words[0] == "-m":
        # It was imported; the main module is no other's.
        sys.modules.pop(words[1], None)
        sys.argv = ["", *words[2:]]
        sys.path[:] = [str(Path.cwd()), *added, *own]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = list(words)
        sys.path[:] = [str(Path(words[0]).resolve().parent), *added, *own]
        runpy.run_path(words[0], run_name="__main__")


def _code_of(end: SystemExit) -> int:
    """Return the exit code of a process that ends so, as Python gives it."""
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1


_BEGUN_IN = str(Path.cwd())
