"""Rules between the timeframe, the detail candles and when an order may act."""

from collections.abc import Iterator

from core.errors import ConfigurationError
from core.settings_problem import SettingsProblem, shown
from core.timeframe import grid_origin_ms, timeframe_ms
from execution.execution_settings import ExecutionSettings


def detail_at_odds(
    timeframe: str, detail_interval: str | None, execution: ExecutionSettings
) -> Iterator[SettingsProblem]:
    """Yield a detail interval that does not fit into the timeframe, and a path by detail candles without any."""
    if detail_interval is None:
        if execution.intrabar == "detail":
            allowed = "allowed: with detail_interval, such as 1m; or pessimistic, optimistic, ohlc or olhc"
            yield SettingsProblem("execution.intrabar", "detail", allowed)
        return
    lengths = _lengths(timeframe, detail_interval)
    if lengths is None:
        return
    whole, part = lengths
    if part >= whole:
        allowed = f"allowed: shorter than timeframe ({timeframe}), or null"
        yield SettingsProblem("detail_interval", shown(detail_interval), allowed)
    elif whole % part or grid_origin_ms(whole) % part:  # a week begins on a Monday, four days after the epoch
        allowed = f"allowed: a part of timeframe ({timeframe}) that fills it without rest, or null"
        yield SettingsProblem("detail_interval", shown(detail_interval), allowed)


def latency_at_odds(
    timeframe: str, detail_interval: str | None, execution: ExecutionSettings
) -> Iterator[SettingsProblem]:
    """Yield a latency with which every entry expires before its first open.

    A market entry may fill at an open up to ``max_order_wait`` candles after its decision; an entry good till a date
    acts in candles that open before that date.
    """
    lengths = _lengths(timeframe, detail_interval or timeframe)
    if not execution.latency_ms or lengths is None:
        return
    whole, part = lengths
    if execution.entry_order == "market":
        longest, why = execution.max_order_wait * whole, f"max_order_wait {execution.max_order_wait}"
    elif execution.entry_time_in_force == "GTD":
        longest, why = execution.entry_expiry * whole - part, f"entry_expiry {execution.entry_expiry}"
    else:
        return
    if execution.latency_ms > longest:
        allowed = f"allowed: at most {longest} with {why} and candles of {timeframe}, else every entry expires first"
        yield SettingsProblem("execution.latency_ms", str(execution.latency_ms), allowed)


def _lengths(timeframe: str, detail_interval: str) -> tuple[int, int] | None:
    """Return both lengths in milliseconds, None where a text is no timeframe: that is a problem of its own."""
    try:
        return timeframe_ms(timeframe), timeframe_ms(detail_interval)
    except ConfigurationError:
        return None
