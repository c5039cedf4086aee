"""A search in folds, a walk-forward or a cross-validation: how it is planned, kept as it comes, and gone on with."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import ClassVar, Self

import msgspec

from backtests.many.run_base import Base
from core.timeframe import timeframe_ms
from metrics.metric_settings import MetricSettings
from research.executors.executor_pool import ExecutorLost
from research.studies.planned_search import Metric, Search, conventions, search_again
from research.studies.search_rows import read_kept, require_same
from research.studies.study_plan import StudyPlan
from research.studies.study_run import StudyTaken
from research.studies.surroundings import OpenedSurroundings
from runs.identity.code_version import code_version
from runs.store.run_store import RunStore
from runs.store.store_rows import Optimisation, Status
from systems.life_cycle.epoch_tracker import wall_clock_ms


class FoldedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of every search in folds.

    Parameters
    ----------
    search
        Of every fold; its window is the whole.
    candle_ms
        What lengths are multiples of.
    conventions
        Of figures.
    settings_sha256, code_version
        Of the base, and of the program.
    """

    method: ClassVar[str]
    verb: ClassVar[str]

    search: StudyPlan
    candle_ms: int
    conventions: MetricSettings = MetricSettings()
    settings_sha256: str = ""
    code_version: str = ""

    @classmethod
    def of(cls, row: Optimisation) -> Self:
        """Return the plan that one was begun with; ConfigurationError of one that another program wrote."""
        return read_kept((row.settings or {}).get(cls.method), cls, f"{cls.method} {row.id}")

    def recorded(self, search: Search, store: RunStore, status: Status) -> Optimisation:
        """Keep one that begins, or waits, and return its row."""
        settings = {self.method: msgspec.to_builtins(self)}
        row = self.search.begun(search.base.market.strategy, wall_clock_ms(), self.method, settings)
        row = msgspec.structs.replace(row, status=status)
        return msgspec.structs.replace(row, id=store.record(row))

    def again(
        self, row: Optimisation, opened: OpenedSurroundings, *, base: Base | None = None, metric: Metric | None = None
    ) -> Search:
        """Return the search of one that is gone on with.

        Raises
        ------
        ConfigurationError
            If its settings or its code are no longer those it was begun with, or what cannot be kept is not given.
        """
        called = f"{self.method} {row.id}"
        search = search_again(self.search, called, opened, base=base, metric=metric)
        now = (
            ("settings of the system", self.settings_sha256, search.base.settled({}, "the settings")[0]),
            ("code of the program", self.code_version, code_version()),
        )
        require_same(called, now, "one of its own")
        return search


def planned(search: Search) -> FoldedPlan:
    """Return what every search in folds keeps of a search."""
    return FoldedPlan(
        search=search.plan,
        candle_ms=timeframe_ms(search.base.settings.live.timeframe),
        conventions=conventions(search.base),
        settings_sha256=search.base.settled({}, "the settings")[0],
        code_version=code_version(),
    )


class KeptSearch(AbstractContextManager["KeptSearch"]):
    """A search in folds while it is made: its row says how it ended, whatever ended it.

    ``row`` is as the store has it last, and ``doing`` what is made just now. An interruption says how to go on.

    Parameters
    ----------
    row, plan
        Of it.
    store
        Where it is kept.
    """

    def __init__(self, row: Optimisation, plan: FoldedPlan, store: RunStore) -> None:
        self.row, self.doing = row, "the first search"
        self.whole = row.status == "COMPLETED"
        self._plan, self._store = plan, store

    @property
    def id(self) -> int:
        """Its number in the store."""
        return int(self.row.id or 0)

    def __enter__(self) -> Self:
        if self.row.status != "RUNNING":
            self._keep(status="RUNNING")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, StudyTaken):  # How that ends is told by who makes it.
            self._keep(status="COMPLETED" if error is None else "PARTIAL", ended_ms=wall_clock_ms())
        kept = f"what is done is kept: python -m research {self._plan.verb} --resume {self.id}"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"interrupted in {self.doing}; {kept}") from None
        if isinstance(error, ExecutorLost):
            raise ExecutorLost(error.why, kept) from None

    def keep(self, settings: Mapping[str, object]) -> None:
        """Keep settings beside those that the row has."""
        self._keep(settings={**(self.row.settings or {}), **settings})

    def _keep(self, **changes: object) -> None:
        self.row = msgspec.structs.replace(self.row, **changes)
        self._store.record(self.row)
