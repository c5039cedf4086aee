"""One dimension of a search: a range of whole numbers or of floats, or a choice of values."""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import msgspec

Value = int | float | str | bool


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter that is varied.

    Parameters
    ----------
    name
        As the user writes it: that of the strategy's parameter, or a dotted key of the settings.
    key
        The dotted key of the settings that it is; empty until the settings are known.
    kind
        ``int``, ``float`` or ``choice``.
    low, high, step
        Of a range, both ends in it; ``high`` is the last that the step reaches. A float without a step takes any value.
    log
        Whether equal ratios weigh alike, not equal differences.
    choices
        Of a choice.
    """

    name: str
    key: str = ""
    kind: Literal["int", "float", "choice"]
    low: int | float = 0
    high: int | float = 0
    step: int | float | None = None
    log: bool = False
    choices: tuple[Value, ...] = ()

    @property
    def count(self) -> int | None:
        """Number of its values; None where it takes any value of its range."""
        if self.kind == "choice":
            return len(self.choices)
        if self.step is None:
            return 1 if self.low == self.high else None
        return int((_exact(self.high) - _exact(self.low)) / _exact(self.step)) + 1

    def value_at(self, index: int) -> Value:
        """Return one of its values by its number from 0, exact: 0.1 + 2 * 0.1 is 0.3."""
        if self.kind == "choice":
            return self.choices[index]
        value = _exact(self.low) + index * _exact(self.step or 0)
        return int(value) if self.kind == "int" else float(value)

    def place_of(self, value: Value) -> int:
        """Return the number of one of its values: the opposite of :meth:`value_at`."""
        if self.kind == "choice":
            return [repr(one) for one in self.choices].index(repr(value))
        return int((_exact(float(value)) - _exact(self.low)) / _exact(self.step or 1))

    def values(self) -> Iterator[Value]:
        """Yield its values in order; none of one that takes any value of its range."""
        return map(self.value_at, range(self.count or 0))

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values at which it is looked at before a search: both ends, or all choices."""
        if self.kind == "choice":
            return self.choices
        return tuple(dict.fromkeys((self.low, self.high)))

    @property
    def ordered(self) -> bool:
        """Whether its values have an order that means something: those of a range, and numbers that go up."""
        if self.kind != "choice":
            return True
        numbers: list[Any] = [one for one in self.choices if isinstance(one, int | float) and not isinstance(one, bool)]
        return len(numbers) == len(self.choices) and all(a < b for a, b in itertools.pairwise(numbers))

    @property
    def text(self) -> str:
        """It as a user writes it."""
        if self.kind == "choice":
            return ",".join(str(one).lower() if isinstance(one, bool) else str(one) for one in self.choices)
        step = "" if self.step is None or (self.kind == "int" and self.step == 1) else f":{self.step}"
        return f"{self.low}..{self.high}{step}{' log' if self.log else ''}"


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))


def value_text(value: object) -> str:
    """Return a value of a parameter or a setting as it is shown: a float with six digits, a list without brackets."""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
