"""What a strategy says beside its signal, as values that a file can hold."""

import contextlib
import math
from collections.abc import Mapping
from typing import Any, SupportsFloat


def plain_metadata(metadata: Mapping[Any, Any]) -> dict[str, Any]:
    """Return metadata as JSON-able values that are the same in every process.

    Numbers stay numbers, text stays text, mappings and sequences are taken apart, sets sorted; a number that is not
    finite and everything else becomes text, and an object whose text would hold its address becomes its type's name.
    """
    return {str(key): _plain(value) for key, value in metadata.items()} if metadata else {}


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if type(value) is float:  # Mostly; the kinds below are slow to tell.
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return plain_metadata(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_plain(one)) for one in value)
    if isinstance(value, SupportsFloat):
        # A series or an array has a float too, but only if it has one element.
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            number = float(value)
            return number if math.isfinite(number) else str(number)
    if type(value).__repr__ is object.__repr__ and type(value).__str__ is object.__str__:
        return type(value).__name__
    return str(value)
