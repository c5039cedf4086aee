"""What the routes of searches take and give."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.backtest_models import Progress
from runs.store.store_rows import Status

Text = Annotated[str, Field(max_length=500)]


class FoldsAsked(BaseModel):
    """Where the folds of a walk-forward lie: lengths of time (`30d`, `12h`) or of candles (`2000c`)."""

    model_config = ConfigDict(extra="forbid")

    train: str = Field(description="What each search is given.", max_length=20, examples=["30d"])
    test: str = Field(description="The test after it.", max_length=20, examples=["10d"])
    purge: str = Field("0c", description="Taken off the end of what the search is given.", max_length=20)
    embargo: str = Field("0c", description="Lies between that and the test.", max_length=20)
    anchored: bool = Field(False, description="Every search begins where the first does.")


class GroupsAsked(BaseModel):
    """The groups of a cross-validation, and how many are left out at a time; lengths as of a walk-forward."""

    model_config = ConfigDict(extra="forbid")

    groups: int = Field(6, description="Parts of the window, of equal length.")
    test_groups: int = Field(2, description="Left out at a time, in every possible way.")
    purge: str = Field("0c", description="Not searched on either side of a group that is left out.", max_length=20)
    embargo: str = Field("0c", description="Nor beyond that after it.", max_length=20)


class OptimizeRequest(BaseModel):
    """A search for parameters of a system; with `walk_forward` it is made fold by fold, with `cross_validation` in all
    ways to leave groups of the window out. One of the two at most."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "system": "practice-scalping",
                    "window": "january",
                    "parameter_ranges": {"ema_fast": "5..12", "rsi_period": [14, 20]},
                    "conditions": ["ema_fast < ema_slow"],
                    "sampler": "grid",
                    "metric": "sharpe",
                }
            ]
        },
    )

    system: str = Field(description="The id of a system.", max_length=100)
    window: str | None = Field(None, description="One of its windows; default: that of its section, or its first.")
    parameter_ranges: dict[str, Any] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="By name a range (`5..20`, `20..60:10`, `0.0001..0.01 log`), choices (`[14, 20]`), or a mapping "
        "with `low`, `high`, `step` and `log`. Left out: what the section of the system varies.",
    )
    conditions: list[Text] | None = Field(None, max_length=50, examples=[["ema_fast < ema_slow"]])
    sampler: str | None = Field(None, description="`grid`, `random`, `qmc`, `tpe`, `cmaes`, `nsga2` or `genetic`.")
    trials: int | None = Field(None, description="How many points are tried; a grid has all of its own.")
    metric: Text | None = Field(None, description="A figure, an expression, or `composite`; `:min` or `:max` behind.")
    metrics: list[Text] | None = Field(None, min_length=1, max_length=5, description="Several in the place of one.")
    seed: int | None = Field(None, description="Of everything that is drawn.")
    batch: int | None = Field(None, description="Points that are asked before the sampler learns.")
    min_trades: int | None = Field(None, description="Fewer closed trades leave a trial unranked.")
    best: int | None = Field(None, description="How many of the best are run again with all their outputs.")
    walk_forward: FoldsAsked | None = None
    cross_validation: GroupsAsked | None = Field(None, description="Of a `grid`, `random` or `qmc` sampler.")
    processes: int = Field(2, ge=1, le=16, description="That make the runs, of the machine of the worker.")
    offline: bool = Field(False, description="Use what is stored and never the network.")


class OptimizeStarted(BaseModel):
    """A search that was asked for."""

    optimization_id: str = Field(description="Names the search for ever.", examples=["o12"])
    job: int = Field(examples=[12])
    status: Status = Field(examples=["PENDING"])
    total_combinations: int | None = Field(
        description="Different points, conditions aside; null where a parameter takes any value of its range.",
        examples=[16],
    )
    trials: int = Field(description="How many are made at most, in all folds or ranges.", examples=[16])
    estimated_time_minutes: float | None = Field(
        description="By what a trial took in the last search of this system and window; null where there is none: "
        "then the search itself says it as soon as its first trials are measured."
    )
    message: str


class OptimizationRow(BaseModel):
    """A search in a list."""

    optimization_id: str = Field(description="`o12` of job 12; a number of one that no job makes.")
    study: int | None = Field(description="Its number for the commands; null before a worker has begun it.")
    job: int | None
    kind: Literal["study", "walk-forward", "cross-validation"]
    name: str
    status: Status
    progress: Progress | None
    estimated_time_minutes: float | None = Field(description="Until it is through; null where nothing tells it.")
    system: str | None
    window: str | None = Field(description="The name of its window.")
    start: str | None
    end: str | None
    strategy: str | None
    sampler: str | None
    metric: str | None
    seed: int | None
    created: str | None
    ended: str | None
    failure: str | None


class BestTrial(BaseModel):
    """One of the best trials."""

    number: int
    params: dict[str, str]
    objectives: list[float] | None
    trades: int | None
    figures: dict[str, float | None]
    probabilistic_sharpe: float | None = Field(description="How sure its Sharpe ratio is above 0, alone.")
    deflated_sharpe: float | None = Field(description="The same as the best of all that were tried.")
    again: str | None = Field(description="What came of running it again.")


class OptimizationDetail(OptimizationRow):
    """A search with its best trials and how much of it is luck."""

    total_combinations: int | None = None
    trials: int | None = None
    counts: dict[str, int] | None = Field(None, description="Trials by what became of them.")
    parameters: dict[str, str] = Field({}, description="What is varied, as it was written.")
    conditions: list[str] = []
    best: list[BestTrial] = []
    front: list[int] = Field([], description="Trials that no other beats in all objectives; of several objectives.")
    sentences: list[str] = Field([], description="What luck and the neighbourhood of the best say of it.")
    warnings: list[str] = []
    result: dict[str, Any] | None = Field(None, description="Of a walk-forward or a cross-validation: its folds.")
    request: dict[str, Any] | None = None
