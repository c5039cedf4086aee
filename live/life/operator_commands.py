"""What an operator asks of a running session, as the records that its journal takes."""

import logging
import queue
import time
from collections.abc import Callable, Collection, Iterator

from core.errors import ConfigurationError
from engine.journal_records import CommandRecord
from live.life.command_inbox import CommandInbox
from live.life.kill_switch_watch import KillSwitchWatch
from live.views.session_log import key_values

LOOK_SECONDS = 0.2
"""Least time between two looks at the kill switch and the inbox, each of which is one at the file system."""

_log = logging.getLogger("live.session")


class OperatorCommands:
    """Collects commands from any thread and hands them out between two steps.

    Parameters
    ----------
    kill_switch
        The switch; what engages or releases it becomes a command too.
    symbols
        Configured spellings that a command may name.
    inbox
        Where other processes leave commands; None where none can.
    """

    def __init__(
        self,
        kill_switch: KillSwitchWatch,
        symbols: Collection[str],
        monotonic: Callable[[], float] = time.monotonic,
        inbox: CommandInbox | None = None,
    ) -> None:
        self._kill_switch = kill_switch
        self._symbols = symbols
        self._monotonic = monotonic
        self._inbox = inbox
        self._looked_at = float("-inf")
        self._given: queue.SimpleQueue[CommandRecord] = queue.SimpleQueue()

    def give(self, command: CommandRecord) -> None:
        """Take a command; it acts once it is journalled, which :meth:`due` brings about.

        Raises
        ------
        ConfigurationError
            If it names a symbol that the session does not trade.
        """
        if command.symbol is not None and command.symbol not in self._symbols:
            known = ", ".join(self._symbols)
            raise ConfigurationError(f"{command.command} {command.symbol}: the session trades {known}")
        if command.command == "kill":
            self._kill_switch.engage(command.by)
        elif command.command == "release":
            self._kill_switch.release(command.by)
        else:
            self._given.put(command)

    def due(self, killed: bool) -> Iterator[CommandRecord]:
        """Yield what is to be obeyed now; ``killed`` is whether the session's kill switch is engaged."""
        now = self._monotonic()
        looks = now - self._looked_at >= LOOK_SECONDS
        if looks:
            self._looked_at = now
            self._take_left()
        while not self._given.empty():
            yield self._given.get_nowait()
        if not looks:
            return
        engaged, by = self._kill_switch()
        if engaged != killed:
            yield CommandRecord("kill" if engaged else "release", by)
        if self._inbox is not None:
            # Whoever asks for more has journalled all of the above.
            self._inbox.done()

    def _take_left(self) -> None:
        """Take what other processes have left; one that cannot be obeyed is logged."""
        for command in () if self._inbox is None else self._inbox.waiting():
            try:
                self.give(command)
            except ConfigurationError as error:
                _log.warning("%s", key_values(event="command_refused", by=command.by, detail=str(error)))
