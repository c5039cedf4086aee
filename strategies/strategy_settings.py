"""Settings of the strategy section: which strategy, and its parameters."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from core.settings_section import Allowed, PathText, PlainText, SettingsSection

DEFAULT_STRATEGY = "scalping_ema_rsi"
PROGRAM_KEYS = ("file", "decisions", "pools", "schedule", "halt_after", "call_seconds")
"""The keys of a program's section; once read, they are parameters."""


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _is_unsaid(value: object) -> bool:
    """Return whether a key says nothing; documents of strategies that are no programs stay as they are."""
    return value is None or value == ()


StrategyName = Annotated[
    PlainText,
    Allowed(
        "a registered name, program, or package.module:ClassName or path/to/file.py:ClassName of a class of your own"
    ),
]
Params = Annotated[dict[str, object], Allowed("a section with the parameters of the strategy")]
PoolIds = Annotated[
    tuple[PlainText, ...],
    BeforeValidator(_as_tuple),
    Field(max_length=100),
    Allowed("a list of at most 100 ids of pools"),
]
ScheduleText = Annotated[PlainText, Allowed("a length such as 1h, 4h or 1d, or five cron fields in UTC, in quotes")]


class StrategySettings(SettingsSection):
    """Which strategy trades and with which parameters; the parameters are checked by the model of their strategy."""

    type: StrategyName = Field(DEFAULT_STRATEGY, description="The strategy that trades")
    params: Params = Field(
        default_factory=dict, description="Parameters of the strategy; what is left out has its default"
    )
    file: PathText | None = Field(None, exclude_if=_is_unsaid, description="The file of a program")
    decisions: PathText | None = Field(
        None, exclude_if=_is_unsaid, description="A file of decisions on record, in the place of a program"
    )
    pools: PoolIds = Field((), exclude_if=_is_unsaid, description="The signal pools that wake a program, in order")
    schedule: ScheduleText | None = Field(
        None, exclude_if=_is_unsaid, description="When the clock wakes a program; null is never"
    )
    halt_after: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, exclude_if=_is_unsaid, description="Problems in a row after which a program is halted; null is 5"
    )
    call_seconds: Annotated[float, Field(gt=0, le=60)] | None = Field(
        None, exclude_if=_is_unsaid, description="Processor time that one call of a program may take; null is 0.25"
    )
