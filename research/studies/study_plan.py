"""Everything that the trials of a study follow from, as a value that its row in the store keeps."""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import shown
from core.time_range import TimeRange
from research.objectives.figure_names import Direction
from research.objectives.objective import Objective
from research.samplers.sampler_choice import LIBRARIES
from research.spaces.space import Space
from research.studies.search_rows import read_kept
from runs.store.store_rows import Optimisation

BATCH = 8
MOST_TRIALS = 10_000_000
LARGEST_SEED = 2**32 - 1


class Goal(msgspec.Struct, frozen=True):
    """An objective as a study keeps it."""

    text: str
    direction: Direction
    is_function: bool = False


class StudyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched, by which sampler, and over which candles.

    Parameters
    ----------
    system, window_name
        None where the base is none of a system.
    window
        The range itself, which does not move when the study is resumed.
    trials
        How many points are tried; None is the whole grid, ``in_order``.
    batch
        How many points are asked before the sampler is told what they were worth.
    min_trades
        Below so many closed trades a trial is not ranked.
    verified
        How many of the best are run again with all outputs.
    """

    system: str | None
    window_name: str | None
    window: TimeRange
    space: Space
    goals: tuple[Goal, ...]
    sampler: str
    seed: int
    trials: int | None
    batch: int
    in_order: bool
    min_trades: int
    verified: int

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("trials", self.trials, 1, MOST_TRIALS),
            ("batch", self.batch, 1, 10_000),
            ("seed", self.seed, 0, LARGEST_SEED),
            ("min_trades", self.min_trades, 0, MOST_TRIALS),
            ("best", self.verified, 0, 100),
        ):
            if value is None and name == "trials":
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise ConfigurationError(f"{name}: {shown(value)} — allowed: a whole number from {least} to {most:,}")

    @property
    def total(self) -> int:
        """How many trials there are at most."""
        size = self.space.size if self.sampler == "grid" else None
        return min(one for one in (self.trials, size) if one is not None)

    def begun(self, strategy: str, created_ms: int, method: str, settings: Mapping[str, Any]) -> Optimisation:
        """Return the row that a search by this plan begins with; ``settings`` are what is kept with it."""
        return Optimisation(
            name=self.system or strategy,
            status="RUNNING",
            strategy=strategy,
            method=method,
            objective=", ".join(f"{one.text}:{one.direction[:3]}" for one in self.goals),
            space=msgspec.to_builtins(self.space),
            settings=dict(settings),
            seed=self.seed,
            created_ms=created_ms,
            system=self.system,
            window_name=self.window_name,
            start_ms=self.window.start_ms,
            end_ms=self.window.end_ms,
            batch=self.batch,
        )

    def row(self, hashes: "BaseHashes", market: "Market", created_ms: int) -> Optimisation:
        """Return the study as the store keeps it when it begins."""
        settings = {
            "goals": msgspec.to_builtins(self.goals),
            "trials": self.trials,
            "in_order": self.in_order,
            "min_trades": self.min_trades,
            "verified": self.verified,
            "libraries": versions_of(self.sampler),
            "market": msgspec.to_builtins(market),
        }
        return msgspec.structs.replace(
            self.begun(market.strategy, created_ms, self.sampler, settings),
            settings_sha256=hashes.settings,
            data_sha256=hashes.data,
            code_version=hashes.code,
        )


class Market(msgspec.Struct, frozen=True):
    """What a study trades: whoever else searched the same market over the same window has tried his luck on it too."""

    strategy: str
    exchange: str
    symbols: tuple[str, ...]
    timeframe: str


class BaseHashes(msgspec.Struct, frozen=True):
    """Hashes of the base of a study, run as it stands: its settings, its candles, and the code that runs it."""

    settings: str
    data: str
    code: str


def plan_of(row: Optimisation) -> StudyPlan:
    """Return the plan that a study was begun with; ConfigurationError of one that another program wrote."""
    kept = {
        **(row.settings or {}),
        "system": row.system,
        "window_name": row.window_name,
        "window": {"start_ms": row.start_ms, "end_ms": row.end_ms},
        "space": row.space,
        "sampler": row.method,
        "seed": row.seed,
        "batch": row.batch,
    }
    return read_kept(kept, StudyPlan, f"study {row.id}")


def goals_of(objectives: tuple[Objective, ...]) -> tuple[Goal, ...]:
    """Return objectives as a study keeps them."""
    return tuple(Goal(one.text, one.direction, one.function is not None) for one in objectives)


def versions_of(sampler: str) -> dict[str, Any]:
    """Return the versions of the libraries that a sampler is of: others may propose other points."""
    needed = LIBRARIES.get(sampler, () if sampler in ("grid", "random") else ("optuna",))
    return {name: importlib.metadata.version(name) for name in needed}
