"""A script of the kind people bring along: it asks a strategy, sizes, submits, watches exits and flattens by itself.

From the root of the repository, without network::

    python examples/ported_script.py

What it prints stands behind each ``# ->``. Everything here acts at once, at the prices that the script gives, with
slippage and commission; a session of this program decides at closes and fills at the next open instead.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Python puts a script's own folder on the import path, not the folder it was started from; the packages lie one above.
sys.path.insert(0, str(ROOT))

import pandas as pd  # noqa: E402 - needs the path above

from execution import (  # noqa: E402
    ExecutionEngine,
    ExecutionResult,
    OrderFill,
    OrderRequest,
    OrderSide,
    OrderType,
    PaperTrader,
    SafetyLimits,
    SafetyMonitor,
)
from risk_management import RiskConfig, RiskEngine  # noqa: E402
from strategies import ScalpingEMARSI, generate_signal  # noqa: E402
from validation.config_validator import validate_config_consistency, validate_risk_config  # noqa: E402

BTC, ETH = "BTC/USDT", "ETH/USDT"
PARAMS = {
    "ema_fast": 2, "ema_slow": 4, "rsi_period": 3, "rsi_long_max": 95, "rsi_extreme_high": 96, "atr_period": 3,
    "volume_lookback": 3,
}  # fmt: skip
CLOSES = [100.0, 99.0, 98.0, 97.0, 96.0, 95.0, 96.0, 100.0]


def candles() -> pd.DataFrame:
    """Return minutes that fall, and turn up in the last one on twice the volume."""
    times = pd.date_range("2024-01-01", periods=len(CLOSES), freq="min", tz="UTC")
    close = pd.Series(CLOSES)
    volume = [1.0] * (len(CLOSES) - 1) + [2.0]
    return pd.DataFrame(
        {"timestamp": times, "open": close, "high": close + 0.5, "low": close - 0.5, "close": close, "volume": volume}
    )


def main() -> None:
    """Trade one long to its trailing stop, meet two refusals, and flatten without a price."""
    frame = candles()
    print(generate_signal(frame.head(3), PARAMS))  # -> FLAT
    answer = ScalpingEMARSI(PARAMS).generate_signal(frame)
    print(answer["signal"], answer["metadata"]["entry_price"])  # -> LONG 100.0

    # Limits are fractions. What is asked for is checked before it trades.
    risk = validate_risk_config({"default_risk_per_trade": 0.01, "max_exposure": 0.2, "_comment": "of the old program"})
    validate_config_consistency({"max_risk_per_trade_pct": 0.02, "max_exposure_pct": 0.5}, risk)
    monitor = SafetyMonitor(SafetyLimits(max_exposure_pct=0.5, max_open_trades=2), starting_equity=10_000.0)
    trader = PaperTrader(10_000.0, slippage=0.001, commission_rate=0.001)
    trader.set_risk_config({"enable_trailing_stop": True, "trailing_stop_pct": 0.05})
    engine = ExecutionEngine("paper", paper_trader=trader, safety_monitor=monitor)
    print(trader.enable_trailing_stop, trader.trailing_stop_pct)  # -> True 0.05

    # 1 % of 10,000 over a stop 4 away is 25 units; max_exposure lets it be 0.2 x 10,000 / 100 = 20.
    sized = RiskEngine(RiskConfig.from_dict(risk)).apply_risk_to_signal(
        answer["signal"], equity=engine.get_equity(), entry_price=100.0, stop_loss_price=96.0, metadata={"symbol": BTC}
    )
    if sized is None:
        raise SystemExit("the risk engine has no size for it")
    bought = engine.submit_order(engine.create_order_from_risk_output(sized, "mine"), 100.0)
    print(bought.success, filled(bought).quantity, filled(bought).fill_price)  # -> True 20.0 100.1
    print(list(engine.get_open_positions()), monitor.open_positions[BTC]["quantity"])  # -> ['BTC/USDT'] 20.0

    # The stop follows 5 % below the best price. Telling that it is reached closes nothing; closing does, once.
    for price in (104.0, 110.0, 106.0, 104.0):
        trader.update_positions({BTC: price})
        reached = trader.check_exit_conditions({BTC: price})
        print(price, trader.positions[BTC].stop_loss, reached)
        # -> 104.0 98.8 []
        # -> 110.0 104.5 []
        # -> 106.0 104.5 []
        # -> 104.0 104.5 ['BTC/USDT']
    (sold,) = trader.close_exits({BTC: 104.0})
    print(filled(sold).metadata["reason"], filled(sold).fill_price)  # -> trailing_stop 103.896
    # 20 x (103.896 - 100.1) less commissions of 2.002 and 2.07792
    print(round(trader.realized_pnl, 5), monitor.open_positions)  # -> 71.84008 {}

    # A refusal is an answer with its reason, whichever gate it comes from.
    huge = engine.submit_order(OrderRequest(ETH, OrderSide.BUY, OrderType.MARKET, 200.0), 50.0)
    print(huge.success, huge.status.value, huge.reason)  # -> False REJECTED max_exposure
    wild = engine.submit_order(OrderRequest(ETH, OrderSide.BUY, OrderType.MARKET, 50.0, stop_loss=40.0), 50.0)
    print(
        wild.reason, "-", wild.error
    )  # -> max_risk_per_trade - ETH/USDT: risk 500.00 is above 0.02 of equity 10071.84

    # A flatten closes everything; where the provider of prices fails it takes the last mark, and the answer says so.
    engine.submit_order(OrderRequest(BTC, OrderSide.BUY, OrderType.MARKET, 5.0), 100.0)
    engine.submit_order(OrderRequest(ETH, OrderSide.SELL, OrderType.MARKET, 10.0), 50.0)
    trader.update_positions({BTC: 101.0, ETH: 49.0})
    for closed in trader.close_all_positions(no_prices):
        print(
            filled(closed).symbol, filled(closed).fill_price, closed.metadata["price_from"], closed.metadata["provider"]
        )
        # -> BTC/USDT 100.899 last_mark ConnectionError: the exchange does not answer
        # -> ETH/USDT 49.049 last_mark ConnectionError: the exchange does not answer
    print(engine.get_statistics())  # -> {'total_orders': 5, 'successful_orders': 3, 'rejected_orders': 2}
    summary = engine.get_performance_summary()
    print(summary["total_trades"], summary["winning_trades"], summary["losing_trades"])  # -> 3 3 0
    status = monitor.get_status()
    print(status["open_positions"], status["daily_loss_pct"], status["limits"]["max_daily_loss_pct"])  # -> 0 0.0 2.0


def filled(result: ExecutionResult) -> OrderFill:
    """Return the fill of an order that must have one."""
    if result.fill is None:
        raise SystemExit(result.error)
    return result.fill


def no_prices(symbol: str) -> float:
    """Fail, as a provider of prices does without its network."""
    raise ConnectionError("the exchange does not answer")


if __name__ == "__main__":
    main()
