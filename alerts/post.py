"""Takes alerts from whoever has something to tell, writes them down and hands them to the channels."""

import fnmatch
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Self

from alerts.alert import Alert, gravity
from alerts.alert_settings import AlertSettings, ChannelSettings
from alerts.backoff import Backoff
from alerts.channel import Channel
from alerts.lane import ChannelHealth, Lane
from alerts.outbox import Outbox

_MOST_AT_ONCE = 500


class Post:
    """Sends alerts beside the program, from the start of the block to its end.

    :meth:`put` costs microseconds and does no I/O: a disk or a service that fails or is slow holds up nobody. A thread
    writes what was put into the outbox, one for each channel sends.

    Parameters
    ----------
    settings
        How alerts are sent.
    channels
        Each channel of the settings by its name.
    outbox
        Where they are written down; what an earlier process left there unconfirmed is sent first.
    """

    def __init__(self, settings: AlertSettings, channels: Mapping[str, Channel], outbox: Outbox) -> None:
        self.settings = settings
        self._outbox = outbox
        self._queue: queue.Queue[Alert | None] = queue.Queue(settings.queue_size)
        self._lost = 0
        self._losing = threading.Lock()
        backoff = Backoff(settings.retry_first_seconds, settings.retry_most_seconds)
        self._lanes = {
            one.name: Lane(one, channels[one.name], backoff, outbox, settings.queue_size) for one in settings.channels
        }
        self._untold = dict.fromkeys(self._lanes, 0)
        self._writer = threading.Thread(target=self._write_all, name="alerts", daemon=True)

    def __enter__(self) -> Self:
        for alert, names in self._outbox.unconfirmed:
            for name in names:
                if name in self._lanes:
                    self._lanes[name].offer(alert)
        for lane in self._lanes.values():
            lane.start()
        self._writer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        # Who leaves at once does not wait for a service; what is not sent stands in the outbox.
        self.close(0.0 if kind is not None and issubclass(kind, KeyboardInterrupt) else self.settings.close_seconds)

    @property
    def heard(self) -> int | None:
        """The highest sequence that was ever put into this outbox; None where nothing was."""
        return max(self._outbox.told.values(), default=None)

    def put(self, alert: Alert) -> None:
        """Take an alert; may be called from any thread. One that was told before, by its id, is not told again."""
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            with self._losing:
                self._lost += 1

    def health(self) -> Sequence[ChannelHealth]:
        """Return how each channel fares, the file of the alerts included."""
        trouble = self._outbox.trouble
        found = [one.health() for one in self._lanes.values()]
        return [one._replace(trouble=one.trouble or trouble) for one in found] if trouble else found

    def close(self, seconds: float) -> None:
        """Write everything down, and send what can be sent within so many seconds."""
        ends_at = time.monotonic() + seconds
        try:
            self._queue.put(None, timeout=max(seconds, 1.0))
        except queue.Full:
            return  # A disk that takes nothing; its thread is a daemon and ends with the process.
        self._writer.join(max(seconds, 1.0))
        for lane in self._lanes.values():
            lane.close(ends_at)
        for lane in self._lanes.values():
            lane.join()

    def _write_all(self) -> None:
        while self._write(self._taken()):
            pass

    def _taken(self) -> list[Alert | None]:
        """Return what waits, when something does."""
        taken = [self._queue.get()]
        while len(taken) < _MOST_AT_ONCE and taken[-1] is not None:
            try:
                taken.append(self._queue.get_nowait())
            except queue.Empty:
                break
        return taken

    def _write(self, taken: Sequence[Alert | None]) -> bool:
        """Write alerts down and hand them on; return whether more may come."""
        told = self._outbox.told
        wanted: list[tuple[Alert, tuple[str, ...]]] = []
        for one in taken:
            if one is None or one.id in told:
                continue
            names = tuple(name for name, lane in self._lanes.items() if wants(lane.settings, one))
            if names:
                told[one.id] = one.sequence
                wanted.append((one, names))
        if wanted:
            self._outbox.record(wanted)
            with self._losing:
                lost, self._lost = self._lost, 0
            untold = self._untold = {name: before + lost for name, before in self._untold.items()}
            for alert, names in wanted:
                for name in names:
                    self._lanes[name].offer(alert, untold[name])
                    untold[name] = 0
        return None not in taken


def wants(settings: ChannelSettings, alert: Alert) -> bool:
    """Return whether a channel is told of an alert; one that belongs to no symbol passes a filter by symbols."""
    if settings.kinds and alert.kind not in settings.kinds and alert.kind != "test":
        return False
    if gravity(alert.severity) < gravity(settings.severity) and alert.kind != "test":
        return False
    return (
        _passes(settings.sessions, alert.session)
        and _passes(settings.systems, alert.system)
        and _passes(settings.symbols, alert.symbol)
        and _passes(settings.strategies, alert.strategy)
    )


def _passes(patterns: Sequence[str], name: str) -> bool:
    return not patterns or not name or any(fnmatch.fnmatchcase(name, one) for one in patterns)
