"""The closed positions of a run as a DataFrame."""

from typing import Any

import pandas as pd

from backtests.run_at_hand import RunWithCandles
from runs.reading.run_folder import trades_with_excursions

_TIMES = {"entry_time_ms": "entry_time", "exit_time_ms": "exit_time"}
_OF_THE_CURVE = ("entry_seen_ms", "exit_seen_ms")


def round_trips_frame(opened: RunWithCandles) -> pd.DataFrame:
    """Return a row for each position that was closed entirely, in order of their exits."""
    trades = trades_with_excursions(opened.run, opened.candles)
    columns: dict[str, Any] = {}
    for name in trades.__struct_fields__:
        values = getattr(trades, name)
        if name in _TIMES:
            columns[_TIMES[name]] = pd.to_datetime(values, unit="ms", utc=True)
        elif name not in _OF_THE_CURVE:
            columns[name] = pd.Series(values, dtype=str) if isinstance(values, tuple) else values
    return pd.DataFrame(columns)
