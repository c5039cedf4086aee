"""The composite score: 0.4 win rate + 0.3 return + 0.2 Sharpe ratio + 0.1 profit factor, each on a scale of its own."""

from collections.abc import Mapping

import msgspec

COMPOSITE = "composite"


class Term(msgspec.Struct, frozen=True):
    """A term of the score: its figure, its weight, and the value that is 1 on its scale, beyond which it does not go.

    ``lowest`` is where the scale ends below.
    """

    name: str
    figure: str
    weight: float
    full: float
    lowest: float

    def scaled(self, raw: float) -> float:
        """Return a value on the scale."""
        return min(1.0, max(self.lowest, raw / self.full))


TERMS = (
    Term("win_rate", "trade_quality.win_rate_pct", 0.4, 100.0, 0.0),
    Term("roi", "performance.total_return_pct", 0.3, 100.0, -1.0),
    Term("sharpe", "risk_adjusted.sharpe", 0.2, 3.0, -1.0),
    Term("profit_factor", "trade_quality.profit_factor", 0.1, 3.0, 0.0),
)
"""The scales do not depend on other trials: a score stays what it is when more are made."""


class Score(msgspec.Struct, frozen=True):
    """A composite score: its value, None where a term is undefined, and the raw and the scaled value of each term."""

    value: float | None
    terms: dict[str, dict[str, float | None]]


def composite(figures: Mapping[str, float | int | None]) -> Score:
    """Return the score of a trial's figures.

    Examples
    --------
    >>> figures = {"trade_quality.win_rate_pct": 50.0, "performance.total_return_pct": 10.0,
    ...            "risk_adjusted.sharpe": 1.5, "trade_quality.profit_factor": 1.5}
    >>> round(composite(figures).value, 12)
    0.38
    >>> composite({**figures, "risk_adjusted.sharpe": None}).value is None
    True
    """
    terms: dict[str, dict[str, float | None]] = {}
    total: float | None = 0.0
    for one in TERMS:
        raw = figures[one.figure]
        scaled = None if raw is None else one.scaled(raw)
        terms[one.name] = {"weight": one.weight, "raw": raw, "scaled": scaled}
        total = None if total is None or scaled is None else total + one.weight * scaled
    return Score(total, terms)
