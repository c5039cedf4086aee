"""Parameters as users write them: ``5..20``, ``0.5..3:0.25``, ``0.0001..0.01 log``, ``14,20,25,30``; or a section."""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shown
from research.spaces.parameter import Parameter, Value

_NUMBER = r"[-+]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?::\s*({_NUMBER}))?\s*(?::?\s*\b(log))?")
_ONE = re.compile(_NUMBER)
_WORD = re.compile(r"\w[\w./:-]*")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_ALLOWED = "allowed: 5..20, 5..20:5, 0.0001..0.01 log, or 14,20,25,30"
_SECTION = ("low", "high", "step", "log", "choices")
_LARGEST = 2**53
_LONGEST, _LONGEST_TOLD = 2000, 100


def parameter_of(name: str, written: Any) -> Parameter:
    """Return the parameter that is written under a name.

    Parameters
    ----------
    name
        Its name.
    written
        A text, a number, a list of choices, or a mapping with ``low``, ``high``, ``step`` and ``log``, or ``choices``.

    Raises
    ------
    ConfigurationError
        If it cannot be understood, is empty or contradicts itself.

    Examples
    --------
    >>> parameter_of("ema_fast", "5..20:5").count
    4
    >>> parameter_of("rsi_period", [14, 20]).choices
    (14, 20)
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ConfigurationError(
            f"parameter {shown(name)}: is no name — allowed: ema_fast, or a dotted key such as execution.slippage"
        )
    if isinstance(written, str):
        return _of_text(name, written)
    if isinstance(written, Mapping):
        return _of_section(name, written)
    if isinstance(written, Sequence):
        return _choice(name, list(written))
    if isinstance(written, bool | int | float):
        return _choice(name, [written])
    raise _wrong(name, shown(written))


def parameter_argument(text: str) -> Parameter:
    """Return the parameter that ``NAME=RANGE`` writes; ConfigurationError as of :func:`parameter_of`."""
    name, equals, written = text.partition("=")
    if not equals:
        raise ConfigurationError(
            f"parameter {shown(text)}: says no range — allowed: NAME=RANGE, such as ema_fast=5..20"
        )
    return parameter_of(name.strip(), written)


def _of_text(name: str, text: str) -> Parameter:
    text = text.strip()
    if len(text) > _LONGEST:
        raise _wrong(name, f"it has {len(text)} characters")
    if ".." in text:
        found = _RANGE.fullmatch(text)
        if found is None or "..." in text:
            raise _wrong(name, shown(text))
        low, high, step, log = found.groups()
        return _range(name, _number(low), _number(high), None if step is None else _number(step), log=log is not None)
    if not text:
        raise _wrong(name, "has no values")
    return _choice(name, [_choice_of(name, one.strip()) for one in text.split(",")])


def _of_section(name: str, section: Mapping[str, Any]) -> Parameter:
    for key in section:
        if key not in _SECTION:
            hint = did_you_mean(key, _SECTION)
            raise ConfigurationError(
                f"parameter {name}: unknown key {shown(key)}{hint} — allowed: {', '.join(_SECTION)}"
            )
    if "choices" in section:
        if len(section) > 1:
            raise _wrong(name, "choices stand beside a range", "allowed: one of the two")
        return parameter_of(name, section["choices"])
    numbers = [section.get(key) for key in ("low", "high", "step")]
    log = section.get("log", False)
    for key, one in (*zip(("low", "high", "step"), numbers, strict=True), ("log", log)):
        fits = isinstance(one, bool) if key == "log" else isinstance(one, int | float) and not isinstance(one, bool)
        if not fits and not (one is None and key == "step"):
            said = "is missing" if one is None else shown(one)
            allowed = "allowed: true or false" if key == "log" else "allowed: a number"
            raise _wrong(f"{name}.{key}", said, allowed)
    low, high, step = numbers
    return _range(name, low, high, step, log=log)


def _range(name: str, low: Any, high: Any, step: Any, *, log: bool) -> Parameter:
    """Return a range; of whole numbers where all of them are whole."""
    text = f"{low}..{high}" + ("" if step is None else f":{step}")
    if not all(abs(one) <= _LARGEST for one in (low, high, step or 0)):
        raise _wrong(name, f"{text if len(text) <= _LONGEST_TOLD else 'it'} is beyond what can be counted")
    if low > high:
        raise _wrong(name, f"{text} is empty: {low} is above {high}", f"allowed: {high}..{low}")
    whole = all(isinstance(one, int) for one in (low, high, 1 if step is None else step))
    if step is not None and (step <= 0 or (step > high - low and low != high)):
        raise _wrong(name, f"the step of {text}", "allowed: above 0, and not above the length of the range")
    if log and (low <= 0 or step is not None):
        raise _wrong(name, f"{text} log", "allowed: a range above 0 without a step")
    if whole:
        step = 1 if step is None else step
    elif step is None or low == high:
        return Parameter(name=name, kind="float", low=float(low), high=float(high), log=log)
    made = Parameter(
        name=name,
        kind="int" if whole else "float",
        low=low if whole else float(low),
        high=high if whole else float(high),
        step=step if whole else float(step),
        log=log,
    )
    if (made.count or 0) > _LARGEST:
        raise _wrong(name, f"{text} has more values than can be counted", "allowed: larger steps")
    last: Any = made.value_at((made.count or 1) - 1)
    return msgspec.structs.replace(made, high=last)


def _choice(name: str, values: list[Any]) -> Parameter:
    if not values:
        raise _wrong(name, "has no values")
    for one in values:
        if not (isinstance(one, str) and one) and not (isinstance(one, int | float) and abs(one) <= sys.float_info.max):
            raise _wrong(name, f"the choice {shown(one)}", "allowed: numbers, words, true and false")
    if len({isinstance(one, str) for one in values}) > 1:
        raise _wrong(name, f"{', '.join(map(str, values))}", "allowed: numbers, or words")
    if len({(isinstance(one, bool), one) for one in values}) < len(values):
        raise _wrong(name, f"{', '.join(map(str, values))} has a choice twice", "allowed: each once")
    if any(isinstance(one, float) for one in values) and all(isinstance(one, int | float) for one in values):
        values = [one if isinstance(one, bool) else float(one) for one in values]
    return Parameter(name=name, kind="choice", choices=tuple(values))


def _choice_of(name: str, text: str) -> Value:
    if _ONE.fullmatch(text):
        return _number(text)
    if text in ("true", "false"):
        return text == "true"
    if _WORD.fullmatch(text) is None:
        raise _wrong(name, f"the choice {shown(text)}")
    return text


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    return int(plain) if re.fullmatch(r"[-+]?\d+", plain) else float(plain)


def _wrong(name: str, wrong: str, allowed: str = _ALLOWED) -> ConfigurationError:
    return ConfigurationError(f"parameter {name}: {wrong} — {allowed}")
