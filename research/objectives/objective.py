"""What a search looks for: a figure, an expression over figures, the composite score, or a function of a program."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import ConfigurationError
from core.settings_problem import did_you_mean, shortly, shown
from research.formulas.formula import Formula
from research.objectives.composite import COMPOSITE, TERMS, composite
from research.objectives.figure_names import Direction, every_name, figure_of, sense

if TYPE_CHECKING:
    from backtests.backtest_result import BacktestResult

Function = Callable[["BacktestResult"], float | None]

_DIRECTIONS: dict[str, Direction] = {
    "max": "maximise",
    "maximise": "maximise",
    "min": "minimise",
    "minimise": "minimise",
}
MOST = 5
"""Objectives of a search: of more, nearly every trial is on the front."""


class Objective(msgspec.Struct, frozen=True):
    """What a trial's value is, and which way it is better; ``function`` where it is one of a program's own."""

    text: str
    direction: Direction
    function: Function | None = None

    @property
    def figures(self) -> tuple[str, ...]:
        """The figures that it needs."""
        if self.function is not None:
            return ()
        if self.text == COMPOSITE:
            return tuple(one.figure for one in TERMS)
        return tuple(figure_of(name) for name in Formula(self.text, "number", "metric").names)

    def value(self, figures: Mapping[str, Any]) -> float | None:
        """Return the value of a trial's figures; None where it is undefined."""
        if self.text == COMPOSITE:
            return composite(figures).value
        formula = Formula(self.text, "number", "metric")
        found = formula.value({name: figures[figure_of(name)] for name in formula.names})
        return None if found is None else float(found)

    def value_of(self, figures: Mapping[str, Any], result: "BacktestResult") -> float | None:
        """Return the value of a trial whose run is at hand; ConfigurationError where a function gives no number."""
        if self.function is None:
            return self.value(figures)
        found: Any = self.function(result)
        if found is None:
            return None
        try:
            if not isinstance(found, str | bytes):
                return float(found)
        except (TypeError, ValueError, OverflowError):
            pass
        raise ConfigurationError(f"metric {self.text}: returned {shortly(found)} — allowed: a number, or None")

    def better(self, one: float, other: float) -> bool:
        """Whether a value is better than another."""
        return one > other if self.direction == "maximise" else one < other

    @property
    def sign(self) -> float:
        """By what values are multiplied to be better the larger they are."""
        return 1.0 if self.direction == "maximise" else -1.0

    @property
    def figure(self) -> str | None:
        """The figure that it is, by its full name; None of an expression, a score or a function."""
        try:
            return None if self.function is not None else figure_of(self.text)
        except ConfigurationError:
            return None


def objective_of(written: str | Function | Objective) -> Objective:
    """Return an objective as a user writes it.

    Parameters
    ----------
    written
        ``composite``, a figure by any of its names, an expression over figures, or a function of a result. ``:min`` or
        ``:max`` after a text says which way it is better; else a figure knows it, and all others are maximised.

    Raises
    ------
    ConfigurationError
        If a figure is unknown (with the nearest name), an expression cannot be understood, or a direction is missing.

    Examples
    --------
    >>> objective_of("max_drawdown").direction, objective_of("0.6*sharpe - max_drawdown_pct/25").direction
    ('minimise', 'maximise')
    """
    if isinstance(written, Objective):
        return written
    if callable(written):
        return Objective(getattr(written, "__qualname__", "function"), "maximise", written)
    if not isinstance(written, str):
        raise ConfigurationError(f"metric: {shortly(written)} — allowed: a figure, an expression or a function")
    text, colon, said = (part.strip() for part in written.partition(":"))
    if colon and said not in _DIRECTIONS:
        raise ConfigurationError(
            f"metric {shown(written)}: direction {shown(said)}{did_you_mean(said, _DIRECTIONS)} — allowed: min or max"
        )
    direction = _DIRECTIONS.get(said)
    if text == COMPOSITE:
        return Objective(text, direction or "maximise")
    formula = Formula(text, "number", "metric")
    if not formula.names:
        raise ConfigurationError(
            f"metric {shown(text)}: names no figure — allowed: a figure, or an expression over some"
        )
    try:
        found = [figure_of(name) for name in formula.names]
    except ConfigurationError:
        if (near := did_you_mean(text, {COMPOSITE})) and not did_you_mean(text, every_name()):
            raise ConfigurationError(f"metric {shown(text)}{near} — allowed: composite, a figure, …") from None
        raise
    if direction is None and formula.text == formula.names[0]:
        direction = sense(found[0])
        if direction is None:
            raise ConfigurationError(
                f"metric {text}: neither more nor less of it is better by itself — allowed: {text}:max or {text}:min"
            )
    return Objective(formula.text, direction or "maximise")


def objectives_of(written: Any) -> tuple[Objective, ...]:
    """Return one or several objectives; errors as of :func:`objective_of`."""
    several = written if isinstance(written, Sequence) and not isinstance(written, str) else (written,)
    found = tuple(objective_of(one) for one in several)
    if not 1 <= len(found) <= MOST:
        raise ConfigurationError(f"metric: {len(found)} objectives — allowed: 1 to {MOST}")
    texts = [one.text for one in found if one.function is None]
    if len(set(texts)) < len(texts):
        raise ConfigurationError(f"metric: {', '.join(texts)} — allowed: each once")
    return found


def pareto_front(values: Sequence[Sequence[float]], objectives: Sequence[Objective]) -> list[int]:
    """Return the places of the values that no other is better than in one objective and as good in all; in order.

    Examples
    --------
    >>> both = objectives_of(["sharpe", "max_drawdown"])
    >>> pareto_front([(1.0, 5.0), (2.0, 9.0), (0.5, 6.0), (1.0, 5.0)], both)
    [0, 1, 3]
    """
    turned = [tuple(one.sign * value for one, value in zip(objectives, row, strict=True)) for row in values]
    front: dict[int, tuple[float, ...]] = {}
    # Whatever is better than a point in all comes before it in this order, and so does one on the front that is.
    for place in sorted(range(len(turned)), key=turned.__getitem__, reverse=True):
        own = turned[place]
        if not any(theirs != own and all(map(operator.ge, theirs, own)) for theirs in front.values()):
            front[place] = own
    return sorted(front)
