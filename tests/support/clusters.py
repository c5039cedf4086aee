"""Real clusters for tests: a scheduler and workers as processes of their own, on the loopback interface."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from distributed import Client

from tests.support.runs.backtest_runs import command_environment
from tests.support.waiting import PATIENCE_S, wait_until


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class LoopbackCluster:
    """A scheduler; workers come and go, all of them at the end of ``until``.

    With a folder of certificates each part has its own.
    """

    def __init__(self, until: contextlib.ExitStack, certificates: Path | None = None) -> None:
        self._until = until
        self._certificates = certificates
        self.living: list[subprocess.Popen[bytes]] = []
        self.folder = Path(until.enter_context(tempfile.TemporaryDirectory()))
        self.port = free_port()
        self.address = f"{'tcp' if certificates is None else 'tls'}://127.0.0.1:{self.port}"
        self.scheduler = self._part("scheduler", "--port", str(self.port))
        wait_until(self.answers, self.said)

    def start(self, *arguments: str, path: str | None = None) -> subprocess.Popen[bytes]:
        """Start a program in a group of its own and far from the repository; ``path`` is where it finds modules."""
        changes = {} if path is None else {"PYTHONPATH": path}
        with (self.folder / "said").open("ab") as said:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.folder,
                env=command_environment(changes),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
        self._until.callback(self.kill, process)
        self.living.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker; it has joined when its first run is made."""
        return self._part("worker", self.address)

    def _part(self, part: str, *arguments: str) -> subprocess.Popen[bytes]:
        place = self._certificates
        files = () if place is None else (("ca-file", "ca.pem"), ("cert", f"{part}.pem"), ("key", f"{part}.key"))
        shown = [one for name, file in files for one in (f"--tls-{name}", f"{place}/{file}")]
        return self.start("-m", "research", "cluster", part, *arguments, *shown)

    def other_worker(self, code: str | None) -> subprocess.Popen[bytes]:
        """Start a worker of another version of this program, or one that knows nothing of it."""
        place = Path(tempfile.mkdtemp(dir=self.folder))
        if code is not None:
            module = place / "runs" / "identity" / "code_version.py"
            module.parent.mkdir(parents=True)
            module.write_text(f"def code_version():\n    return {code!r}\n")
        command = ("-m", "distributed.cli.dask_worker", self.address, "--no-dashboard", "--no-nanny")
        return self.start(*command, path=str(place))

    def workers(self) -> int:
        """Return how many have joined and are still there."""
        with Client(self.address, timeout=PATIENCE_S, set_as_default=False) as client:
            return len(client.scheduler_info()["workers"])

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many have joined."""
        wait_until(lambda: self.workers() >= count, self.said)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a program and all that it started, without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with contextlib.suppress(ValueError):
            self.living.remove(process)

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")[-3000:]
