"""The account's performance in plain figures."""

from decimal import Decimal

from core.exact import add, subtract
from execution.money.account_totals import AccountTotals


def performance_summary(
    starting_balance: Decimal,
    balance: Decimal,
    totals: AccountTotals,
    *,
    unrealized: Decimal,
    open_positions: int,
    max_drawdown: float,
    peak_equity: float,
) -> dict[str, float | int]:
    """Return balances, returns and trade counts.

    Names in ``_pct`` and ``win_rate`` are per cent; a trade wins when its result net of costs is above 0 and loses when
    it is below. One of exactly 0 is neither: it counts as a trade, and by itself.
    """
    results = totals.trades.all
    trades, wins, even = results.trades, results.won, results.even
    equity = add(balance, unrealized)
    total_return = float(subtract(equity, starting_balance))
    return {
        "starting_balance": float(starting_balance),
        "current_balance": float(balance),
        "equity": float(equity),
        "realized_pnl": float(subtract(balance, starting_balance)),
        "unrealized_pnl": float(unrealized),
        "total_return": total_return,
        "total_return_pct": 100.0 * total_return / float(starting_balance),
        "total_trades": trades,
        "winning_trades": wins,
        "losing_trades": trades - wins - even,
        "even_trades": even,
        "win_rate": 100.0 * wins / trades if trades else 0.0,
        "open_positions": open_positions,
        "max_drawdown_pct": 100.0 * max_drawdown,
        "peak_equity": peak_equity,
    }
