"""A websocket client for tests of the practice exchange: reads kline streams in a thread of its own."""

import json
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from practice.exchange import PracticeExchange

PATIENCE_S = 10.0


class StreamReader:
    """Connects, subscribes by the address, and keeps every frame in ``frames`` until the connection ends."""

    def __init__(self, exchange: PracticeExchange, names: Sequence[str], *, path: str = "/stream?streams=") -> None:
        self.frames: list[str | bytes] = []
        self.ended = threading.Event()
        self.abnormal = False
        self.close_code: int | None = None
        opened = exchange.connections_opened
        self.connection: ClientConnection = connect(
            exchange.stream_url + path + "/".join(names), ping_interval=None, close_timeout=0.5, max_queue=None
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        wait_until(lambda: exchange.connections_opened > opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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

    def _read(self) -> None:
        try:
            while True:
                self.frames.append(self.connection.recv())
        except ConnectionClosed as closed:
            self.abnormal = isinstance(closed, ConnectionClosedError)
            self.close_code = closed.rcvd.code if closed.rcvd else None
        self.ended.set()


def wait_until(condition: Any, words: Any = lambda: "what is waited for does not come") -> None:
    """Wait until a condition holds; AssertionError after some seconds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(words())
        time.sleep(0.002)
