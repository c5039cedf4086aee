"""One condition of a promotion, such as ``sharpe > 1``: read by a small grammar of its own, never evaluated as code."""

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_EQUALITY = ("==", "!=")
_LONGEST = 200
_PART = r"[A-Za-z_][A-Za-z0-9_-]*"
_FORM = re.compile(rf"\s*({_PART}(?:\.{_PART}){{0,3}})\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MEANT = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!="}
_ALLOWED = "a figure, one of < <= > >= == !=, and a number or a word, such as sharpe > 1 or parity == exact"


class Criterion(msgspec.Struct, frozen=True):
    """A figure, how it is compared, and with what."""

    figure: str
    comparison: str
    bound: float | str | bool

    @property
    def text(self) -> str:
        """The criterion as a person writes it."""
        bound = str(self.bound).lower() if isinstance(self.bound, bool) else self.bound
        return f"{self.figure} {self.comparison} {bound if isinstance(bound, str) else format(bound, '.12g')}"

    def holds(self, value: object) -> bool:
        """Whether it holds of a value; never of one that is undefined or of another kind than the bound."""
        return self.objection(value) is None and _OPERATORS[self.comparison](value, self.bound)

    def objection(self, value: object) -> str | None:
        """Say why a value cannot be compared at all; None where it can."""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return "undefined"
        for kind in (bool, str, int | float):
            if isinstance(value, kind) or isinstance(self.bound, kind):
                alike = isinstance(value, kind) and isinstance(self.bound, kind)
                return None if alike else f"{shown(value)} cannot be compared with {shown(self.bound)}"
        return f"{shown(value)} is nothing that can be compared"


def read_criterion(text: object) -> Criterion:
    """Return the criterion that a text writes.

    Raises
    ------
    ConfigurationError
        If it cannot be understood; the sentence says what is allowed.

    Examples
    --------
    >>> read_criterion("out_of_sample.profit_factor > 1.1")
    Criterion(figure='out_of_sample.profit_factor', comparison='>', bound=1.1)
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise _not_understood(text)
    found = _FORM.fullmatch(text)
    if found is None:
        used = [one for one in re.split(r"[\s\w.+-]+", text) if one]
        meant = _MEANT.get(used[0]) if len(used) == 1 else None
        raise _not_understood(text, f" (did you mean {meant}?)" if meant is not None else "")
    figure, comparison, written = found.groups()
    bound = _bound(text, written)
    if not isinstance(bound, float) and comparison not in _EQUALITY:
        raise _not_understood(text, f" ({written!r} has no order: compare it with == or !=)")
    return Criterion(figure, comparison, bound)


def _bound(text: str, written: str) -> float | str | bool:
    if _NUMBER.fullmatch(written):
        number = float(written.replace("_", ""))
        if math.isfinite(number):
            return number
        raise _not_understood(text, f" ({written!r} is not a finite number)")
    if written in ("true", "false"):
        return written == "true"
    if _WORD.fullmatch(written) and written.lower() not in ("nan", "inf", "infinity"):
        return written
    if written.endswith("%") and _NUMBER.fullmatch(written[:-1]):
        raise _not_understood(text, " (a share is written as a fraction: 0.1 for 10 %, a figure in _pct as it is: 10)")
    raise _not_understood(text)


def require_one_of(criterion: Criterion, words: tuple[str, ...]) -> None:
    """Refuse a criterion whose bound is none of some words; raises ConfigurationError."""
    if criterion.bound not in words:
        hint = did_you_mean(criterion.bound, words)
        raise ConfigurationError(
            f"criterion {criterion.text!r}: {shown(criterion.bound)}{hint} — allowed: {', '.join(words)}"
        )


def _not_understood(text: object, hint: str = "") -> ConfigurationError:
    return ConfigurationError(f"criterion {shown(text)} cannot be understood{hint} — allowed: {_ALLOWED}")
