"""What a program decides, read from the plain data that came out of its sandbox."""

import math
from collections.abc import Collection
from typing import Any, Literal, get_args

import msgspec

from core.plain_text import escaped, is_text
from core.settings_problem import did_you_mean, shortly
from core.tolerance import TOLERANCE
from strategies.programs.sandbox.problem import ProgramProblem

Action = Literal["buy", "sell", "close", "hold"]
ACTIONS: tuple[str, ...] = get_args(Action)
LONGEST_REASON = 200
"""Characters of a reason that are kept; the rest is cut off."""
MOST_TARGETS = 20


class ProgramTarget(msgspec.Struct, frozen=True):
    """A target: which ``fraction`` of the position leaves, and at which ``price``."""

    fraction: float
    price: float


class ProgramDecision(msgspec.Struct, frozen=True):
    """What a program wants of one symbol; the session's gates judge it.

    ``size`` is the share, above 0 and at most 1, of what risk allows; of a close, the fraction of the position.
    ``quote`` is instead the value in the quote currency that is wanted, at most what risk allows. ``stop`` is a price
    and ``stop_distance`` a distance from the fill; likewise ``targets`` and ``target_distance``. ``leverage`` may only
    be that of the session. None is what the program left unsaid.
    """

    action: Action
    symbol: str
    size: float = 1.0
    quote: float | None = None
    leverage: float | None = None
    stop: float | None = None
    stop_distance: float | None = None
    target_distance: float | None = None
    targets: tuple[ProgramTarget, ...] = ()
    reason: str = ""


KEYS: tuple[str, ...] = ProgramDecision.__struct_fields__
"""What a decision may say."""
_PRICES = ("quote", "leverage", "stop", "stop_distance", "target_distance")
_SAID_BY: dict[str, Collection[str]] = {
    "buy": KEYS,
    "sell": KEYS,
    "close": ("action", "symbol", "size", "reason"),
    "hold": ("action", "symbol", "reason"),
}
_ONE_OF = (("size", "quote"), ("stop", "stop_distance"), ("targets", "target_distance"))


def read_decision(raw: object, symbols: Collection[str], trigger_symbol: str) -> ProgramDecision | ProgramProblem:
    """Return the decision that plain data means, or the problem with it; nothing that came out is evaluated.

    Parameters
    ----------
    raw
        What the program returned: None for ``hold``, or a dict of the keys of a decision. What is None is unsaid.
    symbols
        The symbols that are traded.
    trigger_symbol
        The symbol that is meant where the decision names none.

    Returns
    -------
    ProgramDecision or ProgramProblem
        A problem of kind ``nonsense`` names the key, what it says and what is allowed.
    """
    try:
        return _decision(raw, symbols, trigger_symbol)
    except _Nonsense as error:
        return ProgramProblem("nonsense", str(error))


class _Nonsense(Exception):
    """One key of a decision is wrong; the sentence says what is allowed."""


def _decision(raw: object, symbols: Collection[str], trigger_symbol: str) -> ProgramDecision:
    if raw is None:
        return ProgramDecision("hold", trigger_symbol)
    if not isinstance(raw, dict):
        raise _Nonsense(f"decide returned {_told(raw)} — allowed: Decision(…), a dict of its keys, or None for hold")
    said: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in KEYS:
            raise _Nonsense(f"decision: {_told(key)} is no key{did_you_mean(key, KEYS)} — allowed: {', '.join(KEYS)}")
        if value is not None:
            said[key] = value
    action = said.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        hint = did_you_mean(action, ACTIONS)
        raise _Nonsense(f"decision: action: {_told(action)}{hint} — allowed: {', '.join(ACTIONS)}")
    for key in said:
        if key not in _SAID_BY[action]:
            raise _Nonsense(f"decision: {action} takes no {key} — allowed: {', '.join(_SAID_BY[action])}")
    for one, other in _ONE_OF:
        if one in said and other in said:
            raise _Nonsense(f"decision: {one} and {other} are both said — allowed: one of the two")
    values: dict[str, Any] = {key: _above_zero(key, said[key]) for key in _PRICES if key in said}
    if "size" in said:
        values["size"] = _share("size", said["size"])
    if "targets" in said:
        values["targets"] = _targets(said["targets"])
    if "reason" in said:
        values["reason"] = _reason(said["reason"])
    symbol = _symbol(said.get("symbol", trigger_symbol), symbols)
    return msgspec.convert({"action": action, "symbol": symbol, **values}, ProgramDecision)


def _symbol(value: object, symbols: Collection[str]) -> str:
    if not isinstance(value, str) or value not in symbols:
        hint = did_you_mean(value, symbols)
        raise _Nonsense(f"decision: symbol: {_told(value)} is not traded{hint} — allowed: {', '.join(symbols)}")
    return value


def _targets(value: object) -> tuple[ProgramTarget, ...]:
    """Return targets of prices, which share the position evenly, or of (fraction, price) pairs."""
    allowed = f"allowed: a list of at most {MOST_TARGETS} prices, or of (fraction, price) pairs"
    rows = value if isinstance(value, list | tuple) else [value]
    if len(rows) > MOST_TARGETS:
        raise _Nonsense(f"decision: targets: {len(rows)} of them — {allowed}")
    pairs = [row for row in rows if isinstance(row, list | tuple)]
    if not pairs:
        return tuple(ProgramTarget(1 / len(rows), _above_zero("targets", row)) for row in rows)
    if len(pairs) < len(rows):
        raise _Nonsense(f"decision: targets: prices and pairs are mixed — {allowed}")
    if any(len(row) != 2 for row in pairs):
        raise _Nonsense(f"decision: targets: a pair has not two parts — {allowed}")
    found = tuple(ProgramTarget(_share("targets", row[0]), _above_zero("targets", row[1])) for row in pairs)
    if math.fsum(one.fraction for one in found) > TOLERANCE:
        raise _Nonsense("decision: targets: the fractions are more than the whole — allowed: a sum of at most 1")
    return found


def _reason(value: object) -> str:
    if not isinstance(value, str) or not is_text(value):
        raise _Nonsense(f"decision: reason: {_told(value)} — allowed: text")
    return escaped(" ".join(value.split())[:LONGEST_REASON])


def _share(key: str, value: object) -> float:
    number = _number(key, value)
    if not 0 < number <= 1:
        raise _Nonsense(f"decision: {key}: {_told(value)} — allowed: a share above 0, at most 1")
    return number


def _above_zero(key: str, value: object) -> float:
    number = _number(key, value)
    if not number > 0:
        raise _Nonsense(f"decision: {key}: {_told(value)} — allowed: a number above 0")
    return number


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Nonsense(f"decision: {key}: {_told(value)} — allowed: a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Nonsense(f"decision: {key}: no finite number — allowed: a number")
    return number


def _told(value: object) -> str:
    """Return a value as one short line; what nobody would write out is only counted."""
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**20:
        return "an integer of more than 20 digits"
    if isinstance(value, str):
        return shortly(escaped(value[:100]))
    return shortly(value)
