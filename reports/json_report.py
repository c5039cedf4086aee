"""The result of a run as JSON text: the same result gives the same bytes."""

import json
import math
from collections.abc import Mapping

_OF_THE_MACHINE = {"processing_seconds"}
"""Keys of ``statistics`` that tell of the machine, not of the run; they are left out."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def to_json(result: Mapping[str, object]) -> str:
    """Return a result as JSON: keys sorted, floats with all their digits, ASCII only, no line end behind it.

    nan and the infinities become null. ``processing_seconds`` is left out of ``statistics``, so that the text follows
    from the run's input alone.

    Raises
    ------
    TypeError
        If something in the result is no plain value (mapping with text keys, list, tuple, text, number, bool, None).
    """
    values = dict(result)
    statistics = values.get("statistics")
    if isinstance(statistics, Mapping):
        values["statistics"] = {key: value for key, value in statistics.items() if key not in _OF_THE_MACHINE}
    return json.dumps(_plain(values, "result"), sort_keys=True, indent=2, allow_nan=False)


def _plain(value: object, place: str) -> Json:
    if value is None or isinstance(value, bool):
        return value
    # Subclasses (numpy.float64, enumerations) are brought down to the plain type, so that they print as it does.
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{place}: the key {key!r} is not text")
        return {key: _plain(inner, f"{place}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{place}[{index}]") for index, inner in enumerate(value)]
    raise TypeError(f"{place}: a {type(value).__name__} is no plain value")
