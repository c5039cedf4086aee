"""The value of a feature that has several, such as a MACD: each by its name, and no number itself."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from core.settings_problem import did_you_mean


def several_values(name: str, outputs: Sequence[str]) -> Callable[..., Any]:
    """Return the class of a feature's values; where one of them is meant and not said it names them."""

    def refuse(self: object, other: object = None) -> NoReturn:
        raise TypeError(f"{name} has several values: {', '.join(f'now.{name}.{one}' for one in outputs)}")

    def unknown(self: object, asked: str) -> NoReturn:
        raise AttributeError(f"{name} has no {asked!r}{did_you_mean(asked, outputs)}; it has {', '.join(outputs)}")

    numeric = {f"__{one}__": refuse for one in _OF_NUMBERS}
    return type(name, (namedtuple(name, outputs),), {"__slots__": (), "__getattr__": unknown, **numeric})


_OF_NUMBERS = (
    *("lt", "le", "gt", "ge", "neg", "abs", "float"),
    *(way + one for way in ("", "r") for one in ("add", "sub", "mul", "truediv")),
)
