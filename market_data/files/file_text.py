"""The text of a file, piece by piece: plain, or packed by gzip or zip, with bounds on what it may unpack to.

Nothing is held but the piece at hand, so that a file may be of any size; what unpacks to far more than a table of
numbers ever does, or has a line without an end, is refused before it costs time or memory.
"""

import codecs
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

import numpy as np

from market_data.files.file_table import FileError
from market_data.files.json_rows import json_lines

MOST_LINE_BYTES = 1_000_000
MOST_UNPACKED_TIMES = 100
"""Candles of a market that stands still pack to a twenty-fifth of their text; what packs to far less is no table."""

_PIECE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 22
_JUDGED_FROM_BYTES = 1 << 26
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGE = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile)


class LineBlock(NamedTuple):
    """Some whole lines of a file, and the number of the first of them, from 1."""

    first_line: int
    body: bytes

    def joined(self, later: "LineBlock") -> "LineBlock":
        """Return this block and a later one together, with the lines without text that lie between them."""
        between = later.first_line - self.first_line - self.body.count(b"\n")
        return LineBlock(self.first_line, self.body + b"\n" * between + later.body)


class FileText:
    """A file as lines of text; ``blocks`` reads it from the beginning, as often as it is asked.

    The lines of a JSON list of rows are its rows.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        name = path.name.lower()
        self.is_json = name.removesuffix(".gz").removesuffix(".zip").endswith(".json")

    def blocks(self) -> Iterator[LineBlock]:
        """Give the lines in blocks of some megabytes; FileError names what is damaged, too large or not text."""
        pieces = _utf8(self.path, self._pieces())
        return line_blocks(self.path, json_lines(self.path, pieces) if self.is_json else pieces)

    def line_of_row(self, row: int, skipped: int) -> int:
        """Return the line of a row of data; ``skipped`` lines with text, the header's among them, come before it."""
        position = row + skipped
        for block in self.blocks():
            filled = [number for number, line in enumerate(block.body.split(b"\n"), block.first_line) if line.strip()]
            if position < len(filled):
                return filled[position]
            position -= len(filled)
        raise FileError(self.path, "has changed while it was read")

    def _pieces(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as raw:
                start = raw.read(len(_ZIP))
                raw.seek(0)
                name = self.path.name.lower()
                if name.endswith(".zip") or start == _ZIP:
                    yield from _zipped(self.path, raw)
                elif name.endswith(".gz") or start.startswith(_GZIP):
                    with gzip.GzipFile(fileobj=raw) as unpacked:
                        yield from _bounded(self.path, unpacked, raw.tell)
                else:
                    yield from iter(lambda: raw.read(_PIECE_BYTES), b"")
        except _DAMAGE as error:
            raise FileError(self.path, f"is damaged ({error})") from None
        except OSError as error:
            raise FileError(self.path, f"cannot be read ({error.strerror or error})") from error


def _bounded(path: Path, unpacked: IO[bytes] | gzip.GzipFile, packed_bytes: Callable[[], int]) -> Iterator[bytes]:
    """Give what is unpacked until it is more than any table of numbers would unpack to."""
    size = 0
    while piece := unpacked.read(_PIECE_BYTES):
        size += len(piece)
        if size > max(_JUDGED_FROM_BYTES, MOST_UNPACKED_TIMES * packed_bytes()):
            raise FileError(
                path, f"unpacks to more than {MOST_UNPACKED_TIMES} times its size, as no file of candles does"
            )
        yield piece


def _zipped(path: Path, raw: BinaryIO) -> Iterator[bytes]:
    with zipfile.ZipFile(raw) as archive:
        members = [
            one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith(("__MACOSX/", "."))
        ]
        if len(members) != 1:
            named = ", ".join(repr(one.filename) for one in members[:3])
            raise FileError(path, f"holds {len(members):,} files ({named} …); unpack it and import them by name")
        (member,) = members
        if member.flag_bits & 1:
            raise FileError(path, f"{member.filename!r} in it is encrypted; unpack it first")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(path, f"{member.filename!r} in it is packed in another way than deflated; unpack it")
        with archive.open(member) as unpacked:
            yield from _bounded(path, unpacked, lambda: member.compress_size)


def _utf8(path: Path, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Give the pieces as UTF-8 without a byte order mark."""
    first = next(pieces, b"")
    if not first.startswith(_WIDE_MARKS):
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        yield decoder.decode(first).encode()
        for piece in pieces:
            yield decoder.decode(piece).encode()
        decoder.decode(b"", final=True)
    except UnicodeError:
        raise FileError(path, "is not text: its UTF-16 is broken") from None


def line_blocks(path: Path, pieces: Iterable[bytes], block_bytes: int = _BLOCK_BYTES) -> Iterator[LineBlock]:
    """Give the lines of some pieces in blocks of at least so many bytes; FileError for a line that is too long."""
    line, held = 1, bytearray()
    for piece in pieces:
        held += piece
        end = held.rfind(b"\n") + 1
        if len(held) - end > MOST_LINE_BYTES:
            raise _too_long(path, line + _count_lines(path, held[:end], line))
        if end and len(held) >= block_bytes:
            lines = _count_lines(path, held[:end], line)
            yield LineBlock(line, bytes(held[:end]))
            line += lines
            del held[:end]
    if held:
        _count_lines(path, held, line)
        yield LineBlock(line, bytes(held))


def _count_lines(path: Path, body: bytes | bytearray, first_line: int) -> int:
    """Return how many line ends there are; FileError for a line that is too long."""
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n"))
    long = np.flatnonzero(np.diff(ends, prepend=-1, append=len(body)) > MOST_LINE_BYTES)
    if len(long):
        raise _too_long(path, first_line + int(long[0]))
    return len(ends)


def _too_long(path: Path, line: int) -> FileError:
    return FileError(path, f"is longer than {MOST_LINE_BYTES:,} bytes, as no row of candles is", line=line)
