"""Rows for tests of the store."""

from decimal import Decimal

import msgspec

from runs.store.store_rows import MetricPoint, RunRow, TradeRow

RUN = RunRow(
    host="here",
    folder="/runs/a",
    run_id="aaaa1111",
    name="config_backtest_20240101_20240201",
    kind="backtest",
    status="COMPLETED",
    exchange="practice",
    symbols=["BTC/USDT", "ETHUSDT"],
    timeframe="15m",
    start_ms=1_704_067_200_000,
    end_ms=1_706_745_600_000,
    strategy="ScalpingEMARSI",
    params={"ema_fast": 9, "name": "ä"},
    capital=Decimal("10000"),
    seeds={"seed": 2**62},
    started_ms=1_700_000_000_000,
    duration_ms=1_500,
    tags=["Good", "fine"],
    note="first",
    trades=2,
    net_profit=Decimal("-12.30"),
    sharpe=1.5,
    figures={"risk_adjusted": {"omega": 1.25}, "performance": {"net_profit": -12.3}},
    warnings=["short"],
)
TRADE = TradeRow(
    symbol="BTC/USDT",
    side="LONG",
    entry_time_ms=1_704_067_200_000,
    exit_time_ms=1_704_068_100_000,
    entry_price=Decimal("43713.21"),
    exit_price=Decimal("0.00000001"),
    quantity=Decimal("12345678901234567890.123456789"),
    realized_pnl=Decimal("-5.14002643"),
    commission=Decimal("0.1"),
    slippage=Decimal("0"),
    funding=Decimal("-0.5"),
    reason="stop",
)
POINT = MetricPoint(1_704_067_200_000, Decimal("9999.9"), Decimal("10000"), 0.00001, 1)


def run_row(number: int, **changes: object) -> RunRow:
    """Return a run of its own folder and id."""
    own = {"folder": f"/runs/{number}", "run_id": f"{number:08x}", "started_ms": 1_700_000_000_000 + number}
    return msgspec.structs.replace(RUN, **{**own, **changes})


def trades(count: int) -> list[TradeRow]:
    """Return trades that differ by the time of their exit."""
    return [msgspec.structs.replace(TRADE, exit_time_ms=TRADE.exit_time_ms + number) for number in range(count)]
