"""A strategy named by its file: ``path/to/file.py:ClassName``, or the file alone where it holds one strategy."""

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from strategies.own_code import failure_in_one_line
from strategies.strategy_source import load_module, module_of_file


def is_file_name(name: object) -> bool:
    """Return whether a name is a path to a file, with or without a class behind it."""
    path = _parts(name)[0] if isinstance(name, str) else ""
    return path.endswith(".py") or "/" in path


def normal_file_name(name: str) -> str:
    """Return the one spelling of a path to a file, and of its class.

    Raises
    ------
    ConfigurationError
        If it is no python file, or the class no name of one.
    """
    path, class_name = _parts(name)
    if not path.endswith(".py"):
        raise ConfigurationError(f"strategy {shown(name)}: {path} is no python file — {_ALLOWED}")
    if class_name is not None and not class_name.isidentifier():
        raise ConfigurationError(f"strategy {shown(name)}: {shown(class_name)} is no name of a class — {_ALLOWED}")
    normal = Path(os.path.normpath(path)).as_posix()
    return normal if class_name is None else f"{normal}:{class_name}"


def file_class(name: str, is_strategy: Callable[[object], bool], forms: str) -> type:
    """Return the class that a file's name means; the path begins in the working directory.

    Raises
    ------
    ConfigurationError
        If the file is not there or fails, or has no such class, or without a name not exactly one strategy.
    """
    path, class_name = _parts(name)
    module = _module(name, path)
    strategies = sorted(
        key
        for key, one in vars(module).items()
        if is_strategy(one)
        and (getattr(one, "__module__", None), getattr(one, "__name__", None)) == (module.__name__, key)
    )
    if class_name is None:
        if len(strategies) != 1:
            has = f"has {len(strategies)} strategies ({', '.join(strategies)})" if strategies else f"has none ({forms})"
            raise ConfigurationError(f"strategy {shown(name)}: {path} {has} — allowed: {path}:ClassName of one of them")
        class_name = strategies[0]
    found: object = getattr(module, class_name, None)
    if found is None:
        has = f"its strategies: {', '.join(strategies)}" if strategies else "it has no strategy"
        hint = did_you_mean(class_name, strategies)
        raise ConfigurationError(f"strategy {shown(name)}: {path} has no class {class_name}{hint} — {has}")
    if not isinstance(found, type) or not is_strategy(found):
        raise ConfigurationError(f"strategy {shown(name)}: {class_name} of {path} is not a class with {forms}")
    return found


def module_of(name: str) -> str:
    """Return the module under which the file of a name is loaded."""
    return module_of_file(Path(_parts(name)[0]))


_ALLOWED = "allowed: path/to/file.py:ClassName"


def _module(name: str, path: str) -> ModuleType:
    file = Path(path)
    if not file.is_file():
        wrong = "is a folder" if file.is_dir() else "does not exist"
        beside = [one.name for one in file.parent.glob("*.py")] if file.parent.is_dir() else []
        hint = did_you_mean(file.name, beside)
        raise ConfigurationError(
            f"strategy {shown(name)}: {path} {wrong}{hint} — allowed: a python file; its path begins in the folder of "
            "the configuration"
        )
    try:
        return load_module(module_of_file(file))
    except (Exception, SystemExit) as error:  # Importing runs the user's code, which may raise anything.
        raise ConfigurationError(f"strategy {shown(name)} cannot be imported: {failure_in_one_line(error)}") from error


def _parts(name: str) -> tuple[str, str | None]:
    path, colon, class_name = name.rpartition(":")
    return (path, class_name) if colon else (name, None)
