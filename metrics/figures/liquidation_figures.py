"""How near trades came to their liquidation prices."""

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.figures.undefined import Measured, Undefined, settled
from metrics.trade_columns import TradeColumns

NO_PRICE = "no trade had a liquidation price"


class LiquidationFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The least distance to the liquidation price that each trade with one had, in per cent of the price; 0 is reached.

    ``measured_at`` is ``worst price`` where the candles of the trades are at hand, else ``entry``.
    """

    trades_with_price: int
    liquidations: int
    measured_at: str
    nearest_pct: float | None
    p05_pct: float | None
    p25_pct: float | None
    median_pct: float | None
    p75_pct: float | None
    p95_pct: float | None


def nearest_distances(trades: TradeColumns) -> Float64Array:
    """Return each trade's least distance to its liquidation price, a fraction of the price; nan without one.

    Measured at the worst price on the way, for trades without excursions at the entry.
    """
    sign = trades.sign
    lost = np.where(np.isfinite(trades.mae), trades.mae / trades.quantity, 0.0)
    worst = trades.entry_price - sign * lost
    distance: Float64Array = np.maximum(sign * (worst - trades.liquidation_price) / worst, 0.0)
    return np.where([reason == "liquidation" for reason in trades.reason], 0.0, distance) if trades.rows else distance


def liquidation_figures(trades: TradeColumns) -> tuple[LiquidationFigures, dict[str, str]]:
    """Return how near trades came to liquidation, and why some figures are undefined."""
    distances = 100.0 * nearest_distances(trades)
    known = np.isfinite(trades.liquidation_price)
    at_worst = bool(known.any() and np.isfinite(trades.mae[known]).all())
    spread = {"nearest": 0, "p05": 5, "p25": 25, "median": 50, "p75": 75, "p95": 95}
    figures: dict[str, Measured] = dict.fromkeys((f"{name}_pct" for name in spread), Undefined(NO_PRICE))
    if known.any():
        found = np.percentile(distances[known], list(spread.values())).tolist()
        figures = dict(zip(figures, found, strict=True))
    return settled(
        LiquidationFigures,
        "liquidation_proximity",
        {
            "trades_with_price": int(np.count_nonzero(known)),
            "liquidations": sum(reason == "liquidation" for reason in trades.reason),
            "measured_at": "worst price" if at_worst else "entry",
            **figures,
        },
    )
