"""An asyncio server on 127.0.0.1 that runs in a thread of its own."""

import asyncio
import contextlib
import errno
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.command_line import warn
from core.errors import ConfigurationError, InvariantError

HOST = "127.0.0.1"
_START_S = 10.0

T = TypeVar("T")

Serve = Callable[[socket.socket, Callable[[], None], asyncio.Event], Coroutine[None, None, None]]
"""Takes the bound socket, a function to call once the server listens, and the event at which to close."""


def loopback_socket(port: int) -> socket.socket:
    """Return a socket bound to a port of 127.0.0.1 (0: any free one); ConfigurationError if it is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"port {port} of this machine cannot be used: {reason}") from error
    return listener


class LoopbackServer:
    """The thread, its event loop and its listening socket.

    Parameters
    ----------
    name
        Name of the thread.
    serve
        The server: it returns when the event handed to it is set, with all its connections closed.
    port
        0 takes any free port, and keeps it for the next start.
    """

    def __init__(self, name: str, serve: Serve, port: int = 0) -> None:
        self.port = port
        self._name = name
        self._serve = serve
        self._stopping = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen and serve in the background; ConfigurationError if the port is taken."""
        if self._thread is not None:
            raise InvariantError("the server is running already")
        listener = loopback_socket(self.port)
        self.port = listener.getsockname()[1]
        settled, listening = threading.Event(), threading.Event()

        def listens() -> None:
            listening.set()
            settled.set()

        def run() -> None:
            try:
                asyncio.run(self._run(listener, listens))
            finally:
                listener.close()
                settled.set()

        self._thread = threading.Thread(target=run, name=self._name, daemon=True)
        self._thread.start()
        if not settled.wait(_START_S) or not listening.is_set():
            self._thread = None
            raise InvariantError("the server did not start")

    def stop(self) -> None:
        """Close everything and wait for the thread; does nothing when the server does not run.

        May be called from several threads.
        """
        with self._stopping:
            if self._thread is None or self._loop is None or self._closing is None:
                return
            # The loop is closed already when the server failed by itself; its thread has told how.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join()
            self._thread = self._loop = self._closing = None

    def call(self, work: Coroutine[None, None, T], timeout_s: float) -> T:
        """Run a coroutine on the server's loop from another thread; TimeoutError when it takes too long."""
        if self._loop is None:
            work.close()
            raise InvariantError("the server does not run")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise

    async def _run(self, listener: socket.socket, listens: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_OutOfFiles())
        self._closing = asyncio.Event()
        await self._serve(listener, listens, self._closing)


class _OutOfFiles:
    """Says once that connections cannot be accepted: asyncio says it a hundred times a second, with its traces."""

    def __init__(self) -> None:
        self._said = False

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failure = context.get("exception")
        if not isinstance(failure, OSError) or failure.errno not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif not self._said:
            self._said = True
            warn("the exchange may open no more connections (ulimit -n): clients wait until some are closed")
