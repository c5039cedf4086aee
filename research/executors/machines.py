"""What makes the runs of a study: this process, several of this machine, a cluster, or an executor of one's own."""

import contextlib
import functools
from concurrent.futures import Executor
from typing import Self

from backtests.many.run_base import Base, base_of
from backtests.many.run_many import ManyRuns, RunPool, own_pool
from core.errors import ConfigurationError
from core.settings_problem import shown
from engine.renderer import OutputsKept
from research.executors.cluster_address import ClusterAddress
from research.executors.executor_pool import ExecutorPool
from research.executors.same_machine import SameMachine

Elsewhere = str | ClusterAddress | Executor


class Machines:
    """What makes runs; a cluster is reached when it is entered, and left with it.

    Processes of this machine begin with the first runs that there are several of, and make all others too: a search of
    many parts starts them once.

    Parameters
    ----------
    processes
        How many of this machine; 1 is this one alone.
    elsewhere
        In place of them a cluster, or an executor of ``concurrent.futures``, which stays open.

    Raises
    ------
    ConfigurationError
        If one is wrong.
    """

    def __init__(self, processes: int = 2, elsewhere: Elsewhere | None = None) -> None:
        if not isinstance(processes, int) or isinstance(processes, bool) or processes < 1:
            raise ConfigurationError(f"processes: {shown(processes)} — allowed: a whole number at least 1")
        self.processes = processes
        self._elsewhere = ClusterAddress(elsewhere) if isinstance(elsewhere, str) else elsewhere
        self._opened = contextlib.ExitStack()
        self._pool: RunPool | None = None

    def __enter__(self) -> Self:
        if self._elsewhere is not None:
            self._pool = self._opened.enter_context(contextlib.closing(_pool_of(self._elsewhere)))
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool = None
        self._opened.close()

    def runs(self, base: Base, outputs: OutputsKept, runs: int) -> ManyRuns:
        """Return what makes the runs of a base, ``runs`` in all; no process is started that would have none."""
        processes = max(1, min(self.processes, runs))
        lent = functools.partial(self._lent, base, runs) if self._pool is not None or processes > 1 else None
        return ManyRuns(base, processes=processes, outputs=outputs, runs=runs, pool=lent)

    def _lent(self, base: Base, runs: int) -> RunPool:
        if self._pool is None:
            pool = own_pool(base_of(base).plan, self.processes, runs)
            self._pool = self._opened.enter_context(contextlib.closing(pool))
        return _Lent(self._pool)


class _Lent:
    """A pool that outlives those who use it."""

    def __init__(self, pool: RunPool) -> None:
        self.answers = pool.answers

    def close(self) -> None:
        """Leave it open."""


def _pool_of(elsewhere: ClusterAddress | Executor) -> RunPool:
    if isinstance(elsewhere, Executor):
        return ExecutorPool(SameMachine(elsewhere))
    try:
        from research.executors.cluster import Cluster  # Only who has one needs its library.
    except ImportError as error:
        raise ConfigurationError(
            f"cluster {elsewhere.url}: needs {error.name} — allowed: pip install -r requirements-cluster.lock"
        ) from None
    return ExecutorPool(Cluster(elsewhere))
