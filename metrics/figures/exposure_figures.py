"""How much of the time, and with how much of the account, a run was in the market."""

import msgspec
import numpy as np

from metrics.equity_curve import EquityCurve
from metrics.exposure_path import ExposurePath
from metrics.figures.open_value import OpenValue
from metrics.figures.undefined import NO_DAY, Measured, Undefined, mean, ratio, settled

NO_PATH = "what was open is not known"
BLOWN = "equity is not above 0 at every step with a position"


class ExposureFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of steps, and open value in per cent of equity, averaged over all steps; per cent throughout.

    ``turnover`` is the value of all fills over the starting balance.
    """

    time_in_market_pct: float | None
    long_time_pct: float | None
    short_time_pct: float | None
    average_positions: float | None
    maximum_positions: int | None
    average_exposure_pct: float | None
    maximum_exposure_pct: float | None
    average_net_exposure_pct: float | None
    turnover: float | None


def exposure_figures(
    curve: EquityCurve, path: ExposurePath | None, value: OpenValue | None
) -> tuple[ExposureFigures, dict[str, str]]:
    """Return how much a run was in the market, and why some figures are undefined."""
    steps = curve.steps
    figures: dict[str, Measured] = dict.fromkeys(
        ExposureFigures.__struct_fields__, Undefined(NO_PATH if steps else NO_DAY)
    )
    counts = curve.open_positions if value is None else value.positions
    if counts is not None and steps:
        counts = counts[:steps]
        figures["time_in_market_pct"] = 100.0 * int(np.count_nonzero(counts)) / steps
        figures["average_positions"] = int(counts.sum()) / steps
        figures["maximum_positions"] = int(counts.max())
    if path is not None and value is not None and steps:
        long, short = value.long_cost[:steps] > 0.0, value.short_cost[:steps] > 0.0
        held = value.held[:steps]
        equity = curve.equity[:steps][held]
        figures["long_time_pct"] = 100.0 * int(np.count_nonzero(long)) / steps
        figures["short_time_pct"] = 100.0 * int(np.count_nonzero(short)) / steps
        figures["turnover"] = ratio(path.turnover, curve.starting_balance, "the starting balance is 0")
        if not (equity > 0.0).all():
            shares: dict[str, Measured] = dict.fromkeys(("average", "maximum", "average_net"), Undefined(BLOWN))
        elif not held.any():
            shares = dict.fromkeys(("average", "maximum", "average_net"), 0.0)
        else:
            gross, net = value.gross[:steps][held] / equity, value.net[:steps][held] / equity
            share = 100.0 * len(gross) / steps
            shares = {
                "average": share * mean(gross),
                "maximum": 100.0 * float(gross.max()),
                "average_net": share * mean(net),
            }
        figures.update({f"{name}_exposure_pct": one for name, one in shares.items()})
    return settled(ExposureFigures, "exposure", figures)
