"""Commands of the program in processes of their own that need not import it anew: forked from one that has.

To import the program takes longer than most of what a test has it do. What runs all tests (``run_tests``) therefore
has one process beside them that has imported the program and nothing of the tests, has no thread, and forks itself for
every command. It gives each the arguments, the folder, the variables, the import path and the streams that
``python -m`` would. So does ``subprocess.Popen`` with the program's own commands, in the processes of the tests and in
those commands (``begin_warm``); tests that are about the beginning of a process, or look for its children, say so
(``cold``, ``COLD``). Without the one that forks, as under ``python -m unittest``, all is started as a user starts it.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import inspect
import io
import itertools
import json
import multiprocessing.util
import os
import re
import resource
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
import types
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import popen_spawn_posix
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias
from unittest.mock import patch

PLACE = "HARNESS_TEST_STARTER"
"""The variable that says where the process is reached."""
COLD = {PLACE: ""}
"""Variables of a command whose own processes are started as a user's are: they are its children, by their names."""
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
    "backtests.many.nursery",
    "dashboard.playback.played",
)
"""What the program imports where it needs it, which most of its commands do."""
REPOSITORY = Path(__file__).resolve().parents[2]
_AT_ONCE = re.compile(r"PYTHON(?!PATH$)|LC_|LANG|TZ$|LD_|NUMBA_|OPENBLAS_|OMP_|SSL_|DASK_|MPL")
"""Variables that are read as a process begins or imports libraries: one that is given others has to begin itself."""
_LENGTH = 8
_NOT_WRITTEN = 120
"""The exit code of Python where what was printed cannot be."""
_MOST = 64
"""Most descriptors that a command may be given."""
_LIMITS = sorted({number for name, number in vars(resource).items() if name.startswith("RLIMIT_")})
_Popen = subprocess.Popen
_begun_with: dict[str, str] = {}
"""The variables of the process that forks, where this one knows it."""
_sessions: set[int] = set()
"""The session of that process, as above: what it forks can belong to no group of another."""


class WarmProcess(_Popen[Any]):
    """A command that is forked so, if it may be, and otherwise a process from its beginning.

    It is the child of the process that has forked it, which tells how it ends.
    """

    _told = -1

    @property
    def is_warm(self) -> bool:
        """Whether it was forked."""
        return self._told >= 0

    def _execute_child(self, *given: Any) -> None:
        asked = _ASKED.bind(self, *given).arguments
        words = _words_of(asked)
        place = os.environ.get(PLACE)
        if not place or words is None or not self._may_be_forked(words, asked):
            super()._execute_child(*given)
            return
        try:
            self._ask(place, words, asked)
        finally:
            self._close_pipe_fds(
                *(asked[f"{pipe}{way}"] for pipe in ("p2c", "c2p", "err") for way in ("read", "write"))
            )

    def _may_be_forked(self, words: Sequence[str], asked: Mapping[str, Any]) -> bool:
        return words[0] != "-c"

    def _ask(self, place: str, words: Sequence[str], asked: Mapping[str, Any]) -> None:
        ends = (asked["p2cread"], asked["c2pwrite"], asked["errwrite"])
        passed = sorted(asked["pass_fds"])
        env = os.environ if asked["env"] is None else asked["env"]
        text = json.dumps({
            "words": words[2:] if words[0] == "-W" else words,
            "strict": words[0] == "-W",
            "cwd": str(asked["cwd"] or Path.cwd()),
            "env": dict(env),
            "session": bool(asked["start_new_session"]),
            "group": os.getpgrp(),
            "numbers": [0, 1, 2, *passed],
            "limits": [[one, *resource.getrlimit(one)] for one in _LIMITS],
            "held_back": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
        }).encode()  # fmt: skip
        streams = [own if given == -1 else given for own, given in enumerate(ends)]
        with socket.socket(socket.AF_UNIX) as telling:
            telling.connect(place)
            socket.send_fds(telling, [len(text).to_bytes(_LENGTH, "big")], [*streams, *passed])
            telling.sendall(text)
            # A number, not a socket: who leaves a process to itself closes nothing.
            self._told = telling.detach()
        self.pid = self._number()
        self._child_created = True

    def _number(self) -> int:
        """Return the next number that is told of it: its own, then how it ended."""
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._told, 1) or b"no more is told\n"
        return int(line)

    def _internal_poll(self, *given: Any, **more: Any) -> int | None:
        if not self.is_warm:
            return super()._internal_poll(*given, **more)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._wait(0.0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if not self.is_warm:
            return super()._wait(timeout)
        if self.returncode is None:
            with selectors.DefaultSelector() as ready:
                ready.register(self._told, selectors.EVENT_READ)
                if not ready.select(timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            with self._waitpid_lock:
                if self.returncode is None:
                    self.returncode = os.waitstatus_to_exitcode(self._number())
                    os.close(self._told)
        return self.returncode


class ListedProcess(WarmProcess):
    """What ``subprocess.Popen`` is where there is a starter: forked are the program's own commands, as they are run."""

    def _may_be_forked(self, words: Sequence[str], asked: Mapping[str, Any]) -> bool:
        cwd = Path(asked["cwd"] or Path.cwd()).resolve()
        env = os.environ if asked["env"] is None else asked["env"]
        known = cwd == REPOSITORY or env.get("PYTHONPATH") == str(REPOSITORY)
        command = words[2:] if words[0] == "-W" else words
        if command[0] == "-c":
            return "from backtests.many.nursery import" in command[1]
        if command[0] != "-m":
            return (cwd / command[0]).resolve() == REPOSITORY / "run_live.py"
        package = command[1].partition(".")[0]
        return known and package in _COMMANDS and (cwd == REPOSITORY or not (cwd / package).exists())


class SpawnedProcess(popen_spawn_posix.Popen):
    """A process that ``multiprocessing`` spawns: those of ``_TARGETS`` are forked."""

    _process: WarmProcess | None = None

    def _launch(self, process_obj: Any) -> None:
        if getattr(process_obj._target, "__module__", None) not in _TARGETS:
            super()._launch(process_obj)
            return
        with _SPAWNING, patch.object(multiprocessing.util, "spawnv_passfds", self._begin):
            super()._launch(process_obj)

    def _begin(self, python: str, words: Sequence[str], descriptors: Sequence[int]) -> int:
        strict = ("-W", "error") if "-Werror" in words else ()
        command = [sys.executable, *strict, *words[words.index("-c") :]]
        self._process = ForkedCode(command, pass_fds=descriptors)
        return self._process.pid

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """Return the exit code; None while it runs, unless ``flag`` is 0, which waits."""
        if self._process is None:
            return super().poll(flag)
        self.returncode = self._process.poll() if flag & os.WNOHANG else self._process.wait()
        return self.returncode


class ForkedCode(WarmProcess):
    """What is told by ``-c`` and is forked nevertheless: for tests of what it does, not of how it begins."""

    def _may_be_forked(self, words: Sequence[str], asked: Mapping[str, Any]) -> bool:
        return True


_SPAWNING = threading.Lock()
_TARGETS = ("dashboard.playback.played",)
_ASKED = inspect.signature(_Popen._execute_child)  # type: ignore[attr-defined]
_COMMANDS = (
    "backtests", "dashboard", "live", "market_data", "practice", "reports", "research", "run_live", "runs",
    "strategies", "systems",
)  # fmt: skip


def _words_of(asked: Mapping[str, Any]) -> list[str] | None:
    """Return what Python is started with; None where it is not this Python, or is asked for what no fork has."""
    plain = {"preexec_fn": None, "close_fds": True, "shell": False, "gid": None, "gids": None, "uid": None, "umask": -1}
    if any(asked[name] != value for name, value in plain.items()) or asked.get("process_group", -1) not in (-1, None):
        return None
    given = asked["args"]
    if isinstance(given, str | bytes | Path) or asked["executable"] not in (None, sys.executable):
        return None
    if not asked["start_new_session"] and _sessions and os.getsid(0) not in _sessions:
        return None
    python, *words = map(os.fsdecode, given)
    known = words[2:3] if words[:2] == ["-W", "error"] else words[:1]
    if python != sys.executable or not known or (known[0] not in ("-m", "-c") and known[0].startswith("-")):
        return None
    if not Path(asked["cwd"] or ".").is_dir() or not _as_here(os.environ if asked["env"] is None else asked["env"]):
        return None
    return words


Process: TypeAlias = subprocess.Popen[bytes]


def start(
    *words: object,
    cwd: Path,
    env: Mapping[str, str],
    stdout: IO[Any],
    stderr: IO[Any],
    strict: bool = False,
    session: bool = False,
    warm: bool = True,
) -> Process:
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
    command = [sys.executable, *(("-W", "error") if strict else ()), *map(str, words)]
    streams = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr}
    return (WarmProcess if warm else _Popen)(command, cwd=cwd, env=env, start_new_session=session, **streams)


def begin_warm() -> None:
    """Let the program's commands be forked also where ``subprocess.Popen`` starts them, in this process."""
    subprocess.Popen = ListedProcess  # type: ignore[misc]
    popen_spawn_posix.Popen = SpawnedProcess  # type: ignore[misc]


@contextlib.contextmanager
def cold() -> Iterator[None]:
    """Let what is started in the block be processes from their beginning: for tests that are about the beginning."""
    with patch.dict(os.environ, COLD):
        yield


def _as_here(env: Mapping[str, str]) -> bool:
    """Whether a process may begin with these variables as the one that forks it has."""
    begun = _begun_with or os.environ
    changed = {one for one in {*env, *begun} if env.get(one) != begun.get(one)}
    return not any(map(_AT_ONCE.match, changed)) and env.get("PYTHONPATH") in (None, str(REPOSITORY))


class Starter:
    """The process that has imported the program, from which commands are forked; it ends with what began it."""

    def __init__(self, folder: str, program: Sequence[str] = (*PROGRAM, *LATER)) -> None:
        self.place = f"{folder}/starter"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.place)
        self._listening.listen(64)
        alive, self._alive = os.pipe()
        _begun_with.update(os.environ)
        _sessions.add(os.getsid(0))
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
    length, streams, _, _ = socket.recv_fds(asking, _LENGTH, _MOST)
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
        try:
            if not sys.stdout.closed:
                sys.stdout.flush()
        except Exception:
            print("Exception ignored in the end:", file=sys.stderr)
            traceback.print_exc()
            code = _NOT_WRITTEN
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _surround(asked: Mapping[str, Any], streams: Sequence[int]) -> None:
    """Take the streams, the folder, the variables and the warnings of a command."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, asked["held_back"])
    beyond = 1 + max(asked["numbers"])
    aside = [fcntl.fcntl(stream, fcntl.F_DUPFD, beyond) for stream in streams]
    for number, stream in zip(asked["numbers"], aside, strict=True):
        os.dup2(stream, number)
    _close_others(asked["numbers"])
    for one, *limits in asked["limits"]:
        if resource.getrlimit(one) != tuple(limits):
            resource.setrlimit(one, tuple(limits))
    if asked["session"]:
        os.setsid()
    elif asked["group"] != os.getpgrp():
        os.setpgid(0, asked["group"])
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = (
        open(0, encoding="utf-8"),  # noqa: SIM115 - as long as the process
        _output(),
        open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1),  # noqa: SIM115
    )
    begin_warm()
    sys.warnoptions[:] = ["error"] if asked["strict"] else []
    warnings.resetwarnings()
    if asked["strict"]:
        warnings.simplefilter("error")
    else:
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)


def _output() -> io.TextIOWrapper:
    """Return standard output as Python opens it."""
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    stream = open(1, "wb", 0 if at_once else -1)  # noqa: SIM115 - as long as the process
    return io.TextIOWrapper(stream, "utf-8", write_through=at_once, line_buffering=stream.isatty())


def _close_others(kept: Sequence[int]) -> None:
    """Close every descriptor but these, the streams among them."""
    last = max(int(one.name) for one in Path("/dev/fd").iterdir())
    for one, after in itertools.pairwise([*sorted(kept), last + 1]):
        os.closerange(one + 1, after)


def _run_command(words: Sequence[str]) -> None:
    """Run a module, a script or a text under the name of the main one."""
    known = os.environ.get("PYTHONPATH", "")
    added = [one for one in known.split(os.pathsep) if one]
    own = [one for one in sys.path if one not in ("", _BEGUN_IN)]
    importlib.invalidate_caches()
    sys.orig_argv = [sys.executable, *words]
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        sys.path[:] = ["", *added, *own]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(words[1], "<string>", "exec"), vars(main))
    elif words[0] == "-m":
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
