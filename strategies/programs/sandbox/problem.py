"""What went wrong in one call of a program, as a value that is the same on each run."""

from typing import Literal

import msgspec

ProblemKind = Literal["syntax", "error", "limit", "nonsense", "refused", "machine"]
"""What kind of problem it is.

``syntax``: the text is no program that the sandbox can read. ``error``: the program raised. ``limit``: it went past its
memory, recursion, output, state or number of reads. ``nonsense``: what it returned is no decision. ``refused``: it
asked for what is not there, or the session cannot do what it decided. ``machine``: it ran out of time, or its worker
died; only these may differ between two machines.
"""


class ProgramProblem(msgspec.Struct, frozen=True):
    """Why a call of a program counts as ``hold``.

    ``text`` is one line that says what, what is allowed and what to do; it has no measured time and no address.
    ``line`` is the line of the program's text, from 1, or None where it is of no line.
    """

    kind: ProblemKind
    text: str
    line: int | None = None

    def said(self, name: str = "") -> str:
        """Return the problem as one line, ``NAME:12: what``, as an editor finds it."""
        place = f"{name}:{self.line}" if name and self.line is not None else name
        if not name and self.line is not None:
            place = f"line {self.line}"
        return f"{place}: {self.text}" if place else self.text
