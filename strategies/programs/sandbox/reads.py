"""What a program reads of the market, as its text says before it is ever run."""

import ast
import re
from collections.abc import Iterator, Mapping

import msgspec

from strategies.programs.sandbox.given_names import given_names

READS_NAME = "READS"
"""The name in a program's text under which it may declare what it reads."""
TRIGGERS_NAME = "TRIGGERS"
"""The name under which it may say what wakes it, where nobody says it otherwise; the text itself reads neither."""
READ_KINDS = ("indicators", "klines", "flows", "regimes")
USUAL_COUNT = 50
"""Candles that ``get_klines`` gives where no count is said."""
MOST_CANDLES = 1000
MOST_READS = 100
"""Indicators, flows, regimes and periods of candles that one text may read; each is computed at every candle."""
READ_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "get_klines": ("symbol", "period", "count"),
    "get_indicator": ("symbol", "indicator", "period"),
    "get_flow": ("symbol", "metric", "period"),
    "get_regime": ("symbol", "period"),
}
"""What the reads that have to be known before a text is run take, in order."""
_DEFAULTS: dict[str, object] = {"period": "", "count": USUAL_COUNT}


class Reads(msgspec.Struct, frozen=True):
    """What a program reads; each part is sorted, and a period of ``""`` is that of the session's own candles.

    Parameters
    ----------
    indicators
        (indicator, period), the indicator as :func:`indicator_text` writes it.
    klines
        Period -> the most candles that are read at a time.
    flows
        (metric, period).
    regimes
        Periods.
    """

    indicators: tuple[tuple[str, str], ...] = ()
    klines: dict[str, int] = {}
    flows: tuple[tuple[str, str], ...] = ()
    regimes: tuple[str, ...] = ()


class WrongReads(Exception):
    """What a text says of its reads cannot be read; ``line`` and ``column`` say where."""

    def __init__(self, text: str, node: ast.AST) -> None:
        super().__init__(text)
        self.line: int = getattr(node, "lineno", 1)
        self.column: int = getattr(node, "col_offset", 0) + 1


class OpenRead(msgspec.Struct, frozen=True):
    """A call whose arguments are only known when it is run: the ``argument`` that is no literal."""

    name: str
    argument: str
    line: int
    column: int


def indicator_text(text: str) -> str:
    """Return the one spelling of an indicator: lower case and without spaces.

    Examples
    --------
    >>> indicator_text("MACD(12, 26, 9).signal")
    'macd(12,26,9).signal'
    """
    return re.sub(r"\s+", "", text).lower()


def read_key(text: str, period: str) -> str:
    """Return the key under which a snapshot of the market has an indicator or a flow: ``rsi(14)|1h``."""
    return f"{indicator_text(text)}|{period}"


def reads_of(tree: ast.Module) -> Reads:
    """Return what a text declares, and what the literal calls of it read.

    Raises
    ------
    WrongReads
        If the declaration is no literal of the form it must have.
    """
    declared = declared_reads(tree)
    found = dict(declared.klines)
    indicators, flows, regimes = set(declared.indicators), set(declared.flows), set(declared.regimes)
    for name, arguments in _literal_calls(tree):
        period = str(arguments["period"])
        if name == "get_klines":
            found[period] = max(found.get(period, 0), min(int(str(arguments["count"])), MOST_CANDLES))
        elif name == "get_indicator":
            indicators.add((indicator_text(str(arguments["indicator"])), period))
        elif name == "get_flow":
            flows.add((str(arguments["metric"]), period))
        else:
            regimes.add(period)
    many = len(indicators) + len(found) + len(flows) + len(regimes)
    if many > MOST_READS:
        raise WrongReads(f"the text reads {many:,} different things — allowed: at most {MOST_READS}", tree)
    return Reads(
        tuple(sorted(indicators)),
        {period: count for period, count in sorted(found.items()) if count > 0},
        tuple(sorted(flows)),
        tuple(sorted(regimes)),
    )


def declared_reads(tree: ast.Module) -> Reads:
    """Return what the text's own ``READS`` says; nothing where it has none.

    Raises
    ------
    WrongReads
        If it is no literal of the form it must have.
    """
    value: ast.expr | None = None
    for statement in tree.body:
        if READS_NAME in _names_given(statement):
            value = getattr(statement, "value", None)
    if value is None:
        return Reads()
    try:
        said = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise WrongReads(f"{READS_NAME} is no literal — {_ALLOWED}", value) from None
    if not isinstance(said, dict) or not set(said) <= set(READ_KINDS):
        raise WrongReads(f"{READS_NAME} has other keys — {_ALLOWED}", value)
    klines = said.get("klines", {})
    if not isinstance(klines, dict) or not all(_is_period(one) and _is_count(klines[one]) for one in klines):
        raise WrongReads(
            f"{READS_NAME}: klines — allowed: a dict of period and the most candles, at most {MOST_CANDLES}", value
        )
    indicators, flows, regimes = (said.get(kind, ()) for kind in ("indicators", "flows", "regimes"))
    for kind, rows, fits in (
        ("indicators", indicators, _is_pair),
        ("flows", flows, _is_pair),
        ("regimes", regimes, _is_period),
    ):
        if not isinstance(rows, list | tuple) or not all(map(fits, rows)):
            what = "periods" if kind == "regimes" else "[text, period] pairs"
            raise WrongReads(f"{READS_NAME}: {kind} — allowed: a list of {what}", value)
    return Reads(
        tuple((indicator_text(one), period) for one, period in indicators),
        dict(klines),
        tuple((one, period) for one, period in flows),
        tuple(regimes),
    )


def open_reads(tree: ast.Module) -> tuple[OpenRead, ...]:
    """Return the reads whose indicator, metric, period or count is no literal, in the order of the text."""
    constants = _constants(tree)
    found = []
    for name, call in _read_calls(tree):
        for argument, node in _arguments(name, call).items():
            if argument != "symbol" and _literal(node, constants) is None:
                found.append(OpenRead(name, argument, node.lineno, node.col_offset + 1))
    return tuple(found)


def line_of_read(tree: ast.Module, name: str, what: str, period: str) -> int | None:
    """Return the line of the first call of a name that reads something, else that of the declaration; None without one.

    ``what`` is the indicator or the flow; candles and regimes are found by their period alone.
    """
    constants = _constants(tree)
    for called, call in _read_calls(tree):
        values = {one: _literal(node, constants) for one, node in _arguments(called, call).items()}
        read = str(values.get("indicator", values.get("metric", what)))
        if (called, indicator_text(read), values.get("period", "")) == (name, indicator_text(what), period):
            return call.lineno
    return next((one.lineno for one in tree.body if READS_NAME in _names_given(one)), None)


_ALLOWED = (
    'allowed: {"indicators": [["rsi(14)", "1h"]], "klines": {"1h": 50}, "flows": [["funding", ""]], "regimes": ["1h"]}'
)


def _is_pair(row: object) -> bool:
    return isinstance(row, list | tuple) and len(row) == 2 and all(isinstance(one, str) for one in row)


def _is_period(one: object) -> bool:
    return isinstance(one, str)


def _is_count(one: object) -> bool:
    return isinstance(one, int) and not isinstance(one, bool) and 0 < one <= MOST_CANDLES


def _literal_calls(tree: ast.Module) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield name and arguments of the reads that are known before the text is run; the symbol is any."""
    constants = _constants(tree)
    for name, call in _read_calls(tree):
        nodes = _arguments(name, call)
        values = {one: _literal(node, constants) for one, node in nodes.items() if one != "symbol"}
        values = {one: _DEFAULTS[one] for one in READ_PARAMETERS[name] if one in _DEFAULTS} | values
        wanted = [one for one in READ_PARAMETERS[name] if one != "symbol"]
        if all(isinstance(values.get(one), int if one == "count" else str) for one in wanted):
            yield name, values


def _read_calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READ_PARAMETERS:
            yield node.func.attr, node


def _arguments(name: str, call: ast.Call) -> dict[str, ast.expr]:
    """Return parameter -> what is given for it; a starred argument stands for those it may be."""
    found = dict(zip(READ_PARAMETERS[name], call.args, strict=False))
    return found | {one.arg: one.value for one in call.keywords if one.arg in READ_PARAMETERS[name]}


def _literal(node: ast.expr, constants: dict[str, object]) -> object:
    """Return the text or number that an expression is, or that the constant it names has; None for any other."""
    value = constants.get(node.id) if isinstance(node, ast.Name) else getattr(node, "value", None)
    if not isinstance(node, ast.Name | ast.Constant):
        return None
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def _constants(tree: ast.Module) -> dict[str, object]:
    """Return name -> value of what the text gives a plain value at its top, once, and nowhere else."""
    given = _times_given(tree)
    return {
        name: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant)
        for name in _names_given(statement)
        if given.get(name) == 1
    }


def _times_given(tree: ast.Module) -> dict[str, int]:
    """Return how often a text gives each of its names a meaning."""
    given: dict[str, int] = {}
    for name, _ in given_names(tree):
        given[name] = given.get(name, 0) + 1
    return given


def _names_given(statement: ast.stmt) -> tuple[str, ...]:
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return tuple(one.id for one in targets if isinstance(one, ast.Name))
