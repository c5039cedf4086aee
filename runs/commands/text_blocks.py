"""What a verb shows: facts and tables, coloured on a terminal, plain everywhere else."""

import re
import sys
from collections.abc import Iterator, Sequence

import msgspec

from core.command_line import say
from core.plain_text import escaped

UNDEFINED = "n/a"
_WHOLE = 18
"""Numbers, and what else stands in their columns, up to this long are never broken, however narrow a terminal is."""
_LEAST = 8
"""Columns of words give way to them down to this width, and heads down to their cells."""
_HEAD = 5
_LONGEST, _CUT = 80, 50
"""Texts up to this long are shown whole; of others so much is."""


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


def cut(text: str) -> str:
    """Return a text as a cell or a fact holds it: a long one, such as a program's, cut short and with its length."""
    return text if len(text) <= _LONGEST else f"{' '.join(text.split())[:_CUT]}… ({len(text):,} characters)"


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
                console.print(Text(escaped(block.title), "bold"), soft_wrap=True)
            for label, value in block.rows:
                # Whole on one line, however narrow the terminal is, so that it can be copied.
                line = Text.assemble((f"{escaped(label)}: ", "dim"), (escaped(value), _tone(value)))
                console.print(line, soft_wrap=True)
            continue
        heads, widths = _laid_out(block, console.width)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
        for column, (head, width) in enumerate(zip(heads, widths, strict=True)):
            table.add_column(head, width=width, justify="right" if column >= block.words else "left", overflow="fold")
        for row in block.rows:
            table.add_row(*(Text(escaped(cell), _tone(cell) if i >= block.words else "") for i, cell in enumerate(row)))
        wide = Console(width=max(console.width, sum(widths) + len(widths) - 1))
        wide.print(table, crop=False)


def _laid_out(grid: Grid, room: int) -> tuple[list[str], list[int]]:
    """Return the heads of a table and the widths of its columns: heads are broken where it has no room, then words."""
    heads = [escaped(one) for one in grid.header]
    cells = [max((len(escaped(row[place])) for row in grid.rows), default=0) for place in range(len(heads))]
    most = room - len(heads) + 1
    widths = [max(len(head), cell) for head, cell in zip(heads, cells, strict=True)]
    if sum(widths) <= most:
        return heads, widths
    heads = [_broken(head, cell) for head, cell in zip(heads, cells, strict=True)]
    widths = [max(cell, *map(len, head.split("\n"))) for head, cell in zip(heads, cells, strict=True)]
    least = [
        max(_HEAD, min(cell, _LEAST) if place < grid.words or cell > _WHOLE else cell)
        for place, cell in enumerate(cells)
    ]
    while sum(widths) > most and (left := [place for place, one in enumerate(least) if widths[place] > one]):
        widths[max(left, key=widths.__getitem__)] -= 1
    return heads, widths


def _broken(head: str, width: int) -> str:
    """Return a head in lines, broken at spaces and after underscores where a line of that width ends."""
    lines = [""]
    for part in re.findall(r"[^ _]+[ _]*|[ _]+", head):
        if lines[-1] and len(lines[-1]) + len(part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _tone(cell: str) -> str:
    """Return the style of a cell: what is lost is red."""
    return "red" if cell[:1] == "-" and cell[1:2].isdecimal() else ""
