"""What a backtest is asked to do, settled before it begins."""

from pathlib import Path
from typing import NamedTuple

from engine.kill_switch import KillSwitch
from execution.safety.safety_monitor import SafetyMonitor
from validation.composed_settings import Settings


class RunPlan(NamedTuple):
    """One backtest: settings (symbols, timeframe and all else), window in UTC milliseconds, switch, monitor, places.

    ``data_provider`` answers for candles (see ``backtests.input_candles``); ``show_progress`` None lets the terminal
    decide.
    """

    settings: Settings
    start_ms: int
    end_ms: int
    data_provider: object
    kill_switch: KillSwitch
    safety_monitor: SafetyMonitor
    output_dir: Path
    show_progress: bool | None
