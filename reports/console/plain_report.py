"""The report of a run as plain lines, for whatever is no terminal."""

from collections.abc import Iterator

from reports.console.facts import Fact
from reports.console.result_facts import PARTIAL, SYMBOL_COLUMNS, ResultFacts

TITLE = "Results"


def plain_text(facts: ResultFacts) -> str:
    """Return the report as ``label: value`` lines in a fixed order, the last one ended too."""
    return "\n".join(_plain_lines(facts)) + "\n"


def _plain_lines(facts: ResultFacts) -> Iterator[str]:
    yield TITLE
    if facts.partial:
        yield f"PARTIAL: {PARTIAL}"
    for section in facts.sections:
        yield ""
        yield from map(line, section.facts)
    yield ""
    for row in facts.symbols:
        symbol, *cells = row.cells
        values = (f"{name} {cell}" for name, cell in zip(SYMBOL_COLUMNS[1:], cells, strict=True))
        yield f"Symbol {symbol}: " + ", ".join(values)
    yield from map(line, facts.instruments)
    for warning in facts.warnings:
        yield f"Warning: {warning}"
    yield ""
    yield from map(line, (*facts.files, *facts.hashes))


def line(fact: Fact) -> str:
    """Return a fact as a line of text."""
    return f"{fact.label}: {fact.value}"
