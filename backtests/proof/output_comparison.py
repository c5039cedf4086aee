"""Two outputs compared line by line: equal, or the first line that differs."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec

from backtests.proof.indexed_outputs import StepIndex
from core.errors import StoreError
from core.instants import format_ms, parse_instant
from runs.folder.file_names import DECISIONS, EQUITY

SHOWN_CHARACTERS = 400


class OutputComparison(msgspec.Struct, frozen=True):
    """How an output compares with the replay's; a ``line`` of None says that they are equal.

    ``line`` counts from 1, the header included; ``replayed`` and ``written`` are the two lines there, None where a file
    has ended; ``step_ms`` is the step the line belongs to, None for the header. ``lines_behind`` counts lines that the
    replay has and an unended session has not written yet.
    """

    name: str
    lines: int
    line: int | None = None
    replayed: str | None = None
    written: str | None = None
    step_ms: int | None = None
    lines_behind: int = 0

    @property
    def equal(self) -> bool:
        """Whether no line differs."""
        return self.line is None

    def step(self) -> str:
        """Return the step as text."""
        return "the header" if self.step_ms is None else f"step {format_ms(self.step_ms)}"


def compare_output(
    name: str, replayed: Path, written: Path, index: StepIndex, *, size: int | None = None, unended: bool = False
) -> OutputComparison:
    """Compare an output with the replay's.

    Parameters
    ----------
    name
        Name of the output.
    replayed, written
        The two files; one that is not there is empty.
    index
        Tells which step wrote a line of the replay.
    size
        How many bytes of ``written`` count; None for all. Of a running session those that were there when its journal
        was read.
    unended
        The session has no end record: the written file may stop early, also inside a line, since it is not synced to
        the disk and is rebuilt when the session is resumed. What is there must be the replay's.
    """
    offset = number = 0
    for number, (ours, theirs) in enumerate(itertools.zip_longest(_lines(replayed), _lines(written, size)), 1):
        if ours != theirs:
            if unended and ours is not None and _stops_early(ours, theirs):
                behind = 1 + sum(1 for _ in itertools.islice(_lines(replayed), number, None))
                return OutputComparison(name, number - 1 + behind, lines_behind=behind)
            step_ms = _step_of(name, ours, index, offset)
            return OutputComparison(name, number, number, _shown(ours), _shown(theirs), step_ms)
        offset += len(ours or b"")
    return OutputComparison(name, number)


def _lines(path: Path, size: int | None = None) -> Iterator[bytes]:
    """Yield a file's lines, line ends included, up to a number of bytes; none where there is no file."""
    left = size
    try:
        with path.open("rb") as file:
            for line in file:
                if left is not None:
                    line = line[:left]
                    left -= len(line)
                    if not line:
                        return
                yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError.of("read", path, error) from error


def _stops_early(ours: bytes, theirs: bytes | None) -> bool:
    """Whether the written file ends here with nothing in it that the replay does not have."""
    return theirs is None or (not theirs.endswith(b"\n") and ours.startswith(theirs))


def _step_of(name: str, ours: bytes | None, index: StepIndex, offset: int) -> int | None:
    """Return the step a replayed line belongs to, or the last step where the replay has ended."""
    if ours is None:
        return index.times_ms[-1] if index.times_ms else None
    if name == EQUITY and offset:
        # The last row of a day is written when the next day's first step begins; its own time is its step.
        return parse_instant(ours.split(b",", 1)[0].decode())
    return index.step_at(name, offset) if offset or name == DECISIONS else None


def _shown(line: bytes | None) -> str | None:
    if line is None:
        return None
    text = line.decode("utf-8", "backslashreplace").rstrip("\n")
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}… ({len(text)} characters)"
