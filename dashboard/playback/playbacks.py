"""The playbacks of a server, each with the process that plays it."""

import contextlib
import itertools
import multiprocessing
import secrets
import threading
import time
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from typing import Any, Literal, Self

import msgspec

from backtests.run_plan import RunPlan
from dashboard.playback.controls import Answered, Asked, Control, Told
from dashboard.playback.played import play
from dashboard.problems import NotFound, Refused
from dashboard.streams.event_hub import EventHub

MOST = 4
IDLE_SECONDS = 1_800.0
A_SECOND = 30.0
"""States that are told a second at most."""
PATIENCE_SECONDS = 2.0
"""How long a request waits for the state that its control leads to; what takes longer is told to who listens."""
_ANSWER_SECONDS = 60.0
_END_SECONDS = 5.0
_PROCESSES = multiprocessing.get_context("spawn")


class Driven:
    """One playback; its process ends with it, or with the server.

    Parameters
    ----------
    title
        What is played.
    plan
        The run that is played.
    hub
        Is told its states, under ``playback:NAME``.

    Raises
    ------
    HarnessError
        As of a run.
    """

    def __init__(self, title: str, plan: RunPlan, hub: EventHub, per_second: float = A_SECOND) -> None:
        self.name, self.title, self.touched = secrets.token_hex(4), title, time.monotonic()
        self.topic = f"playback:{self.name}"
        self._hub = hub
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {0: Future()}
        begun = self._waiting[0]
        self._last: dict[str, deque[bytes]] = {"signals": deque(), "trades": deque(), "fills": deque()}
        self._lock = threading.Lock()
        self._border, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(target=play, args=(plan, theirs, per_second), daemon=True, name=self.topic)
        self._process.start()
        theirs.close()
        self._hearer = threading.Thread(target=self._hear, name=self.topic, daemon=True)
        self._hearer.start()
        try:
            self.symbols, self.timeframe = begun.result()
        except BaseException:
            self.close()
            raise

    @property
    def is_open(self) -> bool:
        """Whether its process is there."""
        return self._process.is_alive()

    def state(self) -> dict[str, Any]:
        """Return how things stand, without the curve."""
        found: dict[str, Any] = self._answer("state")
        return found

    def control(self, wanted: Control) -> dict[str, Any]:
        """Do something with it, and return the state that it leads to, or after two seconds the present one.

        What drives it now ends between two steps and makes way.
        """
        doing = self._ask("control", wanted)
        try:
            found: dict[str, Any] = doing.result(PATIENCE_SECONDS)
        except NotYet:
            return self.state()
        return found

    def curve(self, first: int) -> dict[str, Any]:
        """Return the equity of every step from a number on."""
        found: dict[str, Any] = self._answer("curve", first)
        return found

    def candles(self, symbol: str, first_ms: int, most: int, end_ms: int | None = None) -> dict[str, Any]:
        """Return packed candles of a symbol up to an end or the present, joined where there are more."""
        found: dict[str, Any] = self._answer("candles", (symbol, first_ms, most, end_ms))
        return found

    def fork(self, changes: dict[str, Any], at_ms: int | None) -> RunPlan:
        """Return the run of the same candles under other settings; errors as of ``SessionPlayer.fork``."""
        found: RunPlan = self._answer("fork", (changes, at_ms))
        return found

    def close(self) -> None:
        """End it; nothing of it is kept."""
        self.let_go()
        self.wait(time.monotonic() + _END_SECONDS)

    def let_go(self) -> None:
        """Tell its process to end."""
        with contextlib.suppress(OSError):
            self._border.close()

    def wait(self, end: float) -> None:
        """Wait for the end of its process up to a time of ``time.monotonic``; then it is killed."""
        self._process.join(max(0.0, end - time.monotonic()))
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _answer(self, what: Literal["state", "curve", "candles", "fork"], with_: Any = None) -> Any:
        try:
            return self._ask(what, with_).result(_ANSWER_SECONDS)
        except NotYet:
            raise Refused(f"playback {self.name}: gives no answer; close it") from None

    def _ask(self, what: Literal["control", "state", "curve", "candles", "fork"], with_: Any = None) -> Future[Any]:
        self.touched = time.monotonic()
        asked = Asked(next(self._numbers), what, with_)
        answer: Future[Any] = Future()
        with self._lock:
            self._waiting[asked.number] = answer
            try:
                self._border.send(asked)
            except OSError:
                del self._waiting[asked.number]
                raise NotFound(f"playback {self.name}: its process has ended") from None
        return answer

    def _hear(self) -> None:
        """Hand on what its process sends, until that ends."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                one = self._border.recv()
                if isinstance(one, Told):
                    self._tell(one)
                else:
                    self._settle(one)
        self._hub.publish(self.topic, "closed", {})
        for answer in list(self._waiting.values()):
            answer.set_exception(NotFound(f"playback {self.name}: its process has ended"))
        self._waiting.clear()

    def _tell(self, told: Told) -> None:
        messages: list[tuple[str, msgspec.Raw]] = []
        for state, news in told.lines:
            for one in news:
                last = self._last[one.kind]
                last.extend(one.fresh)
                while len(last) > one.count:
                    last.popleft()
                messages.append((one.kind, msgspec.Raw(b'{"%b":[%b]}' % (one.kind.encode(), b",".join(last)))))
            messages.append(("state", msgspec.Raw(state)))
        if self._hub.has_listeners(self.topic):
            self._hub.publish_all(self.topic, messages, state=True)

    def _settle(self, one: Answered) -> None:
        answer = self._waiting.pop(one.number, None)
        if answer is None:
            return
        if one.error is None:
            answer.set_result(one.value)
        else:
            answer.set_exception(one.error)


class Playbacks:
    """All playbacks of a server; one that nobody has looked at for half an hour makes room."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._driven: dict[str, Driven] = {}
        self._loading = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        playing = self.listed()
        for one in playing:
            one.let_go()
        end = time.monotonic() + _END_SECONDS
        for one in playing:
            one.wait(end)

    def open(self, title: str, plan: RunPlan, per_second: float = A_SECOND) -> Driven:
        """Make a playback, held still before its first step; while it loads, others are opened and driven.

        Raises
        ------
        Refused
            If as many are open as may be.
        HarnessError
            As of a run.
        """
        self._make_room()
        with self._lock:
            if len(self._driven) + self._loading >= MOST:
                names = ", ".join(self._driven) or "those that are loading"
                raise Refused(f"{MOST} playbacks are open — allowed: to close one of {names}")
            self._loading += 1
        try:
            found = Driven(title, plan, self._hub, per_second)
            self._driven[found.name] = found
        finally:
            with self._lock:
                self._loading -= 1
        return found

    def named(self, name: str) -> Driven:
        """Return a playback; NotFound where it is closed."""
        found = self._driven.get(name)
        if found is None or not found.is_open:
            raise NotFound(f"playback {name}: there is none of that id; it may have been closed")
        return found

    def listed(self) -> list[Driven]:
        """Return those that are open, in order."""
        return [one for one in list(self._driven.values()) if one.is_open]

    def close(self, name: str) -> None:
        """End a playback."""
        found = self.named(name)
        self._driven.pop(name, None)  # Another request may have closed it just now.
        found.close()

    def _make_room(self) -> None:
        now = time.monotonic()
        for name, one in list(self._driven.items()):
            idle = now - one.touched > IDLE_SECONDS and not self._hub.has_listeners(one.topic)
            if (idle or not one.is_open) and self._driven.pop(name, None) is not None:
                one.close()
