"""How hard a run leant on its equity: leverage used and margin posted at the steps with a position."""

import msgspec
import numpy as np

from metrics.equity_curve import EquityCurve
from metrics.figures.exposure_figures import BLOWN, NO_PATH
from metrics.figures.open_value import OpenValue
from metrics.figures.undefined import Measured, Undefined, mean, settled

NEVER_OPEN = "no step ended with a position"


class MarginFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Leverage is open value over equity, margin used is posted margin over equity in per cent (what positions cost on
    spot); both at the steps with a position, ``high`` is their 95th percentile. ``least_free_margin`` is the least
    equity less margin, in quote currency.
    """

    average_leverage: float | None
    high_leverage: float | None
    maximum_leverage: float | None
    average_margin_used_pct: float | None
    high_margin_used_pct: float | None
    maximum_margin_used_pct: float | None
    least_free_margin: float | None
    least_free_margin_pct: float | None


def margin_figures(curve: EquityCurve, value: OpenValue | None) -> tuple[MarginFigures, dict[str, str]]:
    """Return how hard a run leant on its equity, and why some figures are undefined."""
    return settled(MarginFigures, "margin_stress", _figures(curve, value))


def _figures(curve: EquityCurve, value: OpenValue | None) -> dict[str, Measured]:
    names = MarginFigures.__struct_fields__
    if value is None:
        return dict.fromkeys(names, Undefined(NO_PATH))
    held = value.held
    if not held.any():
        return dict.fromkeys(names, Undefined(NEVER_OPEN))
    equity, margin = curve.equity[held], value.margin[held]
    free = equity - margin
    figures: dict[str, Measured] = {**dict.fromkeys(names, Undefined(BLOWN)), "least_free_margin": float(free.min())}
    if not (equity > 0.0).all():
        return figures
    leverage, used = value.gross[held] / equity, 100.0 * (margin / equity)
    return {
        **figures,
        "average_leverage": mean(leverage),
        "high_leverage": float(np.percentile(leverage, 95)),
        "maximum_leverage": float(leverage.max()),
        "average_margin_used_pct": mean(used),
        "high_margin_used_pct": float(np.percentile(used, 95)),
        "maximum_margin_used_pct": float(used.max()),
        "least_free_margin_pct": 100.0 * float((free / equity).min()),
    }
