"""Errors of the program, grouped by what the operator does next; each carries its facts beside its sentence.

::

    HarnessError
    ├── ConfigurationError      exit 2   stop before the start: name file, key, value, what is allowed
    ├── DataUnavailableError    exit 3   fetch or import the named range, then run again
    ├── StrategyError           exit 2   the strategy raised or returned nonsense: named with symbol and candle
    ├── CandleError             refused  this datum is refused and counted, the run goes on
    ├── FeedError               retry    reconnect
    ├── StoreError              exit 1   stop, nothing half-written
    ├── ParityError             exit 4   names the first difference
    ├── Uncovered               goes on  the compiled rules have not what a run needs: the reference kernel makes it
    └── InvariantError          crash    a defect of the program, never swallowed
"""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from core.plain_text import escaped

if TYPE_CHECKING:
    from core.settings_problem import SettingsProblem


class HarnessError(Exception):
    """Root of every error the program raises on purpose; ``exit_code`` is what a command returns for it.

    Facts are fields for programs, None or empty where the error is not of one; the sentence has them too. Each argument
    is a line; text from outside that a line quotes is escaped, so that it cannot begin one of its own.
    """

    exit_code: ClassVar[int] = 1

    def __str__(self) -> str:
        return "\n".join(map(escaped, self.args))


class ConfigurationError(HarnessError, ValueError):
    """A setting or an argument is missing, unknown or impossible; ``facts`` are the problems with file and key."""

    exit_code = 2

    def __init__(self, *lines: str, facts: "tuple[SettingsProblem, ...]" = ()) -> None:
        super().__init__(*lines)
        self.facts = facts

    @classmethod
    def of(cls, *facts: "SettingsProblem") -> Self:
        """Return the error whose sentence is a line for each problem."""
        return cls(*(problem.line() for problem in facts), facts=facts)


class DataUnavailableError(HarnessError):
    """Candles that were asked for are not stored and could not be fetched: ``[start_ms, end_ms)`` of the symbols."""

    exit_code = 3

    def __init__(
        self,
        message: str = "",
        *,
        symbols: tuple[str, ...] = (),
        timeframe: str | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.symbols, self.timeframe, self.start_ms, self.end_ms = symbols, timeframe, start_ms, end_ms


class StrategyError(HarnessError):
    """The strategy raised, or returned something that is no signal, on a symbol's candle that opened at a time."""

    exit_code = 2

    def __init__(
        self,
        message: str = "",
        *,
        strategy: str | None = None,
        symbol: str | None = None,
        open_time_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.strategy, self.symbol, self.open_time_ms = strategy, symbol, open_time_ms


class CandleError(HarnessError, ValueError):
    """One row of market data breaks a rule; it is refused and counted."""

    def __init__(self, message: str = "", *, open_time_ms: int | None = None) -> None:
        super().__init__(message)
        self.open_time_ms = open_time_ms


class FeedError(HarnessError):
    """The exchange connection failed; reconnecting may help. ``symbol`` is the one that was asked for."""

    def __init__(self, message: str = "", *, symbol: str | None = None) -> None:
        super().__init__(message)
        self.symbol = symbol


class StoreError(HarnessError):
    """A file could not be read or written; nothing was left half-written. ``path`` is the file or folder."""

    def __init__(self, message: str = "", *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path

    @classmethod
    def of(cls, doing: str, path: Path, error: OSError, more: str = "") -> Self:
        """Return the error of a file that the system refuses: ``cannot write FILE: no space left`` and what follows."""
        return cls(f"cannot {doing} {path}: {error.strerror or error}{more}", path=path)


class Uncovered(HarnessError):
    """The compiled rules do not cover a run; the message says why, as the end of a sentence."""


class ParityError(HarnessError):
    """Two runs that must agree do not; ``step_ms`` is the first step in which they part."""

    exit_code = 4

    def __init__(self, message: str = "", *, step_ms: int | None = None) -> None:
        super().__init__(message)
        self.step_ms = step_ms


class InvariantError(HarnessError):
    """Something that cannot happen happened: a defect of this program."""
