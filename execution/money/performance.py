"""The account's performance in plain figures."""

import math
from collections.abc import Sequence

from core.exact import add, subtract
from execution.money.account import Account
from execution.money.cash_transfer import CashTransfer


def performance_summary(account: Account) -> dict[str, float | int]:
    """Return balances, returns and trade counts.

    Names in ``_pct`` and ``win_rate`` are per cent; a trade wins when its result net of costs is above 0 and loses when
    it is below. One of exactly 0 is neither: it counts as a trade, and by itself. Cash that came from other accounts is
    no return: a return in per cent is that of a unit of money that was there from the start.
    """
    starting_balance = float(account.ledger.starting_balance)
    results = account.totals.trades.all
    trades, wins, even = results.trades, results.won, results.even
    unrealized = account.unrealized_of_log()
    equity = add(account.ledger.balance, unrealized)
    total_return = float(subtract(subtract(equity, account.ledger.starting_balance), account.ledger.transferred))
    return {
        "starting_balance": starting_balance,
        "current_balance": float(account.ledger.balance),
        "equity": float(equity),
        "realized_pnl": float(account.ledger.realized_pnl),
        "unrealized_pnl": float(unrealized),
        "total_return": total_return,
        "total_return_pct": _return_pct(account, float(equity), total_return),
        "total_trades": trades,
        "winning_trades": wins,
        "losing_trades": trades - wins - even,
        "even_trades": even,
        "win_rate": 100.0 * wins / trades if trades else 0.0,
        "open_positions": len(account.holdings),
        "max_drawdown_pct": 100.0 * account.max_drawdown,
        "peak_equity": account.peak_equity,
    }


def _return_pct(account: Account, equity: float, total_return: float) -> float:
    starting_balance = float(account.ledger.starting_balance)
    if not account.transfers:
        return 100.0 * total_return / starting_balance
    return 100.0 * (equity / units_of(account.transfers) / starting_balance - 1.0)


def units_of(transfers: Sequence[CashTransfer]) -> float:
    """Return what an account's equity was multiplied by, in all, through cash that came and went."""
    return math.prod(one.factor for one in transfers)
