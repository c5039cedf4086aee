"""The report of a run on the console: coloured tables on a terminal, ``label: value`` lines everywhere else."""

import io
from pathlib import Path
from typing import TextIO

from reports.console.plain_report import plain_text
from reports.console.result_facts import ResultFacts, facts_of
from runs.documents.run_result import RunResult


def render(result: RunResult, *, rich_output: bool, width: int | None = None, page: Path | None = None) -> str:
    """Return the report of a result as text.

    Parameters
    ----------
    result
        What a run came to; what did not happen leaves its line out.
    rich_output
        True for tables and colours, False for ``label: value`` lines in a fixed order.
    width
        Columns of the terminal, for tables only; None asks the terminal.
    page
        Where the run's page is; None where there is none.

    Returns
    -------
    str
        Lines, the last one ended too. What is not defined (None, nan) reads "n/a".
    """
    facts = facts_of(result, page)
    if not rich_output:
        return plain_text(facts)
    return _rich_text(facts, io.StringIO(), width)


def print_report(result: RunResult, stream: TextIO, page: Path | None = None) -> None:
    """Write the report to a stream: tables and colours if it is a terminal, plain lines otherwise.

    ``page`` is where the run's page is. Characters that the stream's encoding lacks are written as escapes.
    """
    facts = facts_of(result, page)
    text = _rich_text(facts, stream, None) if stream.isatty() else plain_text(facts)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _rich_text(facts: ResultFacts, file: TextIO, width: int | None) -> str:
    from reports.console.rich_report import rich_text  # Only a terminal needs its library.

    return rich_text(facts, file, width)
