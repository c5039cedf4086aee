"""Public names of a package that are imported when they are asked for, so that the package itself loads fast."""

import importlib
from collections.abc import Callable, Mapping


def lazy_names(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return a package's ``__getattr__``; ``homes`` has, by module, the names that are in it, with blanks between."""
    modules = {name: module for module, names in homes.items() for name in names.split()}

    def imported(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return imported
