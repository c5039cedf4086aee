"""What a view of a session is told."""

from typing import Protocol

from core.candle import Candle
from engine.journal_records import CommandRecord, MissingRecord
from live.intake.barrier import ClosedStep
from live.intake.candle_lane import Note


class SessionView(Protocol):
    """Is told what the session does; nothing it shows is part of the session's state."""

    def candle_forming(self, symbol: str, candle: Candle) -> None:
        """Take the running state of a candle, the finest that the session has."""
        ...

    def connection_changed(self, event: str, detail: str) -> None:
        """Take a change of the connection; ``connected`` comes when every feed is."""
        ...

    def step_done(self, closed: ClosedStep, delay_seconds: float) -> None:
        """Take a processed step and how long after its last candle its outputs were written."""
        ...

    def noted(self, note: Note) -> None:
        """Take a candle that did not become part of a step."""
        ...

    def gone_without(self, missing: MissingRecord) -> None:
        """Take a mark candle or funding rate that a step goes on without."""
        ...

    def commanded(self, command: CommandRecord) -> None:
        """Take what an operator asked for, once it has been done."""
        ...
