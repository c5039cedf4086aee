"""What the check of a program's text finds in it."""

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One place of a text: ``what`` is there and what is ``allowed`` instead; line and column count from 1.

    An ``error`` keeps the program from running as it is written; a ``warning`` may do so, or slows it.
    """

    line: int
    column: int
    what: str
    allowed: str
    level: Literal["error", "warning"] = "error"

    def said(self, name: str = "program") -> str:
        """Return the finding as one line, ``NAME:12:5: error: what — what is allowed``."""
        return f"{name}:{self.line}:{self.column}: {self.level}: {self.what} — {self.allowed}"
