"""A client of the streams of a dashboard: reads server-sent events in a thread of its own."""

import json
import threading
import urllib.request
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.support.dashboards import Dashboard
from tests.support.waiting import wait_until


class Listener:
    """Hears what a server tells on some topics, from entering on; ``messages`` are as they came."""

    def __init__(self, server: Dashboard, topics: str) -> None:
        self.messages: list[dict[str, Any]] = []
        self._answer = urllib.request.urlopen(server.request(f"/api/events?topics={topics}"), timeout=60)
        self._begun = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        self._begun.wait(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answer.fp.raw._sock.shutdown(2)  # type: ignore[union-attr]
        self._reader.join(30)
        self._answer.close()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the messages."""
        return [one["seq"] for one in self.messages]

    def kinds(self, topic: str) -> set[str]:
        """Return the kinds that came on a topic."""
        return {one["kind"] for one in self.messages if one["topic"] == topic}

    def data(self, kind: str) -> list[dict[str, Any]]:
        """Return what messages of a kind said."""
        return [one["data"] for one in self.messages if one["kind"] == kind]

    def wait_for(self, kind: str, holds: Callable[[dict[str, Any]], object]) -> None:
        """Wait for a message."""
        wait_until(lambda: any(holds(one) for one in self.data(kind)), lambda: str(self.messages[-5:]))

    def _read(self) -> None:
        try:
            for line in self._answer:
                self._begun.set()
                if line.startswith(b"data: "):
                    self.messages.append(json.loads(line[6:]))
        except (OSError, ValueError):
            return
