"""The report of a run on the console: coloured tables on a terminal, ``label: value`` lines everywhere else."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from reports.console.facts import Fact, Section
from reports.console.result_facts import PARTIAL, SYMBOL_COLUMNS, ResultFacts, facts_of
from runs.documents.run_result import RunResult

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

TITLE = "Results"
_STYLES = {"": "", "gain": "green", "loss": "red"}


def render(result: RunResult, *, rich_output: bool, width: int | None = None) -> str:
    """Return the report of a result as text.

    Parameters
    ----------
    result
        What a run came to; what did not happen leaves its line out.
    rich_output
        True for tables and colours, False for ``label: value`` lines in a fixed order.
    width
        Columns of the terminal, for tables only; None asks the terminal.

    Returns
    -------
    str
        Lines, the last one ended too. What is not defined (None, nan) reads "n/a".
    """
    facts = facts_of(result)
    if not rich_output:
        return _plain_text(facts)
    import io

    return _rich_text(facts, io.StringIO(), width)


def print_report(result: RunResult, stream: TextIO) -> None:
    """Write the report to a stream: tables and colours if it is a terminal, plain lines otherwise.

    Characters that the stream's encoding lacks are written as escapes.
    """
    facts = facts_of(result)
    text = _rich_text(facts, stream, None) if stream.isatty() else _plain_text(facts)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _plain_text(facts: ResultFacts) -> str:
    return "\n".join(_plain_lines(facts)) + "\n"


def _plain_lines(facts: ResultFacts) -> Iterator[str]:
    yield TITLE
    if facts.partial:
        yield f"PARTIAL: {PARTIAL}"
    for section in facts.sections:
        yield ""
        yield from map(_line, section.facts)
    yield ""
    for row in facts.symbols:
        symbol, *cells = row.cells
        values = (f"{name} {cell}" for name, cell in zip(SYMBOL_COLUMNS[1:], cells, strict=True))
        yield f"Symbol {symbol}: " + ", ".join(values)
    yield from map(_line, facts.instruments)
    for warning in facts.warnings:
        yield f"Warning: {warning}"
    yield ""
    yield from map(_line, (*facts.files, *facts.hashes))


def _line(fact: Fact) -> str:
    return f"{fact.label}: {fact.value}"


def _rich_text(facts: ResultFacts, file: TextIO, width: int | None) -> str:
    from rich.console import Console

    console = Console(file=file, width=width, force_terminal=True)
    with console.capture() as captured:
        _print_rich(console, facts)
    return captured.get()


def _print_rich(console: "Console", facts: ResultFacts) -> None:
    from rich.columns import Columns
    from rich.text import Text

    console.rule(Text(TITLE, "bold"))
    if facts.partial:
        console.print(Text(f"PARTIAL: {PARTIAL}", "bold yellow"))
    for section in facts.sections:
        if not section.numeric:
            console.print(_panel(section))
    figures = [_panel(section) for section in facts.sections if section.numeric]
    if figures:
        console.print(Columns(figures))
    if facts.symbols:
        console.print(_symbol_table(facts))
    for fact in facts.instruments:
        console.print(Text(_line(fact), "dim"))
    for warning in facts.warnings:
        console.print(Text(f"Warning: {warning}", "yellow"))
    for fact in (*facts.files, *facts.hashes):
        # Whole on one line, however narrow the terminal is, so that it can be copied.
        console.print(Text.assemble((f"{fact.label}: ", "bold"), fact.value), soft_wrap=True)


def _panel(section: Section) -> "RenderableType":
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(justify="right" if section.numeric else "left", overflow="fold")
    for fact in section.facts:
        grid.add_row(Text(fact.label), Text(fact.value, _STYLES[fact.tone]))
    return Panel(grid, title=Text(section.title, "bold"), title_align="left", expand=False, border_style="dim")


def _symbol_table(facts: ResultFacts) -> "RenderableType":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=None, pad_edge=False)
    for number, name in enumerate(SYMBOL_COLUMNS):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    coloured = SYMBOL_COLUMNS.index("Realized PnL")
    for row in facts.symbols:
        table.add_row(
            *(Text(cell, _STYLES[row.tone] if number == coloured else "") for number, cell in enumerate(row.cells))
        )
    return table
