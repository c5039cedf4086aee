"""What the check of a program's text finds in it."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

MOST_FINDINGS = 100
"""Errors that are told of one text, and warnings."""

Level = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True):
    """One place of a text: ``what`` is there and what is ``allowed`` instead; line and column count from 1.

    An ``error`` keeps the program from running as it is written; a ``warning`` may do so, or slows it.
    """

    line: int
    column: int
    what: str
    allowed: str
    level: Level = "error"

    def said(self, name: str = "program") -> str:
        """Return the finding as one line, ``NAME:12:5: error: what — what is allowed``."""
        return f"{name}:{self.line}:{self.column}: {self.level}: {self.what} — {self.allowed}"


def first_findings(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first errors, and the warnings on the way to them; those behind are not looked for.

    A text may have thousands, and what each says takes longer than to find it.
    """
    left = {"error": MOST_FINDINGS, "warning": MOST_FINDINGS}
    for one in findings:
        if left[one.level]:
            left[one.level] -= 1
            yield one
        if not left["error"]:
            return
