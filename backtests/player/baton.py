"""Who drives: one control at a time, and one that comes later ends the one before between two steps."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from backtests.replay import Interrupt
from core.errors import ConfigurationError

_ASK_AGAIN_SECONDS = 0.02

State = TypeVar("State")


class _Question(Generic[State]):
    def __init__(self) -> None:
        self.answered = threading.Event()
        self.answer: State | None = None


class Baton(Generic[State]):
    """Passed from control to control, in whichever threads they are; who holds it says how things stand.

    Parameters
    ----------
    state
        Makes the state; called by one thread at a time, between two steps.
    """

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self.brake = Interrupt()
        self._held = threading.Lock()
        self._holder: int | None = None
        self._mutex = threading.Lock()
        self._wanted = 0
        self._let_go = False
        self._questions: list[_Question[State]] = []
        self._called = threading.Event()

    @property
    def mine(self) -> bool:
        """Whether this thread holds it."""
        return self._holder == threading.get_ident()

    @contextmanager
    def taken(self, control: str) -> Iterator[None]:
        """Hold it; who holds it is told to let go first.

        Raises
        ------
        ConfigurationError
            If this thread holds it already: a listener cannot drive what drives it.
        """
        if self.mine:
            raise ConfigurationError(f"{control} by a listener — allowed there: pause(), and reading")
        with self._mutex:
            self._wanted += 1
            self._call()
        self._held.acquire()
        with self._mutex:
            self._wanted -= 1
            self._holder, self._let_go = threading.get_ident(), False
            self.brake.asked = self._wanted > 0 or bool(self._questions)
        try:
            yield
        finally:
            with self._mutex:
                self._holder = None
            self._answer()
            self._held.release()

    def let_go(self) -> None:
        """Tell who holds it to let go, as a listener does."""
        with self._mutex:
            self._let_go = True
            self._call()

    def attend(self) -> bool:
        """Answer who asks how things stand; return whether to let go. For who holds it, where the brake is pulled."""
        self._answer()
        with self._mutex:
            going = self._let_go or self._wanted > 0
            self.brake.asked = going or bool(self._questions)
            if not self.brake.asked:
                self._called.clear()
            return going

    def wait(self, seconds: float) -> None:
        """Wait, or until somebody wants something."""
        self._called.wait(seconds)

    def ask(self) -> State:
        """Return how things stand, from whichever thread, between two steps."""
        if self.mine:
            return self._state()
        question = _Question[State]()
        while not question.answered.is_set():
            if self._held.acquire(blocking=False):
                try:
                    return self._state()
                finally:
                    self._held.release()
            with self._mutex:
                if question not in self._questions:
                    self._questions.append(question)
                self._call()
            question.answered.wait(_ASK_AGAIN_SECONDS)
        if question.answer is None:
            return self.ask()
        return question.answer

    def _call(self) -> None:
        self.brake.asked = True
        self._called.set()

    def _answer(self) -> None:
        with self._mutex:
            asked, self._questions = self._questions, []
        if asked:
            state = self._state()
            for one in asked:
                one.answer = state
                one.answered.set()
