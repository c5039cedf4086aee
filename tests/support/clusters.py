"""Real clusters for tests: a scheduler and workers as processes of their own, on the loopback interface."""

import contextlib
import os
import re
import signal
import tempfile
from pathlib import Path

from distributed import Client, Security

from tests.support.runs.backtest_runs import command_environment
from tests.support.waiting import PATIENCE_S, wait_until
from tests.support.warm_starts import Process, start


class LoopbackCluster:
    """A scheduler; workers come and go, all of them at the end of ``until``.

    With a folder of certificates each part has its own.
    """

    def __init__(self, until: contextlib.ExitStack, certificates: Path | None = None) -> None:
        self._until = until
        self._certificates = certificates
        self.living: list[Process] = []
        self.folder = Path(until.enter_context(tempfile.TemporaryDirectory()))
        # At any port: one that was free a moment ago is another's by the time that the scheduler has been imported.
        self.scheduler = self._part("scheduler", "--port", "0")
        wait_until(self._addresses, self.said)
        [self.address] = set(self._addresses())

    def start(self, *arguments: str, path: str | None = None) -> Process:
        """Start a program in a group of its own and far from the repository; ``path`` is where it finds modules."""
        changes = {} if path is None else {"PYTHONPATH": path}
        with (self.folder / "said").open("ab") as said, Path(os.devnull).open("wb") as nowhere:
            surroundings = command_environment(changes)
            process = start(*arguments, cwd=self.folder, env=surroundings, stdout=nowhere, stderr=said, session=True)
        self._until.callback(self.kill, process)
        self.living.append(process)
        return process

    def worker(self) -> Process:
        """Start a worker; it has joined when its first run is made."""
        return self._part("worker", self.address)

    def _part(self, part: str, *arguments: str) -> Process:
        place = self._certificates
        files = () if place is None else (("ca-file", "ca.pem"), ("cert", f"{part}.pem"), ("key", f"{part}.key"))
        shown = [one for name, file in files for one in (f"--tls-{name}", f"{place}/{file}")]
        return self.start("-m", "research", "cluster", part, *arguments, *shown)

    def other_worker(self, code: str | None) -> Process:
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
        place = self._certificates
        files = {} if place is None else {"ca_file": "ca.pem", "client_cert": "me.pem", "client_key": "me.key"}
        security = Security(**{f"tls_{name}": f"{place}/{file}" for name, file in files.items()})
        with Client(self.address, timeout=PATIENCE_S, set_as_default=False, security=security) as client:
            return len(client.scheduler_info()["workers"])

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many have joined."""
        wait_until(lambda: self.workers() >= count, self.said)

    def kill(self, process: Process) -> None:
        """End a program and all that it started, without a word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with contextlib.suppress(ValueError):
            self.living.remove(process)

    def _addresses(self) -> list[str]:
        """Return where the scheduler says that it is, once it can be asked."""
        said = (self.folder / "said").read_text(errors="replace")
        return re.findall(r"Scheduler at: +(\S+://127\.0\.0\.1:\d+)\n", said)

    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")[-3000:]
