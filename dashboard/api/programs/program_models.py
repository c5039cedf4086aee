"""What the routes of programs take and give."""

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from dashboard.api.backtest_models import Costs
from dashboard.api.pages import iso
from dashboard.api.session_models import Rehearsed
from runs.store.store_rows import ProgramVersion
from strategies.programs.sandbox.finding import Finding
from strategies.programs.sandbox.limits import LONGEST_TEXT
from strategies.programs.sandbox.reads import Reads

PROGRAM = """\
def decide(market, account, trigger):
    rsi = market.get_indicator(trigger.symbol, "rsi(14)", "1h")
    if trigger.symbol in account.positions or rsi["value"] is None:
        return None
    price = market.get_current_prices()[trigger.symbol]
    if rsi["value"] < 30:
        return Decision("buy", stop=price * 0.98, targets=[price * 1.03], reason="oversold")
    return None
"""


class FindingView(BaseModel):
    """One place of a program's text."""

    line: int = Field(description="From 1.")
    column: int = Field(description="From 1.")
    level: Literal["error", "warning"] = Field(description="An `error` keeps the program from running.")
    what: str
    allowed: str = Field(description="What can be written instead.")

    @classmethod
    def of(cls, found: Finding) -> Self:
        """Return a finding of a check."""
        return cls(line=found.line, column=found.column, level=found.level, what=found.what, allowed=found.allowed)


class ReadsView(BaseModel):
    """What a program reads of the market, as its text says; an empty period is that of the session's own candles."""

    indicators: list[tuple[str, str]] = Field(description="Indicator and period.", examples=[[["rsi(14)", "1h"]]])
    klines: dict[str, int] = Field(description="By period: the most candles at a time.", examples=[{"1h": 50}])
    flows: list[tuple[str, str]] = Field(description="Metric and period.", examples=[[["funding", ""]]])
    regimes: list[str] = Field(description="Periods.", examples=[["1h"]])

    @classmethod
    def of(cls, reads: Reads) -> Self:
        """Return the reads of a text."""
        return cls(
            indicators=list(reads.indicators),
            klines=reads.klines,
            flows=list(reads.flows),
            regimes=list(reads.regimes),
        )


class CheckRequest(BaseModel):
    """A program's text, which is read and not run."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": PROGRAM}]})

    text: str = Field(max_length=LONGEST_TEXT)


class CheckView(BaseModel):
    """What the check of a text finds."""

    sound: bool = Field(description="Whether it has no error; warnings may be there.")
    findings: list[FindingView]
    reads: ReadsView


class KeepProgram(BaseModel):
    """A text that is kept as the next version of a program."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": PROGRAM, "note": "buys what is oversold"}]}
    )

    text: str = Field(max_length=LONGEST_TEXT)
    note: str | None = Field(None, max_length=500, description="What is to be known of this version.")
    after: int | None = Field(
        None,
        ge=0,
        le=1_000_000,
        description="The version that it rests on, 0 where there was none: refused where another is the last by now.",
    )


class VersionView(BaseModel):
    """A version of a program."""

    version: int = Field(description="From 1.")
    sha256: str = Field(description="Of its text in UTF-8.")
    saved: str | None
    note: str | None

    @classmethod
    def of(cls, kept: ProgramVersion) -> Self:
        """Return a version."""
        sha256 = hashlib.sha256((kept.text or "").encode()).hexdigest()
        return cls(version=kept.version, sha256=sha256, saved=iso(kept.saved_ms), note=kept.note)


class ProgramRow(VersionView):
    """The last version of a program."""

    name: str = Field(examples=["rsi_dip"])
    lines: int

    @classmethod
    def of(cls, kept: ProgramVersion) -> Self:
        """Return the version as lists show it."""
        lines = len((kept.text or "").splitlines())
        return cls(**VersionView.of(kept).model_dump(), name=kept.program, lines=lines)


class ProgramDetail(ProgramRow, CheckView):
    """A version of a program with its text, what a check of it finds, and which versions there are."""

    text: str
    versions: list[VersionView] = Field(description="The newest first.")


class OnMarket(BaseModel):
    """A program that is kept on a market: when it is woken, and what the configuration has for it."""

    version: int | None = Field(None, ge=1, le=1_000_000, description="Of the program; left out: its last.")
    pools: list[str] = Field([], max_length=50, description="Ids of pools that wake it, in the order in which they do.")
    schedule: str | None = Field(
        None, max_length=100, description="`1h`, `4h`, `1d`, or five cron fields in UTC.", examples=["30 8 * * 1-5"]
    )
    config: str | None = Field(None, description="A file of the folder of configurations; default: `live.yaml`.")
    exchange: str | None = None
    symbols: list[str] | None = Field(None, min_length=1, max_length=200)
    timeframe: str | None = Field(None, examples=["15m"])
    initial_capital: str | float | None = Field(None, description="In quote currency.", examples=["10000"])
    position_size: float | None = Field(None, gt=0, le=1_000, description="As of a backtest.", examples=[0.05])
    risk_per_trade: float | None = Field(None, gt=0, le=1, description="As of a backtest.", examples=[0.01])
    costs: Costs | None = None
    overrides: dict[str, Any] = Field({}, description="Any other keys of the configuration, as sections.")


class ProgramRunRequest(OnMarket):
    """A run of a program that is kept."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "pools": ["rsi-dip"],
                    "schedule": "4h",
                    "config": "practice.yaml",
                    "symbols": ["BTC/USDT"],
                    "timeframe": "15m",
                    "start_date": "2024-01-01",
                    "end_date": "2024-02-01",
                    "initial_capital": "10000",
                }
            ]
        },
    )

    name: str | None = Field(None, max_length=200, description="What the run is called.")
    start_date: str | None = Field(None, description="The first candle's open, UTC.", examples=["2024-01-01"])
    end_date: str | None = Field(None, description="The end, exclusive.", examples=["2024-02-01"])
    offline: bool = Field(False, description="Use what is stored and never the network.")


class ProgramSessionRequest(OnMarket):
    """A paper session of a program that is kept: live, or rehearsed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "pools": ["rsi-dip"],
                    "schedule": "4h",
                    "config": "practice.yaml",
                    "rehearsal": {"start": "2024-01-01", "speed": 20000, "duration": "2d"},
                    "name": "first-rehearsal",
                }
            ]
        },
    )

    rehearsal: Rehearsed | None = None
    duration: str | None = Field(None, max_length=20, description="Exchange time after which it ends; default: never.")
    name: str | None = Field(None, max_length=100, description="Of its folder; default: exchange, timeframe and time.")
