"""Errors of the program, grouped by what the operator does next.

::

    HarnessError
    ├── ConfigurationError      exit 2   stop before the start: name file, key, value, what is allowed
    ├── DataUnavailableError    exit 3   fetch or import the named range, then run again
    ├── StrategyError           exit 2   the strategy raised or returned nonsense: named with symbol and candle
    ├── CandleError             refused  this datum is refused and counted, the run goes on
    ├── FeedError               retry    reconnect
    ├── StoreError              exit 1   stop, nothing half-written
    ├── ParityError             exit 4   names the first difference
    └── InvariantError          crash    a defect of the program, never swallowed
"""

from typing import ClassVar


class HarnessError(Exception):
    """Root of every error the program raises on purpose; ``exit_code`` is what a command returns for it."""

    exit_code: ClassVar[int] = 1


class ConfigurationError(HarnessError, ValueError):
    """A setting or an argument is missing, unknown or impossible."""

    exit_code = 2


class DataUnavailableError(HarnessError):
    """Candles that were asked for are not stored and could not be fetched."""

    exit_code = 3


class StrategyError(HarnessError):
    """The strategy raised, or returned something that is no signal."""

    exit_code = 2


class CandleError(HarnessError, ValueError):
    """One row of market data breaks a rule; it is refused and counted."""


class FeedError(HarnessError):
    """The exchange connection failed; reconnecting may help."""


class StoreError(HarnessError):
    """A file could not be read or written; nothing was left half-written."""


class ParityError(HarnessError):
    """Two runs that must agree do not."""

    exit_code = 4


class InvariantError(HarnessError):
    """Something that cannot happen happened: a defect of this program."""
