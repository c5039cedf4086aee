"""A program: its text, the hash of it, and what it reads."""

import ast
import functools
import hashlib
import warnings
from pathlib import Path
from typing import Self

import msgspec

from core.errors import ConfigurationError
from core.plain_text import escaped, is_text
from core.settings_problem import shown
from strategies.programs.sandbox.limits import LONGEST_TEXT
from strategies.programs.sandbox.other_symbols import other_symbols
from strategies.programs.sandbox.problem import ProgramProblem
from strategies.programs.sandbox.reads import Reads, WrongReads, reads_of

_DEEPEST = 600
"""Parts of a text inside one another: the interpreter has at most 200 levels, of which one may be three parts."""
_TOO_DEEP = ProgramProblem("syntax", "syntax: the text cannot be read: its expressions are nested too deeply")


class ProgramText(msgspec.Struct, frozen=True, dict=True):
    """A program as it was written; lines end in a line feed, and a mark of the byte order is no part of it."""

    text: str
    name: str = "program"

    @classmethod
    def of(cls, text: str, name: str = "program") -> Self:
        """Return the program of a text; ``name`` is what messages call it.

        Raises
        ------
        ConfigurationError
            If it is too long, or no text.
        """
        plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        if not is_text(plain):
            raise ConfigurationError(f"program {shown(name)}: is no text — allowed: Python, in UTF-8")
        if len(plain.encode()) > LONGEST_TEXT:
            raise ConfigurationError(
                f"program {shown(name)}: {len(plain.encode())} bytes — allowed: at most {LONGEST_TEXT}"
            )
        return cls(plain, escaped(name))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the program in a file.

        Raises
        ------
        ConfigurationError
            If the file is not there, cannot be read, is too long or no text.
        """
        try:
            if path.is_fifo():
                raise ConfigurationError(f"program {path}: is no file — allowed: a file of Python")
            with path.open("rb") as file:
                data = file.read(LONGEST_TEXT * 2)
                if file.read(1):
                    raise ConfigurationError(
                        f"program {path}: more than {len(data)} bytes — allowed: at most {LONGEST_TEXT}"
                    )
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            wrong = f"program {path}: is no text in UTF-8, from line {line} on"
            raise ConfigurationError(f"{wrong} — allowed: a file of Python") from None
        except OSError as error:
            raise ConfigurationError(
                f"program {path}: cannot be read: {error.strerror or error} — allowed: a file of Python"
            ) from error
        return cls.of(text, path.name)

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the text in UTF-8; the name is no part of it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @functools.cached_property
    def reads(self) -> Reads:
        """What the text says it reads; nothing where it cannot be read, which ``check_program`` tells."""
        tree = parsed(self.text)
        try:
            return Reads() if isinstance(tree, ProgramProblem) else reads_of(tree)
        except WrongReads:
            return Reads()

    @functools.cached_property
    def other_symbols(self) -> frozenset[str] | None:
        """The symbols that it may read of beside the one that wakes it, as it spells them; None for any."""
        tree = parsed(self.text)
        return frozenset() if isinstance(tree, ProgramProblem) else other_symbols(tree)


def in_order(tree: ast.AST) -> list[ast.AST]:
    """Return the parts of a tree that have a place, in the order of the text."""
    found = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    return sorted(found, key=lambda one: (one.lineno, one.col_offset))  # type: ignore[attr-defined]


def written(node: ast.AST) -> str:
    """Return a part of a tree as its text, for messages; "…" for one that is too deep for that."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "…"


def parsed(text: str) -> ast.Module | ProgramProblem:
    """Return the tree of a program's text, or the problem of kind ``syntax`` with it; nothing of it is executed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text, type_comments=False)
    except SyntaxError as error:
        return ProgramProblem("syntax", f"syntax: {error.msg}", error.lineno)
    except (ValueError, MemoryError, RecursionError):
        return _TOO_DEEP
    return _TOO_DEEP if _is_deep(tree) else tree


def _is_deep(tree: ast.Module) -> bool:
    """Whether parts of a tree lie so deep in one another that the interpreter refuses them anyway."""
    parts: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        parts = [inner for one in parts for inner in ast.iter_child_nodes(one)]
        if not parts:
            return False
    return True
