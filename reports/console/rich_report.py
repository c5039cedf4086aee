"""The report of a run as coloured tables, for a terminal."""

from typing import TextIO

from rich import box
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from reports.console.facts import Section
from reports.console.plain_report import TITLE, line
from reports.console.result_facts import PARTIAL, SYMBOL_COLUMNS, ResultFacts

_STYLES = {"": "", "gain": "green", "loss": "red"}


def rich_text(facts: ResultFacts, file: TextIO, width: int | None) -> str:
    """Return the report as text with the codes of a terminal of ``width`` columns; None asks the file's."""
    console = Console(file=file, width=width, force_terminal=True)
    with console.capture() as captured:
        _print_rich(console, facts)
    return captured.get()


def _print_rich(console: Console, facts: ResultFacts) -> None:
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
        console.print(Text(line(fact), "dim"))
    for warning in facts.warnings:
        console.print(Text(f"Warning: {warning}", "yellow"))
    for fact in (*facts.files, *facts.hashes):
        # Whole on one line, however narrow the terminal is, so that it can be copied.
        console.print(Text.assemble((f"{fact.label}: ", "bold"), fact.value), soft_wrap=True)


def _panel(section: Section) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    grid.add_column(justify="right" if section.numeric else "left", overflow="fold")
    for fact in section.facts:
        grid.add_row(Text(fact.label), Text(fact.value, _STYLES[fact.tone]))
    return Panel(grid, title=Text(section.title, "bold"), title_align="left", expand=False, border_style="dim")


def _symbol_table(facts: ResultFacts) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, title=None, pad_edge=False)
    for number, name in enumerate(SYMBOL_COLUMNS):
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    coloured = SYMBOL_COLUMNS.index("Realized PnL")
    for row in facts.symbols:
        table.add_row(
            *(Text(cell, _STYLES[row.tone] if number == coloured else "") for number, cell in enumerate(row.cells))
        )
    return table
