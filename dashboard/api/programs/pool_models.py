"""What the routes of pools take and give."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.programs.pool_shelf import ShelvedPool

POOL: dict[str, Any] = {
    "name": "oversold",
    "all": [
        {"feature": "rsi(14)", "op": "<", "value": 30},
        {"feature": "close", "op": ">", "value": "ema(200)", "period": "1h"},
    ],
    "cooldown": "4h",
}


class ConditionText(BaseModel):
    """A feature compared with a number or with another feature, as a pool's file has it."""

    model_config = ConfigDict(extra="forbid")

    feature: str = Field(max_length=200, examples=["rsi(14)"])
    op: Literal["<", "<=", ">", ">=", "crosses_above", "crosses_below"]
    value: float | str = Field(description="A number, or another feature.", examples=[30])
    period: str | None = Field(None, max_length=20, description="Left out: the session's own candles.")
    symbol: str | None = Field(None, max_length=50, description="Left out: the symbol that is looked at.")


class PoolText(BaseModel):
    """A pool as its file has it: either `all` or `any`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [POOL]})

    name: str = Field(max_length=200)
    all: list[ConditionText] | None = Field(None, max_length=50, description="Of which every one has to be met.")
    any: list[ConditionText] | None = Field(None, max_length=50, description="Of which one has to be met.")
    symbols: list[str] = Field([], max_length=200, description="Those that are looked at; none is all of them.")
    mode: Literal["edge", "level"] = Field(
        "edge", description="Wakes when the conditions become met, or at every candle at which they are."
    )
    cooldown: str | int | None = Field(
        None, description="How long it is quiet then: a length of time, or candles.", examples=["4h"]
    )

    def values(self) -> dict[str, Any]:
        """Return what was said, as a pool's file would have it."""
        return self.model_dump(exclude_none=True)


class PoolView(BaseModel):
    """A pool, or why it cannot be read."""

    id: str = Field(examples=["rsi-dip"])
    pool: PoolText | None
    version: int | None = Field(description="Of those that are kept here; null for a file of the folder of pools.")
    problem: str | None

    @classmethod
    def of(cls, shelved: ShelvedPool) -> Self:
        """Return a pool as lists show it."""
        pool = None if shelved.pool is None else PoolText.model_validate(shelved.pool.to_dict())
        return cls(id=shelved.id, pool=pool, version=shelved.version, problem=shelved.problem)


class KeepPool(BaseModel):
    """A pool that is kept as the next version of an id."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"pool": POOL}]})

    pool: PoolText
    after: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="The version that it rests on, 0 where there was none: refused where another is the last by now.",
    )
