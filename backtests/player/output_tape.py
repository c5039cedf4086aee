"""The outputs of a run that is folded more than once: kept once, and compared with themselves."""

import functools
from collections.abc import Mapping

from core.errors import ParityError
from engine.renderer import ROWS_AT_ONCE, OutputsKept, SessionOutputs
from runs.folder.file_names import DERIVED, EQUITY, ORDERS, TRADES


class OutputTape:
    """What any fold of a run has written so far, by the names of files.

    Parameters
    ----------
    kept
        Which outputs are rendered.
    whole
        Whether all of them are wanted as text, for files; else those that a run in memory keeps.
    """

    def __init__(self, kept: OutputsKept, *, whole: bool) -> None:
        self.kept: OutputsKept = kept
        names = {"full": DERIVED if whole else (TRADES, EQUITY, ORDERS), "trades": (TRADES,), "none": ()}[kept]
        self.texts: Mapping[str, bytearray] = {name: bytearray() for name in names}

    def strand(self) -> "Strand":
        """Return what another fold writes to, from the beginning on."""
        return Strand(self)


class Strand:
    """What one fold writes: what the tape has already must come again, what it has not is added.

    Parameters
    ----------
    tape
        That of the run.
    """

    def __init__(self, tape: OutputTape) -> None:
        self._tape = tape
        self._written = dict.fromkeys(tape.texts, 0)
        self._own: dict[str, bytearray] | None = None
        sinks = (functools.partial(self._take, name) if name in tape.texts else None for name in DERIVED)
        self.outputs = SessionOutputs(*sinks, kept=tape.kept, at_once=ROWS_AT_ONCE)

    def part(self) -> None:
        """Part from the tape: what follows is of this fold alone, as after a run was cut short."""
        self.outputs.flush()
        self._own = {name: bytearray() for name in self._written}

    def texts(self) -> dict[str, bytes]:
        """Return all that this fold has written."""
        self.outputs.flush()
        own = self._own or {}
        return {
            name: bytes(self._tape.texts[name][:written] + own.get(name, b""))
            for name, written in self._written.items()
        }

    def _take(self, name: str, data: bytes | memoryview) -> None:
        if self._own is not None:
            self._own[name] += data
            return
        text, written = self._tape.texts[name], self._written[name]
        known = bytes(text[written : written + len(data)])
        if known != bytes(data[: len(known)]):
            raise ParityError(
                f"a second replay of the same candles wrote another {name}: the strategy does not decide by candles "
                "alone — allowed: one that answers the same to the same candles"
            )
        text += data[len(known) :]
        self._written[name] = written + len(data)
