"""What looks again and again, in a thread of its own, at what others write, and tells the hub."""

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar, Self

from core.errors import HarnessError

_MOST_DEFECTS = 100
_log = logging.getLogger(__name__)


class Looker(ABC):
    """Looks from the beginning of a block to its end; what cannot be read is logged, and looked at again.

    A defect that a look comes upon is logged too, whole and once: it ends neither this look's thread nor the stream.

    ``watched`` names what is looked at, ``seconds`` is how long it waits between two looks.
    """

    watched: ClassVar[str]
    seconds: ClassVar[float] = 0.25

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._defects: set[str] = set()
        self._thread = threading.Thread(target=self._look_on, name=f"{self.watched} are looked at", daemon=True)

    @abstractmethod
    def begin(self) -> None:
        """Note what is there already: of that nothing is told."""

    @abstractmethod
    def look(self) -> None:
        """Tell what has changed since the last look."""

    def __enter__(self) -> Self:
        self.begin()
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._stop.wait(self.seconds):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look may go well
                self._note(error)

    def _note(self, error: Exception) -> None:
        """Log why something could not be looked at."""
        if isinstance(error, (HarnessError, OSError)):
            _log.warning("%s cannot be looked at: %s", self.watched, error)
        elif (told := repr(error)) not in self._defects and len(self._defects) < _MOST_DEFECTS:
            self._defects.add(told)
            _log.error("%s cannot be looked at", self.watched, exc_info=error)
