"""What trading cost, against what it would have brought without costs."""

import math

import msgspec

from metrics.figures.undefined import NO_TRADE, per_cent, ratio, settled, unless
from metrics.trade_columns import TradeColumns

NO_GROSS_PROFIT = "no trade won before costs"


class FrictionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Costs of closed trades, in quote currency; a cost is above 0, funding received is below.

    ``result_before_costs`` is what the same fills would have brought without commission, slippage, spread and funding,
    ``gross_profit`` what those trades would that won then; shares are per cent of it. ``break_even_cost_per_trade`` is
    what a trade may cost on average before nothing is left, ``cost_per_trade`` what it cost; ``_bps`` are the same in
    1/10,000 of the value traded.
    """

    gross_profit: float
    result_before_costs: float
    commission: float
    slippage: float
    spread: float
    funding: float
    total_costs: float
    commission_share_pct: float | None
    slippage_share_pct: float | None
    spread_share_pct: float | None
    funding_share_pct: float | None
    total_share_pct: float | None
    cost_per_trade: float | None
    break_even_cost_per_trade: float | None
    cost_bps: float | None
    break_even_cost_bps: float | None


def friction_figures(trades: TradeColumns) -> tuple[FrictionFigures, dict[str, str]]:
    """Return what trading cost, and why some figures are undefined."""
    before = trades.gross_pnl + trades.slippage + trades.spread
    gross, whole = math.fsum(before[before > 0.0].tolist()), math.fsum(before.tolist())
    costs = {name: math.fsum(getattr(trades, name).tolist()) for name in ("commission", "slippage", "spread")}
    costs["funding"] = 0.0 - math.fsum(trades.funding.tolist())
    total = math.fsum(costs.values())
    none = None if trades.rows else NO_TRADE
    value = math.fsum(((trades.entry_price + trades.exit_price) * trades.quantity).tolist())
    reason = none or NO_GROSS_PROFIT
    return settled(
        FrictionFigures,
        "entry_friction",
        {
            "gross_profit": gross,
            "result_before_costs": whole,
            **costs,
            "total_costs": total,
            **{f"{name}_share_pct": per_cent(ratio(cost, gross, reason)) for name, cost in costs.items()},
            "total_share_pct": per_cent(ratio(total, gross, reason)),
            "cost_per_trade": unless(none, lambda: total / trades.rows),
            "break_even_cost_per_trade": unless(none, lambda: whole / trades.rows),
            "cost_bps": unless(none, lambda: 10_000.0 * total / value),
            "break_even_cost_bps": unless(none, lambda: 10_000.0 * whole / value),
        },
    )
