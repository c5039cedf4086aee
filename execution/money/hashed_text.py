"""Text on its way to a file, with the running hash of its bytes."""

import hashlib
from collections.abc import Callable
from pathlib import Path

Sink = Callable[[bytes], object]
"""Takes the bytes of what is written together: a row, or the rows of one transaction."""

_TO_QUOTE = frozenset(',"\r\n')


class HashedText:
    """Text that goes to a sink, piece by piece, and into a running hash.

    Parameters
    ----------
    sink
        Receives each piece as bytes; None only hashes.
    """

    def __init__(self, sink: Sink | None = None) -> None:
        self._sink = sink
        self._digest = hashlib.sha256()

    def append(self, text: str) -> None:
        """Append whole lines, each with its line end."""
        data = text.encode()
        self._digest.update(data)
        if self._sink is not None:
            self._sink(data)

    @property
    def sha256(self) -> str:
        """Hash of all bytes so far."""
        return self._digest.hexdigest()


def quoted(text: str) -> str:
    """Return a text as a field of a CSV row: in quotes where it holds a comma, a quote or a line end."""
    if _TO_QUOTE.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def file_sink(path: str | Path) -> Sink:
    """Return a sink that starts the file anew and appends to it, closing it after every piece."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"")

    def append(data: bytes) -> None:
        with target.open("ab") as log:
            log.write(data)

    return append
