"""JSON lists of rows, such as ``[[time, open, high, low, close, volume], …]``, as lines of cells."""

from collections.abc import Iterator
from pathlib import Path

from market_data.files.file_table import FileError

_BLANKS = b" \t\r\n"
_EXPECTED = "expected a list of rows [[time,open,high,low,close,volume], …]"


def json_lines(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give the rows of a JSON list of lists as lines with commas between the cells, piece by piece.

    Cells are numbers, or numbers in quotes, and are passed on as they are; whoever reads the lines refuses others.
    """
    held, begun = b"", False
    for piece in pieces:
        held += piece.translate(None, _BLANKS)
        if not begun and len(held) >= 2:
            if held.startswith(b"[]"):
                break
            if not held.startswith(b"[["):
                raise FileError(path, f"is no JSON list of rows, it begins with {held[:20]!r}; {_EXPECTED}")
            held, begun = held[2:], True
        if begun:
            # The end of a piece may cut what stands between two rows.
            lines = held.replace(b"],[", b"\n")
            held = lines[-2:]
            yield lines[:-2]
    if held not in (b"]]", b"[]", b""):
        raise FileError(path, f"ends in the middle of a row; {_EXPECTED}")
