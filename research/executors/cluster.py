"""Workers of a Dask cluster, by the address of its scheduler."""

import contextlib
import logging
import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import cloudpickle
from distributed import Client, Security
from distributed.scheduler import KilledWorker

from core.command_line import warn
from core.errors import ConfigurationError, InvariantError
from research.executors import code_mark
from research.executors.cluster_address import ClusterAddress
from research.executors.cluster_runs import ClusterRuns
from research.executors.executor_pool import ExecutorLost
from research.executors.same_machine import put_beside
from runs.identity.code_version import code_version

_AHEAD = 4
"""Runs under way for each worker, so that none waits for the next one."""
_LEAST_AHEAD = 16
_SECONDS_WITHOUT_WORKERS = 60.0
"""How long runs wait for a worker where all have gone."""
SECONDS_TO_RECONNECT = 30.0
"""How long a scheduler is waited for that has gone."""
_SECONDS_TO_ANSWER = 10.0
_SECONDS_TO_CLOSE = 5.0
_CLOSED = ("closed", "closing")


class Cluster:
    """The place of the workers of a cluster that run this very code; others are refused, each with a line.

    Parameters
    ----------
    address
        Of its scheduler, and how long it is waited for.

    Raises
    ------
    ConfigurationError
        If it cannot be reached in that time, or has no worker that can be used.
    """

    def __init__(self, address: ClusterAddress) -> None:
        self._address = address
        self.folder = None if address.folder is None else Path(address.folder).absolute()
        self._mark = code_mark.CodeMark(code_version())
        self._asked: set[str] = set()
        self._refused: list[str] = []
        self._workers = 0
        self._alone_since: float | None = None
        if address.is_secured:
            _require_certificates(address.url)
        _silence()
        cloudpickle.register_pickle_by_value(code_mark)
        try:
            self._client = Client(address.url, timeout=address.wait_seconds, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ConfigurationError(
                f"cluster {address.url}: cannot be reached within {address.wait_seconds:g} s ({_short(error)}) — "
                "allowed: the address of a scheduler that runs (python -m research cluster scheduler)"
                + (", with a certificate of the authority that this side knows" if address.is_secured else "")
            ) from None
        try:
            self._use()
            self._wait_for_workers()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):  # A time that is over is one too.
                raise ConfigurationError(f"cluster {address.url}: does not answer ({_short(error)})") from None
            raise

    @property
    def executor(self) -> Executor:
        """Gives runs to marked workers alone."""
        return self._executor

    @property
    def most_sent(self) -> int:
        """So many that no worker waits, and a dying one takes few with it."""
        return max(_LEAST_AHEAD, _AHEAD * self._workers)

    def share(self, name: str, data: bytes) -> Any:
        """Put bytes into the folder that all see, or hand them to one worker, from which the others have them."""
        if self.folder is not None:
            put_beside(self.folder / name, data)
            return None
        try:
            # Under a name of its own: one made of the bytes may still be on its way out when they are sent again.
            return self._client.scatter(data, hash=False)
        except Exception as error:  # noqa: BLE001 - whatever a client says whose scheduler is gone
            raise self._lost(_short(error)) from None

    def look(self) -> None:
        """See whether there is still a worker to wait for."""
        running, marked = self._client.status == "running", []
        with contextlib.suppress(Exception):  # Whatever a client says whose scheduler is gone.
            marked = self._marked() if running else []
        now = time.monotonic()
        if marked:
            self._workers, self._alone_since = len(marked), None
            return
        self._alone_since = now if self._alone_since is None else self._alone_since
        if self._client.status in _CLOSED or (not running and now - self._alone_since > SECONDS_TO_RECONNECT):
            raise self._lost("its scheduler is gone")
        if now - self._alone_since > _SECONDS_WITHOUT_WORKERS:
            raise self._lost(f"no worker is left, and none came within {_SECONDS_WITHOUT_WORKERS:g} s")

    def restore(self) -> None:
        """Wait for the scheduler, which may be a new one, and for a worker of it."""
        until = time.monotonic() + SECONDS_TO_RECONNECT
        while self._client.status != "running":
            if self._client.status in _CLOSED or time.monotonic() > until:
                raise self._lost("its scheduler is gone")
            time.sleep(0.1)
        try:
            self._use()
            self._wait_for_workers()
        except ConfigurationError as error:
            raise self._lost(str(error)) from None
        except Exception as error:  # noqa: BLE001 - as above
            raise self._lost(_short(error)) from None
        self._alone_since = None

    def failure(self, error: Exception) -> Exception:
        """Return what the cluster says of a run."""
        if isinstance(error, KilledWorker):
            return InvariantError(f"the run, or one beside it, has ended {error.allowed_failures + 1} workers")
        return InvariantError(f"the cluster lost the run: {type(error).__name__}: {_short(error)}")

    def close(self) -> None:
        """Leave the cluster; its workers stay for others."""
        with contextlib.suppress(Exception):
            self._client.close(_SECONDS_TO_CLOSE)

    def _use(self) -> None:
        try:
            self._client.run_on_scheduler(code_mark.code_here)
        except ImportError:
            raise ConfigurationError(
                f"cluster {self._address.url}: its scheduler has not this program, and cannot read what it is sent — "
                "allowed: one that was started with it (python -m research cluster scheduler)"
            ) from None
        self._client.register_plugin(self._mark)
        self._executor: Executor = ClusterRuns(self._client, self._mark.name)

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + self._address.wait_seconds
        while not (marked := self._marked()):
            if time.monotonic() > until:
                others = f": {self._refused[-1]}" if self._refused else ""
                raise ConfigurationError(
                    f"cluster {self._address.url}: has no worker that runs this code{others} — allowed: workers of "
                    "the same version (python -m research cluster worker)"
                )
            time.sleep(0.1)
        self._workers = len(marked)

    def _marked(self) -> list[str]:
        """Return the workers that runs are given to; what others there are is told, once."""
        client: Any = self._client
        workers = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_SECONDS_TO_ANSWER)["workers"]
        marked = [address for address, one in workers.items() if self._mark.name in one.get("resources", {})]
        unknown = set(workers) - set(marked) - self._asked
        if unknown:
            self._asked |= unknown
            codes = self._client.run(code_mark.code_here, workers=sorted(unknown), on_error="return")
            for worker, code in codes.items():
                if isinstance(code, OSError):  # It is gone, or will be asked again.
                    self._asked.discard(worker)
                elif code != self._mark.code:  # One that has it will have the mark in a moment.
                    has = "has not this program" if isinstance(code, Exception) else f"runs code {code}"
                    self._refused.append(f"worker {worker} {has}, not {self._mark.code}")
                    warn(f"cluster {self._address.url}: {self._refused[-1]}; it is refused")
        return marked

    def _lost(self, why: str) -> ExecutorLost:
        return ExecutorLost(f"cluster {self._address.url}: was lost: {why}")


def _require_certificates(url: str) -> None:
    """Refuse to ask a cluster that hears only who has a certificate, without one that can be used."""
    security = Security()
    try:
        wrong = None if security.get_connection_args("client")["ssl_context"] else "no certificates are named"
    except (OSError, ValueError, TypeError) as error:  # What OpenSSL cannot read is an OSError too.
        named = [getattr(security, f"tls_{name}") for name in ("ca_file", "client_cert", "client_key")]
        files = ", ".join(one for one in named if one and "\n" not in one)  # Others are certificates themselves.
        wrong = f"the certificates cannot be used: {_short(error)} ({files})"
    if wrong is not None:
        raise ConfigurationError(
            f"cluster {url}: {wrong} — allowed: files of PEM in DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"
        )


def _silence() -> None:
    """Let the library say nothing of lost connections, which are told here in one line."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
