"""Where and how the trials of a study are made: nothing of it changes one."""

import contextlib
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import NamedTuple, Protocol, Self, TypedDict

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean
from engine.renderer import OutputsKept
from research.executors.cluster_address import ClusterAddress
from research.executors.machines import Machines
from runs.store.run_store import RunStore, open_store
from systems.places import Places


class Watch(Protocol):
    """Who is told of the trials of a study while they are made; what it raises ends the study, which is kept."""

    def made(self, done: int, total: int) -> None:
        """Hear that so many trials of so many are there."""


class PartWatch(NamedTuple):
    """Who is told of several searches, while one of them is made: how many were before it, and how many there are."""

    watch: Watch
    before: int
    parts: int

    def made(self, done: int, total: int) -> None:
        """Hear that so many trials of one are there, of which each has as many."""
        self.watch.made(self.before * total + done, self.parts * total)


class Surroundings(TypedDict, total=False):
    """Where and how trials are made."""

    processes: int
    cluster: str | ClusterAddress | None
    executor: Executor | None
    places: Places
    store: RunStore
    offline: bool
    show_progress: bool | None
    outputs: OutputsKept
    watch: Watch | None


def require_known(options: Mapping[str, object], kind: type, called: str) -> None:
    """Refuse an option that a function does not have, as Python refuses an argument: with a TypeError."""
    for name in options:
        if name not in kind.__annotations__:
            raise TypeError(f"{called} has no option {name}{did_you_mean(name, kind.__annotations__)}")


def store_of(given: RunStore | None) -> contextlib.AbstractContextManager[RunStore]:
    """Return the store that is given, which stays open, or open that of the configuration for as long."""
    return open_store() if given is None else contextlib.nullcontext(given)


class OpenedSurroundings:
    """The surroundings of a study, opened; what was opened here is closed at the end.

    Parameters
    ----------
    given
        What is said of them.

    Raises
    ------
    ConfigurationError
        If something is wrong, or a cluster cannot be reached.
    """

    def __init__(self, given: Surroundings) -> None:
        cluster, executor = given.get("cluster"), given.get("executor")
        if cluster is not None and executor is not None:
            raise ConfigurationError("cluster and executor — allowed: one of them")
        self.machines = Machines(given.get("processes", 2), cluster if executor is None else executor)
        self.places = given.get("places", Places())
        self.offline = given.get("offline", False)
        self.show_progress = given.get("show_progress", False)
        self.progress_title = "Trials"
        self.outputs: OutputsKept = given.get("outputs", "none")
        self.watch = given.get("watch")
        self._given = given.get("store")
        self.store: RunStore
        self._opened = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            self.store = self._opened.enter_context(store_of(self._given))
            self._opened.enter_context(self.machines)
        except BaseException:
            self._opened.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self._opened.close()
