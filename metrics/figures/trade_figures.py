"""What trades were like: results, sizes of wins and losses, streaks, times, excursions.

References
----------
V. K. Tharp, Definitive Guide to Position Sizing (2008): R multiples and SQN.
J. L. Kelly, A New Interpretation of Information Rate, Bell System Technical Journal (1956).
J. Sweeney, Maximum Adverse Excursion (1996).
"""

import math
import statistics

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from core.timeframe import MINUTE_MS
from metrics.figures.undefined import NO_TRADE, Measured, Undefined, deviation, mean, ratio, settled, unless
from metrics.streaks import longest_streaks
from metrics.trade_columns import TradeColumns

NO_WIN, NO_LOSS = "no trade won", "no trade lost"
NO_RISK = "no trade had a stop at its entry"
NO_CANDLES = "the candles of the trades are not at hand"
FLAT = "the results do not vary"
ONE_TRADE = "there is one trade; it needs 2"


class TradeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of positions closed entirely; results are net of all costs, in quote currency.

    A result of exactly 0 is neither won nor lost. R is the result over what the stop at the entry would have lost.
    ``kelly`` is a fraction of the account. Efficiencies are per cent of the distance between the worst and the best
    price on the way. ``ambiguous_share`` is a fraction.
    """

    trades: int
    wins: int
    losses: int
    evens: int
    win_rate_pct: float | None
    loss_rate_pct: float | None
    average_win: float | None
    average_loss: float | None
    best_trade: float | None
    worst_trade: float | None
    average_trade_return_pct: float | None
    payoff_ratio: float | None
    profit_factor: float | None
    expectancy: float | None
    expectancy_r: float | None
    trades_with_risk: int
    sqn: float | None
    sqn_r: float | None
    kelly: float | None
    longest_winning_streak: int
    longest_losing_streak: int
    shortest_holding_minutes: float | None
    average_holding_minutes: float | None
    median_holding_minutes: float | None
    longest_holding_minutes: float | None
    average_mae: float | None
    average_mfe: float | None
    average_mae_r: float | None
    average_mfe_r: float | None
    entry_efficiency_pct: float | None
    exit_efficiency_pct: float | None
    total_efficiency_pct: float | None
    trades_with_excursions: int
    ambiguous_trades: int
    ambiguous_share: float | None
    ambiguous_bound: float | None


def trade_figures(trades: TradeColumns) -> tuple[TradeFigures, dict[str, str]]:
    """Return what trades were like, and why some figures are undefined."""
    results, count = trades.realized_pnl, trades.rows
    none = None if count else NO_TRADE
    streaks = longest_streaks(results.tolist())
    ambiguous = int(np.count_nonzero(trades.ambiguous))
    return settled(
        TradeFigures,
        "trade_quality",
        {
            "trades": count,
            **_wins_and_losses(results, none),
            "best_trade": unless(none, lambda: float(results.max())),
            "worst_trade": unless(none, lambda: float(results.min())),
            "average_trade_return_pct": unless(
                none, lambda: 100.0 * mean(results / (trades.entry_price * trades.quantity))
            ),
            "expectancy": unless(none, lambda: mean(results)),
            **_in_risk(trades, none),
            "sqn": unless(none, lambda: system_quality(results)),
            "longest_winning_streak": streaks.wins,
            "longest_losing_streak": streaks.losses,
            **_holding_times(trades, none),
            **_excursions(trades, none),
            "ambiguous_trades": ambiguous,
            "ambiguous_share": unless(none, lambda: ambiguous / count),
            "ambiguous_bound": _bound(trades),
        },
    )


def _bound(trades: TradeColumns) -> Measured:
    if np.isnan(trades.bound).any():
        return Undefined("what an ambiguous exit of a ladder would have brought is not known")
    return math.fsum(trades.bound.tolist())


def _wins_and_losses(results: Float64Array, none: str | None) -> dict[str, Measured]:
    wins, losses = results[results > 0.0], results[results < 0.0]
    count, won, lost = len(results), len(wins), len(losses)
    win: Measured = mean(wins) if won else Undefined(none or NO_WIN)
    loss: Measured = mean(losses) if lost else Undefined(none or NO_LOSS)
    payoff: Measured
    if isinstance(win, Undefined) or isinstance(loss, Undefined):
        payoff = win if isinstance(win, Undefined) else loss
    else:
        payoff = win / -loss
    kelly = payoff if isinstance(payoff, Undefined) else won / count - (1.0 - won / count) / payoff
    total_won, total_lost = math.fsum(wins.tolist()), -math.fsum(losses.tolist())
    return {
        "wins": won,
        "losses": lost,
        "evens": count - won - lost,
        "win_rate_pct": unless(none, lambda: 100.0 * won / count),
        "loss_rate_pct": unless(none, lambda: 100.0 * lost / count),
        "average_win": win,
        "average_loss": loss,
        "payoff_ratio": payoff,
        "kelly": kelly,
        "profit_factor": unless(none, lambda: ratio(total_won, total_lost, NO_LOSS)),
    }


def system_quality(results: Float64Array) -> Measured:
    """Return √n × mean ÷ standard deviation (n − 1) of results."""
    if len(results) < 2:
        return Undefined(ONE_TRADE)
    return ratio(math.sqrt(len(results)) * mean(results), deviation(results), FLAT)


def _in_risk(trades: TradeColumns, none: str | None) -> dict[str, Measured]:
    known = np.isfinite(trades.risk) & (trades.risk > 0.0)
    none = none or (None if known.any() else NO_RISK)
    multiples = trades.realized_pnl[known] / trades.risk[known]
    return {
        "trades_with_risk": int(np.count_nonzero(known)),
        "expectancy_r": unless(none, lambda: mean(multiples)),
        "sqn_r": unless(none, lambda: system_quality(multiples)),
    }


def _holding_times(trades: TradeColumns, none: str | None) -> dict[str, Measured]:
    held = [int(one) for one in trades.held_ms]
    return {
        "shortest_holding_minutes": unless(none, lambda: min(held) / MINUTE_MS),
        "average_holding_minutes": unless(none, lambda: sum(held) / len(held) / MINUTE_MS),
        "median_holding_minutes": unless(none, lambda: statistics.median(held) / MINUTE_MS),
        "longest_holding_minutes": unless(none, lambda: max(held) / MINUTE_MS),
    }


def _excursions(trades: TradeColumns, none: str | None) -> dict[str, Measured]:
    """Return how far trades went against and for their positions, and how much of that way they used."""
    known = np.isfinite(trades.mae) & np.isfinite(trades.mfe)
    none = none or (None if known.any() else NO_CANDLES)
    mae, mfe, gross = trades.mae[known], trades.mfe[known], trades.gross_pnl[known]
    risked = known & np.isfinite(trades.risk) & (trades.risk > 0.0)
    no_risk = none or (None if risked.any() else NO_RISK)
    way = mae + mfe
    moved = way > 0.0
    still = none or (None if moved.any() else "no price moved while a position was open")
    return {
        "trades_with_excursions": int(np.count_nonzero(known)),
        "average_mae": unless(none, lambda: mean(mae)),
        "average_mfe": unless(none, lambda: mean(mfe)),
        "average_mae_r": unless(no_risk, lambda: mean(trades.mae[risked] / trades.risk[risked])),
        "average_mfe_r": unless(no_risk, lambda: mean(trades.mfe[risked] / trades.risk[risked])),
        "entry_efficiency_pct": unless(still, lambda: 100.0 * mean(mfe[moved] / way[moved])),
        "exit_efficiency_pct": unless(still, lambda: 100.0 * mean((gross + mae)[moved] / way[moved])),
        "total_efficiency_pct": unless(still, lambda: 100.0 * mean(gross[moved] / way[moved])),
    }
