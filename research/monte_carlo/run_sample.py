"""What of a run is drawn again: the growth of its days and of its trades."""

import msgspec
import numpy as np

from core.candle_columns import Float64Array
from metrics.equity_curve import EquityCurve
from metrics.figures.performance_figures import unsound
from metrics.figures.undefined import NO_TRADE, Undefined
from metrics.trade_columns import TradeColumns
from runs.reading.run_folder import StoredRun


class TradeGrowth(msgspec.Struct, frozen=True, eq=False):
    """What each trade multiplied the account by, in order of the exits.

    ``traded`` is the value of its fills as a share of the account, on which further slippage is counted.
    """

    factors: Float64Array
    traded: Float64Array


class RunSample(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """A run as what it may be drawn from.

    ``days`` is what each UTC day multiplied equity by, ``trades`` what each trade did.
    """

    starting_equity: float
    days: Float64Array | Undefined
    trades: TradeGrowth | Undefined


def sample_of_run(run: StoredRun) -> RunSample:
    """Return what of a stored run is drawn again; StoreError if a file of it cannot be read."""
    return RunSample(
        starting_equity=run.curve.starting_balance,
        days=day_growth(run.curve),
        trades=trade_growth(run.trades, run.curve.starting_balance),
    )


def day_growth(curve: EquityCurve) -> Float64Array | Undefined:
    """Return what each UTC day multiplied equity by; undefined for fewer than two days, or equity not above 0."""
    daily = curve.daily()
    wrong = unsound(daily)
    if wrong is not None:
        return Undefined(wrong)
    if len(daily.equity) < 2:
        return Undefined("1 daily return; it needs 2")
    growth: Float64Array = 1.0 + daily.returns()
    return growth


def trade_growth(trades: TradeColumns, starting_balance: float, least: int = 2) -> TradeGrowth | Undefined:
    """Return what each trade multiplied the account by: 1 + its result over the balance before its exit.

    The account is cash after closed trades, so that the product is its growth over all trades. Risk that follows the
    account, as sizes here do, is kept by such factors; sizes in money that never change are not.

    Returns
    -------
    TradeGrowth or Undefined
        Undefined for fewer than ``least`` trades, or a balance that falls to 0 before the last.
    """
    if not trades.rows:
        return Undefined(NO_TRADE)
    if trades.rows < least:
        return Undefined("1 closed trade; it needs 2")
    before = starting_balance + np.concatenate([[0.0], np.cumsum(trades.realized_pnl)[:-1]])
    if not (before > 0.0).all():
        return Undefined("the balance is not above 0 before every trade")
    traded = (trades.entry_price + trades.exit_price) * trades.quantity
    return TradeGrowth(1.0 + trades.realized_pnl / before, traded / before)
