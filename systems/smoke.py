"""A short run of every system on the practice market: whether it resolves, trades and writes, not whether it wins."""

import tempfile
import time
from collections.abc import Iterator
from typing import Any

from backtests.settled_run import run_settled
from core.errors import HarnessError
from core.instants import parse_instant
from core.symbol_spelling import symbol_key
from core.time_range import TimeRange
from core.timeframe import DAY_MS, ceil_to_grid, timeframe_ms
from engine.assembly import with_own_strategy
from market_data.exchanges.exchange_names import PRACTICE
from market_data.practice.practice_listings import LISTINGS
from systems.catalogue import all_systems
from systems.life_cycle.epoch_files import one_line
from systems.life_cycle.system_runners import placed
from systems.places import Places
from systems.system import System
from validation.loading import load_settings
from validation.overrides import Overrides

START = "2024-01-01"
CANDLES = 200
"""At least so many candles of the timeframe are run, and at least a day."""


def smoke(folder: str, now_ms: int) -> Iterator[dict[str, Any]]:
    """Yield for each system of a folder what its short run came to, or its ``problem``; nothing is kept of the runs."""
    with tempfile.TemporaryDirectory(prefix="smoke-") as work:
        places = Places(folder, f"{work}/logs", f"{work}/data")
        for system_id, system in all_systems(folder).items():
            if isinstance(system, HarnessError):
                yield {"id": system_id, "ok": False, "problem": one_line(system)}
                continue
            try:
                yield {"id": system_id, "ok": True, **_short_run(system, places, now_ms)}
            except HarnessError as error:
                yield {"id": system_id, "ok": False, "problem": one_line(error)}


def _short_run(system: System, places: Places, now_ms: int) -> dict[str, Any]:
    live = system.settings.live
    symbols, stand_ins = _listed(list(live.symbols))
    watch, more = _listed([one for one in live.watch if one not in symbols])
    values = {**system.overrides, "exchange": PRACTICE}
    if stand_ins or more:
        values |= {"symbols": symbols, "watch": [one for one in watch if one not in symbols]}
    settings = load_settings(system.settings.files.live, overrides=Overrides(values, str(system.file)))
    length_ms = timeframe_ms(live.timeframe)
    start_ms = ceil_to_grid(parse_instant(START), length_ms)
    began = time.perf_counter()
    window = TimeRange(start_ms, start_ms + max(DAY_MS, CANDLES * length_ms)).known_by(now_ms)
    result = run_settled(placed(with_own_strategy(settings), places), window, now_ms)
    return {
        "candles": result.statistics.candles_processed,
        "trades": result.performance.total_trades,
        "seconds": round(time.perf_counter() - began, 3),
        **({"stand_ins": stand_ins | more} if stand_ins or more else {}),
    }


def _listed(symbols: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return symbols that the practice market lists, and by which of them others are replaced."""
    known = {symbol_key(one): one for one in LISTINGS}
    free = [one for key, one in known.items() if key not in {symbol_key(_pair(symbol)) for symbol in symbols}]
    stand_ins: dict[str, str] = {}
    for symbol in symbols:
        if symbol_key(_pair(symbol)) not in known and free:
            stand_ins[symbol] = free.pop(0)
    # More than the market lists are left out.
    there = [stand_ins.get(symbol, symbol) for symbol in symbols]
    return [symbol for symbol in there if symbol_key(_pair(symbol)) in known], stand_ins


def _pair(symbol: str) -> str:
    return symbol.partition(":")[0]
