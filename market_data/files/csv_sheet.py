"""What the first lines of a text file say of the rest: separators, header, form, and where the rows begin."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from market_data.files.file_columns import (
    SYMBOL,
    TIME,
    FoundColumns,
    found_columns,
    is_clock,
    is_header,
    placed_columns,
    plain_name,
    require_symbol,
)
from market_data.files.file_formats import (
    CRYPTODATADOWNLOAD,
    FORMATS,
    FREQTRADE,
    METATRADER,
    OHLC,
    PLAIN,
    SEMICOLON,
    FileFormat,
    HowToRead,
    format_of,
    format_of_header,
)
from market_data.files.file_layouts import Layout
from market_data.files.file_table import FileError
from market_data.files.file_text import FileText, LineBlock

_DELIMITERS = {",": "", ";": "semicolons", "\t": "tabs", "|": "bars"}
_MOST_PREAMBLE = 4
_JUDGED_LINES = 5_000
_FEWEST_CELLS = 5
_DECIMAL_COMMA = re.compile(r"\s*-?[0-9]+,[0-9]+\s*")
_THOUSANDS = re.compile(r"\s*-?[1-9][0-9]{0,2}(,[0-9]{3})+\s*")
_BEGINS_WITH_TIME = re.compile(
    r"\s*[0-9]{4,}(?:[./-][0-9].*|\.[0-9]+| [0-9]{4,6})?\s*|\s*[0-9]{1,2}[./-][0-9]{1,2}[./-][0-9]{4}.*"
)


class Sheet(NamedTuple):
    """How a text file is laid out.

    ``names`` are the header's words, or those of the form where there is none. ``skipped`` lines with text come before
    the first row, which begins at ``start`` in the first block, at line ``line``; ``first`` are its cells. ``words``
    say what was recognised.
    """

    form: FileFormat
    delimiter: str
    decimal: str
    names: tuple[str, ...]
    columns: FoundColumns
    skipped: int
    start: int
    line: int
    first: tuple[str, ...]
    words: tuple[str, ...]


class _Lines(NamedTuple):
    """The first lines with text: where each begins, its number, and its text."""

    starts: list[int]
    numbers: list[int]
    texts: list[str]


def look_at(text: FileText, block: LineBlock, layout: Layout, how: HowToRead) -> Sheet:
    """Return how a file is laid out by its first block of lines; FileError where that cannot be told."""
    path = text.path
    lines = _first_lines(path, block, layout)
    asked = format_of(how.flag) if how.flag else None
    if text.is_json:
        return _without_header(path, lines, ",", layout, how, FREQTRADE)
    for delimiter in _DELIMITERS:
        for place, line in enumerate(lines.texts[: _MOST_PREAMBLE + 1]):
            cells = _cells(path, line, delimiter, lines.numbers[place], layout)
            if len(cells) > 1 and is_header(cells, layout):
                return _with_header(path, lines, place, delimiter, (layout, how, asked))
    delimiter = max(_DELIMITERS, key=lambda one: (lines.texts[0].count(one), one != ","))
    cells = _cells(path, lines.texts[0], delimiter, lines.numbers[0], layout)
    if layout.has_candles and len(cells) >= _FEWEST_CELLS and _BEGINS_WITH_TIME.fullmatch(cells[0]):
        return _without_header(path, lines, delimiter, layout, how, None)
    found_columns(path, cells, layout, asked or PLAIN, how)
    raise FileError(path, f"has no header; expected {layout.expected}", line=lines.numbers[0])


def _with_header(
    path: Path, lines: _Lines, place: int, delimiter: str, wanted: tuple[Layout, HowToRead, FileFormat | None]
) -> Sheet:
    layout, how, asked = wanted
    header = _cells(path, lines.texts[place], delimiter, lines.numbers[place], layout)
    form = format_of_header([plain_name(name) for name in header]) if layout.has_candles else PLAIN
    if any("cryptodatadownload" in line.lower() for line in lines.texts[:place]):
        form = CRYPTODATADOWNLOAD
    if asked is not None and asked is not form:
        if asked not in (PLAIN, SEMICOLON, *((FREQTRADE,) if form is PLAIN else ())) and asked.signature:
            raise FileError(path, f"has not the header of a file of {asked.title}", line=lines.numbers[place])
        form = asked
    rows = [
        _cells(path, line, delimiter, number, layout)
        for line, number in zip(lines.texts[place + 1 :], lines.numbers[place + 1 :], strict=True)
    ]
    first = tuple(rows[0]) if rows else ()
    columns = found_columns(path, header, layout, form, how, first)
    if SYMBOL in columns.places and len(first) > columns.places[SYMBOL]:
        require_symbol(path, first[columns.places[SYMBOL]], how)
    decimal = _decimal(path, rows, columns, delimiter, form)
    at = place + 1
    after = lines.starts[at] if at < len(lines.starts) else -1
    line = lines.numbers[at] if at < len(lines.numbers) else lines.numbers[place] + 1
    words = (form.title, *_separators(delimiter, decimal))
    return Sheet(form, delimiter, decimal, tuple(header), columns, at, after, line, first, words)


def _without_header(
    path: Path, lines: _Lines, delimiter: str, layout: Layout, how: HowToRead, container: FileFormat | None
) -> Sheet:
    rows = [
        _cells(path, line, delimiter, number, layout) for line, number in zip(lines.texts, lines.numbers, strict=True)
    ]
    guess = FoundColumns({TIME: 0} | {str(at): at for at in range(1, len(rows[0]))}, ())
    decimal = _decimal(path, rows, guess, delimiter, format_of(how.flag) if how.flag else PLAIN)
    form = _form_of_rows(path, rows, decimal, layout, how)
    columns = placed_columns(path, form, layout, how)
    shown = form
    if container is not None and form is PLAIN:
        shown = container
    title = "columns in the usual order" if shown is PLAIN or shown is SEMICOLON else shown.title
    words = (title, "no header" if container is None else "JSON", *_separators(delimiter, decimal))
    return Sheet(
        form, delimiter, decimal, form.columns, columns, 0, lines.starts[0], lines.numbers[0], tuple(rows[0]), words
    )


def _form_of_rows(
    path: Path, rows: Sequence[Sequence[str]], decimal: str, layout: Layout, how: HowToRead
) -> FileFormat:
    """Return the form whose order of columns fits all rows; FileError where none does, or several do."""
    width = len(rows[0])
    if how.flag:
        form = format_of(how.flag)
        if len(form.columns) != width:
            has = f"{len(form.columns)} columns" if form.columns else "a header"
            raise FileError(path, f"has no header and {width} columns; a file of {form.title} has {has}", line=1)
        return form
    dated = len(rows[0]) > 1 and is_clock(rows[0][1])
    forms = [METATRADER] if dated else [one for one in FORMATS if one not in (FREQTRADE, SEMICOLON, METATRADER)]
    bare = PLAIN._replace(columns=PLAIN.columns[:-1])
    if width == len(bare.columns) and not dated:
        if not how.no_volume and "volume" not in layout.optional:
            raise FileError(
                path, "has no header and 5 columns, none of them a volume; --no-volume takes its candles with one of 0"
            )
        forms = [bare]
    fitting = [one for one in forms if len(one.columns) == width and _fits(rows, one, decimal)]
    orders = {tuple(one.columns.index(name) for name in OHLC) for one in fitting}
    if len(orders) > 1:
        named = " or ".join(f"--format {one.flag}" for one in fitting)
        raise FileError(path, f"has no header, and its rows do not say in which order they stand; give {named}", line=1)
    if not fitting:
        raise FileError(
            path, f"has no header, and its {width} columns are of no form that is known; give it the header "
            f"{layout.expected}", line=1
        )  # fmt: skip
    return _narrowed(fitting, rows)


def _narrowed(fitting: Sequence[FileFormat], rows: Sequence[Sequence[str]]) -> FileFormat:
    """Return the one of several forms with the same order that has the time's unit and the cells of these rows."""
    seconds = len(rows[0][0].strip().partition(".")[0]) <= len("4102444800")
    likely = [one for one in fitting if (one.times == "seconds") == seconds] or list(fitting)
    return likely[0]


def _fits(rows: Sequence[Sequence[str]], form: FileFormat, decimal: str) -> bool:
    """Whether the highs are above, and the lows below, whatever else a row's prices are in this order."""
    places = [form.columns.index(name) for name in OHLC]
    moving = wrong = 0
    for row in rows:
        try:
            first, high, low, last = (float(row[place].replace(decimal, ".")) for place in places)
        except (ValueError, IndexError):
            continue
        if not first == high == low == last:
            moving += 1
            wrong += high < max(first, last) or low > min(first, last)
    return wrong * 20 <= moving


def _decimal(path: Path, rows: Sequence[Sequence[str]], columns: FoundColumns, delimiter: str, form: FileFormat) -> str:
    """Return what stands before the decimals; FileError where commas may part decimals or thousands."""
    if form is SEMICOLON and delimiter == ",":
        raise FileError(path, "has commas between its cells, so none of them can stand before decimals")
    if form is SEMICOLON:
        return ","
    if delimiter == ",":
        return "."
    places = [place for name, place in columns.places.items() if name != TIME]
    cells = [row[place] for row in rows for place in places if place < len(row) and "," in row[place]]
    if not cells or not all(_DECIMAL_COMMA.fullmatch(cell) for cell in cells):
        return "."
    if all(_THOUSANDS.fullmatch(cell) for cell in cells):
        raise FileError(
            path, f"{cells[0]!r} may have a decimal comma or a comma for thousands; --format semicolon takes the former"
        )
    return ","


def _separators(delimiter: str, decimal: str) -> tuple[str, ...]:
    named = _DELIMITERS[delimiter]
    return (*((named,) if named else ()), *(("decimal commas",) if decimal == "," else ()))


def _first_lines(path: Path, block: LineBlock, layout: Layout) -> _Lines:
    lines = _Lines([], [], [])
    position = 0
    for number, line in enumerate(block.body.split(b"\n"), block.first_line):
        if line.strip():
            try:
                lines.texts.append(line.decode().rstrip("\r"))
            except UnicodeDecodeError:
                raise FileError(path, f"is not text; expected {layout.expected}", line=number) from None
            lines.starts.append(position)
            lines.numbers.append(number)
        position += len(line) + 1
        if len(lines.texts) == _JUDGED_LINES:
            break
    return lines


def _cells(path: Path, line: str, delimiter: str, number: int, layout: Layout) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error as error:
        raise FileError(path, f"cannot be read as cells ({error}); expected {layout.expected}", line=number) from None
