"""What a program is made of besides the kernel: its text, the pools and the schedule that wake it, its limits."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec
from pydantic import BeforeValidator, Field

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem
from core.settings_section import Allowed, PlainText, SettingsSection
from core.symbol_spelling import same_symbols
from strategies.programs.recorded_decisions import RecordedDecisions
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.triggers.pool_settings import pool_of
from strategies.programs.triggers.schedule import Schedule
from strategies.programs.triggers.signal_pool import SignalPool
from strategies.programs.triggers.trigger_watch import TriggerWatch, named_pool

HALT_AFTER = 5
"""Problems in a row after which a program is not called any more, where nothing else is said."""


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Code = Annotated[str, Allowed("the text of a program")]
Answers = Annotated[str, Allowed("the text of decisions on record, a line of JSON each")]
Pools = Annotated[
    tuple[dict[str, Any], ...],
    BeforeValidator(_as_tuple),
    Allowed("a list of pools, each with its id beside the keys of its file"),
]
ScheduleText = Annotated[PlainText, Allowed("a length such as 1h, 4h or 1d, or five cron fields in UTC")]
HaltAfter = Annotated[int, Field(ge=1, le=1000)]
CallSeconds = Annotated[float, Field(gt=0, le=60)]


class ProgramParams(SettingsSection):
    """The parameters of the strategy ``program``: everything that decides, so that no file is read any more.

    ``pools`` stand in the order in which they wake, each as its file has it and with its ``id``.
    """

    name: PlainText = Field("program", description="What trade logs and messages call the program")
    code: Code = Field("", description="The program's text")
    answers: Answers | None = Field(
        None, exclude_if=lambda value: value is None, description="Decisions on record, which stand in for a text"
    )
    pools: Pools = Field((), description="The signal pools that wake it")
    schedule: ScheduleText | None = Field(None, description="When the clock wakes it, in UTC; null is never")
    halt_after: HaltAfter = Field(HALT_AFTER, description="Problems in a row after which it is not called any more")
    call_seconds: CallSeconds = Field(0.25, description="Most processor time of one call, in seconds")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield pools and schedules that are none, and a program that nothing wakes."""
        if bool(self.code) is (self.answers is not None):
            both = "and answers are both there" if self.code else "is missing"
            yield SettingsProblem("code", both, "allowed: the text of a program, or answers in its place")
        reads: tuple[tuple[str, Callable[[], object]], ...] = (
            ("code", self.text) if self.answers is None else ("answers", self.recorded),
            ("pools", self.signal_pools),
            ("schedule", self.scheduled),
        )
        for key, read in reads:
            try:
                read()
            except ConfigurationError as error:
                yield from problems_of(error, key)
        if not self.pools and self.schedule is None:
            yield SettingsProblem("pools", "nothing wakes the program", "allowed: pools, a schedule, or both")

    def text(self) -> ProgramText:
        """Return the program; in the place of decisions on record one that reads what theirs read."""
        recorded = self.recorded()
        code = self.code if recorded is None or recorded.head is None else recorded.head.code()
        return ProgramText.of(code, f"{self.name}.{'py' if self.answers is None else 'jsonl'}")

    def recorded(self) -> RecordedDecisions | None:
        """Return the decisions on record that stand in for the program, none of them asked for yet."""
        return None if self.answers is None else RecordedDecisions.of(self.answers, f"{self.name}.jsonl")

    def signal_pools(self) -> tuple[SignalPool, ...]:
        """Return the pools, in order."""
        found: list[SignalPool] = []
        for values in self.pools:
            own = dict(values)
            id_ = own.pop("id", None)
            if id_ is None:
                missing = SettingsProblem("id", "is missing", "allowed: what the pool is called by, beside its keys")
                raise ConfigurationError.of(missing.of(f"pool {len(found) + 1}"))
            found.append(pool_of(own, id_, named_pool(id_)))
        return tuple(found)

    def watch(self, traded: Sequence[str], watched: Sequence[str] | None, own_ms: int) -> TriggerWatch:
        """Return what wakes the program in a session that trades some symbols, on candles so long.

        Raises
        ------
        ConfigurationError
            As of a :class:`~strategies.programs.triggers.trigger_watch.TriggerWatch`, whose ``watched`` is that here.
        """
        symbols = (*traded, *(watched or ()))
        pools = [_spelled(one, symbols) for one in self.signal_pools()]
        return TriggerWatch(pools, self.scheduled(), traded, own_ms, watched)

    def scheduled(self) -> Schedule | None:
        """Return the schedule; None without one."""
        return None if self.schedule is None else Schedule.of(self.schedule)

    def limits(self) -> ProgramLimits:
        """Return the limits of its calls."""
        return ProgramLimits(call_seconds=self.call_seconds)


def problems_of(error: ConfigurationError, key: str) -> Iterable[SettingsProblem]:
    """Yield what an error names as problems of a key; what it read from a file is named with that."""
    for fact in error.facts:
        wrong = fact.wrong if not fact.file else fact._replace(allowed="").line()
        yield SettingsProblem(key, wrong, fact.allowed)
    if not error.facts:
        for line in str(error).splitlines():
            yield SettingsProblem(key, line)


def _spelled(pool: SignalPool, symbols: Sequence[str]) -> SignalPool:
    """Return a pool with its symbols as the session spells them, where it has them."""
    conditions = tuple(
        msgspec.structs.replace(one, symbol=_one_of(one.symbol, symbols)) if one.symbol else one
        for one in pool.conditions
    )
    return msgspec.structs.replace(
        pool, conditions=conditions, symbols=tuple(_one_of(one, symbols) for one in pool.symbols)
    )


def _one_of(symbol: str, symbols: Sequence[str]) -> str:
    named = same_symbols(symbol, symbols)
    return named[0] if len(named) == 1 else symbol
