"""The text files of a run's folder, read with errors that name the file and the line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from core.candle_columns import Int64Array
from core.errors import StoreError

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    StoreError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError.of("read", path, error) from error


def table(path: Path, header: str) -> Iterator[list[str]]:
    """Yield the rows of a CSV file behind its header; a last line that is cut off is left out.

    Raises
    ------
    StoreError
        If it cannot be read, is not text, has another header, or a row of another length.
    """
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: is no text: {error.reason}", path=path) from None
    if not text.startswith(header):
        raise StoreError(f"{path}: does not begin with the header {header.strip()}", path=path)
    width = header.count(",") + 1
    whole = text[: text.rfind("\n") + 1]
    rows = csv.reader(io.StringIO(whole[len(header) :], newline=""), strict=True)
    try:
        for row in rows:
            if len(row) != width:
                line = rows.line_num + 1
                raise StoreError(f"{path}: line {line}: {len(row)} cells where the header has {width}", path=path)
            yield row
    except csv.Error as error:
        raise StoreError(f"{path}: line {rows.line_num + 1}: {error}", path=path) from None


def times_of(path: Path, texts: Sequence[str]) -> Int64Array:
    """Return UTC milliseconds of a column of times.

    Raises
    ------
    StoreError
        If one is no time.
    """
    wrong = next((text for text in texts if _TIME.fullmatch(text) is None), None)
    if wrong is not None:
        raise StoreError(f"{path}: {wrong!r} is no time such as 2024-01-01T00:00:00.000Z", path=path)
    try:
        return np.array([text.removesuffix("Z") for text in texts], "datetime64[ms]").astype(np.int64)
    except ValueError as error:
        raise StoreError(f"{path}: {error}", path=path) from None
