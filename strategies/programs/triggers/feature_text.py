"""A feature as users write it in a pool or a program: ``rsi(14)``, ``macd(12, 26, 9).signal``, ``ema(9, of=hl2)``.

The text is parsed by Python's own grammar and walked over; nothing of it is executed.
"""

import ast
import functools
import re
import warnings

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, did_you_mean, shown
from indicators.features.feature import Feature
from indicators.indicator import PRICES, Indicator, Source
from indicators.registry import INDICATORS

LONGEST_TEXT = 200
LONGEST_WINDOW = 10_000
"""Candles; a longer window is a slip of the pen."""
_DEEPEST = 5
_RUN_ON = re.compile(r"([a-zA-Z_]+?)_?([0-9]+)")
"""An indicator whose brackets are missing: ``rsi14``."""
_ALLOWED = "allowed: an indicator such as rsi(14), macd(12, 26, 9).signal or ema(9, of=hl2), or a price such as close"
_SHORT = {
    "bb": "BollingerBands",
    "bbands": "BollingerBands",
    "bollinger": "BollingerBands",
    "donchian": "DonchianChannels",
    "keltner": "KeltnerChannels",
    "psar": "ParabolicSAR",
    "roc": "RateOfChange",
    "stddev": "StandardDeviation",
    "stochastic": "SlowStochastic",
    "stochrsi": "StochasticRSI",
    "vwap": "SessionVWAP",
}


def feature_of(text: str, period: str = "") -> Feature:
    """Return the feature that a text names.

    Parameters
    ----------
    text
        A price by name, or an indicator with its numbers, by the names of :data:`~indicators.registry.INDICATORS`;
        capital letters and underscores do not count (``rate_of_change(10)``). Of several outputs one may be named.
    period
        Length of the candles, a multiple of the session's own, from which they are joined; empty is the session's own.

    Raises
    ------
    ConfigurationError
        If the text or the period cannot be understood; one line that says what is allowed.

    Examples
    --------
    >>> feature_of("rsi(14)", "1h")
    Feature(of=RSI(period=14, of='close'), timeframe='1h', symbol=None, require_whole=False, source='joined')
    >>> feature_of("macd(12, 26, 9).signal").outputs
    ('value',)
    """
    return Feature(source_of(text), period or None)


@functools.lru_cache(maxsize=512)
def source_of(text: str) -> Source:
    """Return the price or indicator that a text names; raises as :func:`feature_of` does."""
    written = text.strip() if isinstance(text, str) else ""
    if not written or len(written) > LONGEST_TEXT:
        raise _refused(f"{shown(text)} is no feature" if not written else f"a feature of {len(written)} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _refused(f"{shown(text)} cannot be understood") from None
    return _source(tree, 0)


def with_text(text: str, what: str) -> str:
    """Return what is wrong with a feature's text, which is named before it where it is not named first anyway."""
    return what if _plain(what).startswith(_plain(text)) else f"{shown(text)}: {what}"


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def indicator_names() -> tuple[str, ...]:
    """Return the names of all indicators as texts write them, in order of the registry."""
    return tuple(_snake(name) for name in INDICATORS)


def _source(node: ast.expr, depth: int) -> Source:
    if depth > _DEEPEST:
        raise _refused("indicators of indicators of indicators, more than five deep,")
    if isinstance(node, ast.Name):
        return _price(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _price(node.value)
    if isinstance(node, ast.Call):
        return _indicator(node, depth)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
        indicator = _indicator(node.value, depth)
        if node.attr not in indicator.outputs:
            hint = did_you_mean(node.attr, indicator.outputs)
            raise _refused(
                f"{ast.unparse(node.value)} has no output {shown(node.attr)}{hint}",
                f"allowed: {', '.join(indicator.outputs)}",
            )
        one: Indicator = getattr(indicator, node.attr) if len(indicator.outputs) > 1 else indicator
        return one
    if _constant(node) is not None:
        raise _refused(f"{_said(node)} is a number, and neither an indicator nor a price")
    raise _refused(f"{shown(ast.unparse(node))} cannot be understood")


def _price(name: str) -> str:
    if name in PRICES:
        return name
    if (found := _class_of(name)) is not None:
        raise _refused(f"{name} is an indicator and is written with its numbers, as in {_example(found)}")
    run_on = _RUN_ON.fullmatch(name)
    if run_on is not None and _class_of(run_on[1]) is not None:
        raise _refused(f"there is no price {shown(name)} (did you mean {run_on[1]}({run_on[2]})?)")
    raise _refused(f"there is no price {shown(name)}{did_you_mean(name, PRICES)}", f"allowed: {', '.join(PRICES)}")


def _indicator(node: ast.Call, depth: int) -> Indicator:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    kind = _class_of(name)
    if kind is None:
        what = shown(name or ast.unparse(node.func))
        known = indicator_names()
        raise _refused(f"there is no indicator {what}{did_you_mean(name, known)}", f"allowed: {', '.join(known)}")
    fields = kind.__struct_fields__
    written = ast.unparse(node)
    if len(node.args) > len(fields):
        takes = f"no more than {' and '.join(fields)}" if fields else "nothing"
        raise _refused(f"{written}: {name} takes {takes}", f"allowed: as in {_example(kind)}")
    whole = {one.name for one in msgspec.structs.fields(kind) if one.type in (int, int | None)}
    as_in = f", as in {_example(kind)}"

    def taken(argument: ast.expr, key: str) -> Source | int | float:
        if key == "of":
            return _of(argument, written, depth)
        found = _number(argument, whole=key in whole)
        if isinstance(found, str):
            raise _refused(f"{written}: {key} is {_said(argument)}", f"{found}{as_in}")
        return found

    given: dict[str, Source | int | float] = {}
    for place, argument in enumerate(node.args):
        given[fields[place]] = taken(argument, fields[place])
    for keyword in node.keywords:
        key = keyword.arg or "**"
        if key not in fields or key in given:
            wrong = f"{name}: {key} stands twice" if key in given else f"{name} has no {key}{did_you_mean(key, fields)}"
            raise _refused(wrong, f"allowed: {', '.join(fields) or 'nothing'}")
        given[key] = taken(keyword.value, key)
    missing = [one.name for one in msgspec.structs.fields(kind) if one.required and one.name not in given]
    if missing:
        raise _refused(f"{written} lacks {' and '.join(missing)}", f"allowed: as in {_example(kind)}")
    try:
        indicator = kind(**given)
        indicator.nodes()
    except (TypeError, ValueError) as error:
        raise _refused(f"{written}: {error}", f"allowed: as in {_example(kind)}") from None
    return indicator


def _of(node: ast.expr, written: str, depth: int) -> Source:
    """Return what an indicator is taken of."""
    if _constant(node) is not None:
        allowed = f"allowed: another indicator, or a price: {', '.join(PRICES)}"
        raise _refused(f"{written}: of is {_said(node)}", allowed)
    return _source(node, depth + 1)


def _number(node: ast.expr, *, whole: bool) -> int | float | str:
    """Return the number that stands there, or in words what is allowed."""
    value = _constant(node)
    if value is None or (whole and not isinstance(value, int)):
        return "allowed: a whole number" if whole else "allowed: a number"
    return value if abs(value) <= LONGEST_WINDOW else f"allowed: at most {LONGEST_WINDOW:,}"


def _constant(node: ast.expr) -> int | float | None:
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    number = node.operand if isinstance(node, ast.UnaryOp) and minus else node
    value = number.value if isinstance(number, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return -value if minus else value


def _said(node: ast.expr) -> str:
    """Return an argument as it is told: a number plainly, anything else in quotes."""
    value = _constant(node)
    return shown(ast.unparse(node)) if value is None else shown(value)


def _class_of(name: str) -> type[Indicator] | None:
    plain = name.replace("_", "").casefold()
    return INDICATORS.get(_SHORT.get(plain, "")) or _BY_PLAIN.get(plain)


def _example(kind: type[Indicator]) -> str:
    numbers = [
        str(14 if one.required else one.default)
        for one in msgspec.structs.fields(kind)
        if one.name not in ("of", "share") and (one.required or one.default is not None)
    ]
    return f"{_snake(kind.__name__)}({', '.join(numbers)}{', 0.5' if 'share' in kind.__struct_fields__ else ''})"


def _snake(name: str) -> str:
    """Return a class's name as a text writes it: letters that follow one another as capitals stay together."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return words.lower()


_BY_PLAIN = {name.casefold(): kind for name, kind in INDICATORS.items()}


def _refused(wrong: str, allowed: str = _ALLOWED) -> ConfigurationError:
    return ConfigurationError.of(SettingsProblem("", wrong, allowed))
