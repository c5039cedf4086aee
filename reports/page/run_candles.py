"""The candles that a run lived through, from what is stored; the network is never asked."""

from core.candle_columns import CandleColumns
from core.errors import HarnessError
from market_data.history.historical_data_provider import HistoricalDataProvider
from runs.reading.run_folder import StoredRun


def run_candles(run: StoredRun, data_dir: str | None = None) -> dict[str, CandleColumns]:
    """Return the window's candles of a run's symbols, of the interval that its orders were matched with.

    They come from the store that the run was made from, or from ``data_dir``; a symbol of which nothing is stored there
    is left out.
    """
    live, config = run.manifest.settings.get("live", {}), run.result.config
    data, (start_ms, end_ms) = live.get("data", {}), run.window
    found: dict[str, CandleColumns] = {}
    if end_ms <= start_ms:
        return found
    try:
        provider = HistoricalDataProvider(
            config.exchange,
            data_dir or data.get("cache_dir", "data/backtest_cache"),
            offline=True,
            off_grid=data.get("off_grid", "snap"),
            progress=False,
            now_ms=lambda: end_ms,
        )
    except HarnessError:
        return found
    for symbol in run.symbols:
        try:
            candles = provider.load([symbol], config.detail_interval or config.interval, start_ms, end_ms)
        except HarnessError:
            continue
        if candles[symbol].window.rows:
            found[symbol] = candles[symbol].window
    return found
