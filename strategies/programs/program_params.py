"""What a program is made of besides the kernel: its text, the pools and the schedule that wake it, its limits."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem
from core.settings_section import Allowed, PlainText, SettingsSection
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.triggers.schedule import Schedule
from strategies.programs.triggers.signal_pool import SignalPool

HALT_AFTER = 5
"""Problems in a row after which a program is not called any more, where nothing else is said."""

Code = Annotated[str, Allowed("the text of a program")]
Pools = Annotated[dict[str, dict[str, Any]], Allowed("a section with a pool for each id")]


class ProgramParams(SettingsSection):
    """The parameters of the strategy ``program``: everything that decides, so that no file is read any more.

    ``pools`` has the pools by id, as their files have them, in the order in which they wake.
    """

    name: PlainText = Field("program", description="What trade logs and messages call the program")
    code: Code = Field(description="The program's text")
    pools: Pools = Field(default_factory=dict, description="The signal pools that wake it, by id")
    schedule: PlainText | None = Field(None, description="When the clock wakes it; null is never")
    halt_after: int = Field(
        HALT_AFTER, ge=1, le=1000, description="Problems in a row after which it is not called any more"
    )
    call_seconds: float = Field(0.25, gt=0, le=60, description="Most processor time of one call")

    def broken_rules(self) -> Iterable[SettingsProblem]:
        """Yield pools and schedules that are none, and a program that nothing wakes."""
        for read in (self.text, self.signal_pools, self.scheduled, self.limits):
            try:
                read()
            except ConfigurationError as error:
                yield from error.facts or (SettingsProblem("code", str(error)),)
        if not self.pools and self.schedule is None:
            yield SettingsProblem("pools", "nothing wakes the program", "allowed: pools, a schedule, or both")

    def text(self) -> ProgramText:
        """Return the program."""
        return ProgramText.of(self.code, f"{self.name}.py")

    def signal_pools(self) -> tuple[SignalPool, ...]:
        """Return the pools, in order."""
        return tuple(pool_of(name, values) for name, values in self.pools.items())

    def scheduled(self) -> Schedule | None:
        """Return the schedule; None without one."""
        return None if self.schedule is None else Schedule.of(self.schedule)

    def limits(self) -> ProgramLimits:
        """Return the limits of its calls."""
        return ProgramLimits(call_seconds=self.call_seconds)
