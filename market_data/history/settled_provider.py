"""The data provider that settings mean."""

from pathlib import Path

from market_data.data_settings import DataSettings
from market_data.history.historical_data_provider import HistoricalDataProvider


def settled_provider(
    exchange: str,
    data: DataSettings,
    now_ms: int,
    *,
    offline: bool,
    progress: bool | None = False,
    data_dir: str | Path | None = None,
) -> HistoricalDataProvider:
    """Return the provider of an exchange's candles, kept where the settings say.

    Parameters
    ----------
    exchange, data
        As settings name them.
    now_ms
        The present in UTC milliseconds.
    offline, progress
        As of a :class:`HistoricalDataProvider`.
    data_dir
        A store in place of that of the settings.

    Raises
    ------
    ConfigurationError
        If there is no such exchange, and nothing is stored under its name.
    """
    return HistoricalDataProvider(
        exchange,
        cache_dir=data_dir or data.cache_dir,
        offline=offline,
        off_grid=data.off_grid,
        progress=progress,
        now_ms=lambda: now_ms,
    )
