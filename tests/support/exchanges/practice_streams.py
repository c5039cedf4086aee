"""A websocket client for tests of the practice exchange: reads kline streams in a thread of its own."""

import json
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidMessage
from websockets.sync.client import ClientConnection, connect

from practice.exchange import PracticeExchange
from tests.support.waiting import wait_until


class StreamReader:
    """Connects, subscribes by the address, and keeps every frame in ``frames`` until the connection ends.

    ``failed`` says that no connection came about.
    """

    def __init__(self, exchange: PracticeExchange, names: Sequence[str], *, path: str = "/stream?streams=") -> None:
        self.frames: list[str | bytes] = []
        self.ended = threading.Event()
        self.abnormal = False
        self.close_code: int | None = None
        self.connection: ClientConnection
        self._connected = threading.Event()
        opened = exchange.connections_opened
        self.failed = False
        url = exchange.stream_url + path + "/".join(names)
        self._thread = threading.Thread(target=self._read, args=(url,), daemon=True)
        self._thread.start()
        wait_until(lambda: self.ended.is_set() or (self._connected.is_set() and exchange.connections_opened > opened))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.failed:
            self.connection.close()
        self._thread.join()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Kline events so far, unwrapped from combined messages."""
        found = []
        for frame in list(self.frames):
            try:
                message = json.loads(frame)
            except ValueError:
                continue
            event = message.get("data", message) if isinstance(message, dict) else None
            if isinstance(event, dict) and event.get("e") == "kline" and isinstance(event["s"], str):
                found.append(event)
        return found

    @property
    def finals(self) -> list[dict[str, Any]]:
        """Kline events with the closed flag."""
        return [event for event in self.events if event["k"]["x"]]

    def expect_finals(self, count: int) -> list[dict[str, Any]]:
        """Return all finals once there are so many; AssertionError when they do not come, or more do."""
        wait_until(lambda: len(self.finals) >= count, lambda: f"{len(self.finals)} finals of {count}")
        if len(self.finals) > count:
            raise AssertionError(f"{len(self.finals)} finals, {count} expected")
        return self.finals

    def _read(self, url: str) -> None:
        try:
            with connect(url, ping_interval=None, close_timeout=0.5, max_queue=None) as self.connection:
                self._connected.set()
                while True:
                    self.frames.append(self.connection.recv())
        except ConnectionClosed as closed:
            self.abnormal = isinstance(closed, ConnectionClosedError)
            self.close_code = closed.rcvd.code if closed.rcvd else None
        except (OSError, InvalidMessage):
            # Nobody listens at the address.
            self.failed = True
        self.ended.set()
