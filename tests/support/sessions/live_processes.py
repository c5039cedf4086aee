"""Live sessions in processes of their own, as an operator starts them: to be killed, signalled and starved."""

import contextlib
import io
import json
import os
import re
import resource
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from live.life.live_command import main
from practice.exchange import PracticeExchange
from runs.folder.file_names import DERIVED
from tests.support.config_tree import write_config
from tests.support.shared import REPOSITORY
from tests.support.waiting import PATIENCE_S
from tests.support.warm_starts import start

OUTPUTS = DERIVED

BUSY = {
    "type": "scalping_ema_rsi",
    "params": {
        "ema_fast": 2,
        "ema_slow": 4,
        "rsi_period": 4,
        "atr_period": 4,
        "volume_lookback": 4,
        "volume_multiplier": 0,
        "rsi_long_min": 20,
        "rsi_long_max": 95,
        "rsi_short_min": 5,
        "rsi_short_max": 80,
        "rsi_extreme_low": 2,
        "rsi_extreme_high": 98,
        "sl_atr_multiple": 1.0,
        "tp_atr_multiple": 1.5,
    },
}
"""The shipped strategy with so short a memory that an hour of minutes holds many trades."""

_STEP = re.compile(rb'"record":"step","time_ms":(\d+)')
_TAIL = 65_536


def session_config(
    base: Path,
    *,
    live: Mapping[str, object] | None = None,
    mode: Mapping[str, object] | None = None,
    **session: object,
) -> Path:
    """Write a configuration of three symbols on 1m candles; ``session`` are keys of its ``session`` section."""
    section = {
        "exchange": "practice",
        "symbols": ["BTC/USDT", "ETH/USDT", "SOL/USDT"],
        "timeframe": "1m",
        "strategy": BUSY,
        "session": session,
        "data": {"cache_dir": str(base / "data")},
        "logging": {"directory": str(base / "logs")},
    }
    # Generous limits: a session that is halted early has nothing left to get wrong.
    generous = {"max_daily_loss_pct": 0.5, "max_drawdown_pct": 0.9}
    return write_config(base, live={**section, **(live or {})}, mode={**generous, **(mode or {})})


class LiveProcess:
    """One process of ``run_live.py``; killed on leaving if it still runs.

    Parameters
    ----------
    config
        The main configuration file; sessions go to ``sessions`` beside its folder.
    exchange
        Where it connects; None starts the practice exchange of its own.
    more
        Further arguments.
    environment
        Further variables.
    before
        Python statements that run in the process before the command.
    """

    def __init__(
        self,
        config: Path,
        exchange: PracticeExchange | None = None,
        more: Sequence[str | Path] = (),
        *,
        environment: Mapping[str, str] | None = None,
        before: str | None = None,
    ) -> None:
        self.sessions = config.parents[1] / "sessions"
        self._known = set(self._folders())
        self._resumed = Path(more[list(more).index("--resume") + 1]) if "--resume" in more else None
        addresses = [] if exchange is None else ["--rest-url", exchange.rest_url, "--stream-url", exchange.stream_url]
        program = ["run_live.py"] if before is None else ["-c", f"{before}\n{_MAIN}"]
        out, log = self._streams = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed by close()
        words = [*program, "--config", config, "--out", self.sessions, "--plain", *addresses, *more]
        surroundings = {**os.environ, **(environment or {})}
        self.process = start(*words, cwd=REPOSITORY, env=surroundings, stdout=out, stderr=log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """The session's folder; waits for it."""
        if self._resumed is not None:
            return self._resumed
        self.wait_until(lambda: set(self._folders()) - self._known, "no session folder")
        (folder,) = set(self._folders()) - self._known
        return folder

    @property
    def output(self) -> str:
        """What it printed."""
        return self._text(0)

    @property
    def log(self) -> str:
        """Its standard error: log lines, and errors."""
        return self._text(1)

    @property
    def errors(self) -> list[str]:
        """The lines of standard error that are no log lines."""
        return [line for line in self._text(1).splitlines() if " level=" not in line]

    def kill(self) -> None:
        """End it with SIGKILL and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it if it still runs, and forget what it printed."""
        self.kill()
        for stream in self._streams:
            stream.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        return self.process.wait(PATIENCE_S)

    def limit_files(self, size: int) -> None:
        """Let it write no file beyond a size from now on."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, size))

    def wait_for_step(self, time_ms: int) -> None:
        """Wait until the step of a time, or a later one, is journalled."""
        self.wait_until(
            lambda: (last_step_ms(self.folder) or 0) >= time_ms,
            lambda: f"no step {time_ms}, last {last_step_ms(self.folder)}",
        )

    def wait_until_connected(self) -> None:
        """Wait until its feeds are: before that it may not take signals yet, which end it like any other process."""
        self.wait_until(lambda: "event=connection state=connected" in self.log, "not connected")

    def wait_for_line(self, text: str) -> None:
        """Wait until the journal holds a text."""
        self.wait_until(lambda: text in journal_text(self.folder), f"no {text} in the journal")

    def wait_until(self, condition: Callable[[], object], words: str | Callable[[], str]) -> None:
        """Wait until a condition holds; AssertionError when the process ends first, or it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if self.process.poll() is not None and not condition():
                raise AssertionError(f"ended with {self.process.returncode}: {self._text(1)[-2000:]}")
            if time.monotonic() > deadline:
                raise AssertionError((words if isinstance(words, str) else words()) + f"\n{self._text(1)[-2000:]}")
            time.sleep(0.01)

    def _folders(self) -> list[Path]:
        return list(self.sessions.iterdir()) if self.sessions.is_dir() else []

    def _text(self, place: int) -> str:
        stream = self._streams[place]
        return os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0).decode()


_MAIN = "import sys\nfrom live.life.live_command import main\nsys.exit(main())"


def last_step_ms(folder: Path) -> int | None:
    """Return the time of the last step that a session's journal holds whole, None before the first."""
    with contextlib.suppress(FileNotFoundError), (folder / "journal.jsonl").open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        data = file.read()
        found = _STEP.findall(data[: data.rfind(b"\n") + 1])
        return int(found[-1]) if found else None
    return None


def journal_text(folder: Path) -> str:
    """Return a session's journal as it stands; empty before there is one."""
    with contextlib.suppress(FileNotFoundError):
        return (folder / "journal.jsonl").read_text(encoding="utf-8", errors="replace")
    return ""


def journal_records(folder: Path) -> list[dict[str, object]]:
    """Return the whole records of a journal as plain JSON, without what chains them."""
    lines = (json.loads(line) for line in journal_text(folder).splitlines(keepends=True) if line.endswith("\n"))
    return [{key: value for key, value in one.items() if key != "chain"} for one in lines]


def outputs_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of a session's derived files."""
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def run_live(*arguments: str | Path) -> tuple[int, str, list[str]]:
    """Run the command in this process; return exit code, output, and the lines of its errors that are no log lines."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*map(str, arguments)])
    return code, output.getvalue(), [line for line in errors.getvalue().splitlines() if " level=" not in line]
