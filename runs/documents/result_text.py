"""A result as JSON text: the same result gives the same bytes."""

import json
import math
from collections.abc import Mapping

from runs.documents.run_result import RunResult

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def to_json(result: RunResult | Mapping[str, object]) -> str:
    """Return a result, typed or plain, as JSON: keys sorted, floats with all their digits, ASCII only, no line end.

    nan and the infinities become null.

    Raises
    ------
    TypeError
        If something in the result is no plain value (mapping with text keys, list, tuple, text, number, bool, None).
    """
    values = result.to_dict() if isinstance(result, RunResult) else result
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
