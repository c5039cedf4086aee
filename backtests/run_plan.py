"""What a backtest is asked to do, settled before it begins."""

from pathlib import Path

import msgspec

from backtests.engines.engine_choice import EngineChoice
from engine.renderer import OutputsKept
from validation.composed_settings import Settings


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest as a plain value: it can be pickled, and run in another process.

    ``settings`` hold symbols, timeframe, the candle store's place and all else that the configuration says;
    ``start_ms`` and ``end_ms`` (exclusive) are the window in UTC milliseconds, ``output_dir`` is where the outputs go;
    None writes no files and keeps those of ``outputs`` in memory.
    ``kill_switch_engaged`` is the switch as it stands. ``offline`` tells whoever opens the data provider never to use
    the network, ``show_progress`` None lets the terminal decide. ``engine`` says which rules make it (``auto``: the
    compiled ones where they cover a run that is long enough), ``verify_engine`` that both do and are compared.
    """

    settings: Settings
    start_ms: int
    end_ms: int
    output_dir: Path | None
    kill_switch_engaged: bool = False
    offline: bool = False
    show_progress: bool | None = False
    engine: EngineChoice = "reference"
    verify_engine: bool = False
    outputs: OutputsKept = "full"
