"""Finds what the program has of a kind, so that a suite tests it because it exists."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Protocol, is_typeddict


def modules_of(package: str) -> Iterator[ModuleType]:
    """Return every module of a package, those of its sub-packages too."""
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        yield importlib.import_module(found.name)


def classes_of(package: str) -> list[type]:
    """Return the public classes that a package defines, protocols left out."""
    return [
        one
        for module in modules_of(package)
        for name, one in vars(module).items()
        if inspect.isclass(one) and one.__module__ == module.__name__ and not name.startswith("_")
        if not getattr(one, "_is_protocol", False) and not is_typeddict(one)
    ]


def implementations(protocol: type, package: str) -> list[type]:
    """Return the classes of a package that have every method of a protocol, with the same parameters."""
    methods = {
        name: _parameters(one)
        for base in protocol.__mro__
        if base not in (object, Protocol)
        for name, one in vars(base).items()
        if isinstance(one, FunctionType) and not name.startswith("_")
    }
    return [
        one
        for one in classes_of(package)
        if all(_parameters(getattr(one, name, None)) == told for name, told in methods.items())
    ]


def _parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters) if isinstance(function, FunctionType) else []


def snake_case(name: str) -> str:
    """Return the name of a class as functions are named."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def arguments_of(function: object) -> list[str]:
    """Return the names of what a function or a class takes, those with a default left out."""
    return [
        name
        for name, one in inspect.signature(function).parameters.items()  # type: ignore[arg-type]
        if name != "self" and one.default is one.empty
    ]
