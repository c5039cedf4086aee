"""What a verb shows: facts and tables, coloured on a terminal, plain everywhere else."""

import sys
from collections.abc import Iterator, Sequence

import msgspec

from core.command_line import say
from core.plain_text import escaped

UNDEFINED = "n/a"
_WHOLE = 18
"""Cells up to this long are not broken."""
_WIDE = 118
"""Columns of a terminal on which the list of runs has the room for that."""


class Facts(msgspec.Struct, frozen=True):
    """A title, empty for none, and what belongs below it as label and value."""

    title: str
    rows: Sequence[tuple[str, str]]


class Grid(msgspec.Struct, frozen=True):
    """A table: its header, its rows, and how many columns from the left hold words; those after hold numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int


def show(*blocks: Facts | Grid) -> None:
    """Print blocks, an empty line between them."""
    if sys.stdout.isatty():
        _print_rich(blocks)
    else:
        say(*_plain(blocks))


def number(value: float | int | None, decimals: int = 2) -> str:
    """Return a number with grouped thousands; ``n/a`` for one that is undefined. What rounds to 0 has no sign."""
    if value is None:
        return UNDEFINED
    text = f"{value:,.{0 if isinstance(value, int) else decimals}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def _plain(blocks: Sequence[Facts | Grid]) -> Iterator[str]:
    for place, block in enumerate(blocks):
        if place:
            yield ""
        if isinstance(block, Facts):
            yield from [block.title] if block.title else []
            yield from (f"{label}: {value}" for label, value in block.rows)
        else:
            yield from _aligned(block)


def _aligned(grid: Grid) -> Iterator[str]:
    cells = [[escaped(cell) for cell in row] for row in (grid.header, *grid.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        parts = (
            cell.ljust(width) if place < grid.words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(parts).rstrip()


def _print_rich(blocks: Sequence[Facts | Grid]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for place, block in enumerate(blocks):
        if place:
            console.print()
        if isinstance(block, Facts):
            if block.title:
                console.print(Text(escaped(block.title), "bold"))
            for label, value in block.rows:
                # Whole on one line, however narrow the terminal is, so that it can be copied.
                line = Text.assemble((f"{escaped(label)}: ", "dim"), (escaped(value), _tone(value)))
                console.print(line, soft_wrap=True)
            continue
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
        for column, name in enumerate(block.header):
            numeric = column >= block.words
            whole = console.width >= _WIDE and all(len(row[column]) <= _WHOLE for row in block.rows)
            table.add_column(escaped(name), justify="right" if numeric else "left", overflow="fold", no_wrap=whole)
        for row in block.rows:
            table.add_row(*(Text(escaped(cell), _tone(cell) if i >= block.words else "") for i, cell in enumerate(row)))
        console.print(table)


def _tone(cell: str) -> str:
    """Return the style of a cell: what is lost is red."""
    return "red" if cell[:1] == "-" and cell[1:2].isdecimal() else ""
