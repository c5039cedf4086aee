"""What a view of a session is told, as values; what it asks for in turn is never part of the session's state."""

from typing import Literal, NamedTuple, Protocol

from core.candle import Candle
from engine.journal_records import CommandRecord, MissingRecord
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import Note


class FormingCandle(NamedTuple):
    """The running state of a symbol's candle, the finest that the session has."""

    symbol: str
    candle: Candle


class ConnectionChange(NamedTuple):
    """A change of the connection; ``connected`` comes when every feed is."""

    event: Literal["connected", "disconnected", "stale", "unreadable"]
    detail: str


class StepDone(NamedTuple):
    """A processed step, and how long after its last candle its outputs were written."""

    closed: ClosedStep
    delay_seconds: float


class SessionFailed(NamedTuple):
    """The session ends by what went wrong, and not because it was asked to."""

    reason: str


SessionUpdate = FormingCandle | ConnectionChange | StepDone | Note | MissingRecord | CommandRecord | SessionFailed
"""Besides: a candle that did not become part of a step, what a step goes on without, a command that was obeyed."""


class SessionView(Protocol):
    """Is told what the session does."""

    def take(self, update: SessionUpdate) -> None:
        """Take one update, in order."""
        ...
