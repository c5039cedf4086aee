"""What a session may ask of a user's program, and of features behind which one is called."""

import abc
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from core.candle import FundingRate, OpenInterest
from core.events import Recorder
from core.programs.program_call import ProgramFault
from core.trading_signal import Signal

SignalFault = Callable[[Signal, float], str | None]
"""Says what is wrong with a signal at a close; None where it is sound."""


class ReadsOpenInterest(abc.ABC):
    """A strategy that is told open interest: a program.

    Any other may have attributes of these names, which ask for nothing.
    """

    @property
    @abc.abstractmethod
    def open_interest_periods(self) -> tuple[str, ...]:
        """The periods that it reads, the shortest first."""


@runtime_checkable
class CallsProgram(Protocol):
    """Calls a program at its triggers, tells every call, and lets go of what runs it."""

    def judge(self, recorder: Recorder, fault: SignalFault) -> None:
        """Take what is told of every call, and what says whether a signal is one."""
        ...

    def fund(self, symbol: str, rates: Sequence[FundingRate]) -> None:
        """Take funding rates that became known."""
        ...

    def interest(self, symbol: str, rows: Sequence[OpenInterest]) -> None:
        """Take open interest that became known, oldest first."""
        ...

    def recall(self, faults: Mapping[int, ProgramFault] | None) -> None:
        """Run through calls that a session has made, of which these failed by their machine; None: that is over.

        By the number of the call. Any other is given time enough, as it had it.
        """
        ...

    def machine_faults(self) -> Sequence[tuple[int, ProgramFault]]:
        """Return which calls failed by the machine since it was asked last, by their numbers."""
        ...

    def unwoken(self) -> Sequence[str]:
        """Return why the program was never called; nothing where it was."""
        ...

    def close(self) -> None:
        """End what runs the program beside this process; a call after it begins another one."""
        ...
