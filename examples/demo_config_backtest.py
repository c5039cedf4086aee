"""Two hours of the practice market, run from Python instead of from the command line.

From the root of the repository, without network::

    python examples/demo_config_backtest.py
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# Python puts a script's own folder on the import path, not the folder it was started from; the packages lie one above.
sys.path.insert(0, str(ROOT))

from backtests.config_backtest import ConfigBacktestRunner, run_config_backtest  # noqa: E402 - needs the path above

CONFIG = ROOT / "config" / "practice.yaml"
START = datetime(2024, 1, 3, 8, tzinfo=UTC)
END = START + timedelta(hours=2)
SYMBOLS = ["BTC/USDT", "ETH/USDT"]


def main() -> None:
    """Run the same two hours through the class and through the function, and read the result."""
    runner = ConfigBacktestRunner(CONFIG, START, END, interval="1m", symbols=SYMBOLS)
    print(f"{', '.join(runner.symbols)}, candles of {runner.interval}, {runner.start_date} to {runner.end_date}")
    result = runner.run()
    describe(result)

    # The function is the class and its run() in one call. The same input gives the same trades, byte for byte.
    again = run_config_backtest(START, END, "1m", CONFIG, SYMBOLS)
    print(f"\nA second run gives the same trade log: {again['trades_sha256'] == result['trades_sha256']}")


def describe(result: dict[str, Any]) -> None:
    """Print some of a result, and what it means."""
    statistics, performance = result["statistics"], result["performance"]
    # Two symbols of 120 one-minute candles each; warm-up candles from before the start are not counted.
    print(f"\nCandles processed   {statistics['candles_processed']}")
    # A signal is an opinion. The gates refuse some, each for a reason; decisions.jsonl has every verdict.
    print(f"Signals generated   {statistics['signals_generated']}, refused {statistics['signals_refused']}")
    for reason, times in sorted(statistics["refusal_reasons"].items()):
        print(f"  {reason}: {times}")
    print(f"Orders submitted    {statistics['orders_submitted']}")

    # A trade is an entry and its exit. What is open at the end is closed there, at the last price, with costs.
    print(f"\nTrades              {performance['total_trades']}, of which won {performance['winning_trades']}")
    # Balance is cash after closed trades, net of commissions; equity adds what open positions are worth.
    print(f"Balance             {performance['starting_balance']:,.2f} -> {performance['current_balance']:,.2f}")
    # Names that end in _pct are per cent.
    print(f"Total return        {performance['total_return_pct']:.4f} %")
    print(f"Maximum drawdown    {performance['max_drawdown_pct']:.4f} %")

    # Every fill is a row of the trade log. Its hash is what two runs are compared by.
    print(f"\nTrade log           {result['log_file']}")
    print(f"trades_sha256       {result['trades_sha256']}")


if __name__ == "__main__":
    main()
