"""The program's source as the guards read it: packages from the one list, files, parsed text, imports."""

import ast
import functools
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.shared import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: tuple[str, ...] = tuple(PYPROJECT["tool"]["importlinter"]["root_packages"])


def files_of(*packages: str) -> list[Path]:
    """Return the source files of packages."""
    return [path for package in packages for path in sorted((REPOSITORY / package).rglob("*.py"))]


def place_of(path: Path) -> str:
    """Return a file's path below the repository."""
    return path.relative_to(REPOSITORY).as_posix()


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a file's syntax tree."""
    return tuple(ast.walk(tree_of(path)))


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes below one but those that only a type checker sees."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from running_nodes(child)


@functools.cache
def file_of(module: str) -> Path | None:
    """Return the file of a module of the program, None for any other name."""
    path = REPOSITORY.joinpath(*module.split("."))
    found = (path.with_suffix(".py"), path / "__init__.py")
    return next((one for one in found if module.split(".")[0] in PACKAGES and one.is_file()), None)


@functools.cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the modules of the program that a file imports when it runs, wherever in it."""
    names: set[str] = set()
    for node in running_nodes(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = (f"{node.module}.{alias.name}" for alias in node.names)
            names |= {name if file_of(name) is not None else node.module for name in inner}
    return frozenset(name for name in names if file_of(name) is not None)


def closure_of(modules: Iterable[str], outside: Iterable[str]) -> dict[str, str]:
    """Return what modules import, and what that imports, each with the module that first led to it.

    What lies below a name of ``outside`` is left out, and so is what is reached through it alone.
    """
    outside, reached = tuple(outside), dict.fromkeys(modules, "")
    waiting = list(reached)
    for module in waiting:
        path = file_of(module)
        for name in sorted(imports_of(path)) if path is not None else ():
            if name not in reached and not any(name == one or name.startswith(f"{one}.") for one in outside):
                reached[name] = module
                waiting.append(name)
    return reached
