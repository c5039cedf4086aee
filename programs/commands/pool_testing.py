"""``python -m programs pools test``: a pool's triggers on history, alone."""

import argparse
from collections.abc import Iterable, Sequence

from core.errors import ConfigurationError
from core.instants import format_ms
from core.timeframe import timeframe_ms
from programs.commands.pool_keeping import chosen_pool, pool_in_words
from programs.commands.pool_verbs import folders_of
from programs.pool_outcomes import HorizonOutcome, PoolTrigger, PoolTriggers, signals_in_words
from programs.pool_triggers import backtest_pool
from runs.commands.opened_store import print_json
from runs.commands.text_blocks import UNDEFINED, Facts, Grid, number, show
from strategies.programs.triggers.pool_files import files_of, placed
from strategies.programs.triggers.trigger_watch import named_pool


def test_pool(asked: argparse.Namespace) -> int:
    """Find the triggers of a pool and show them."""
    pool = chosen_pool(asked)
    try:
        found = backtest_pool(
            pool,
            asked.symbols,
            asked.start,
            asked.end,
            config=asked.config,
            interval=asked.interval,
            offline=asked.offline,
            data_dir=asked.data_dir,
        )
    except ConfigurationError as error:
        if asked.stored is not None or not any(one.file == named_pool(pool.id) for one in error.facts):
            raise
        path = files_of([asked.pool], folders_of(asked))[asked.pool]
        raise ConfigurationError.of(*(placed(one, path) for one in error.facts)) from None
    if asked.json:
        print_json(found.to_dict())
        return 0
    show(*_blocks(found, asked.limit))
    return 0


def _blocks(found: PoolTriggers, limit: int) -> Sequence[Facts | Grid]:
    pool = found.pool
    length_ms = timeframe_ms(found.timeframe)
    quiet = pool.quiet_ms(length_ms) // length_ms
    facts = [
        ("wakes when", pool_in_words(pool)),
        ("mode", f"{pool.mode}{f', quiet for {number(quiet)} candles after each' if quiet else ''}"),
        ("window", f"{format_ms(found.start_ms)} to {format_ms(found.end_ms)}, {found.timeframe}"),
        ("candles looked at", number(found.candles)),
        ("triggers", _with_share(found)),
        ("by symbol", _counts(found.by_symbol.items())),
        ("by regime", _counts(found.by_regime.items())),
        *(("note", one) for one in found.warnings),
    ]
    outcomes = Grid(
        ("candles later", "triggers", "mean %", "median %", "up %", "all candles", "mean %", "up %"),
        [_outcome(one) for one in found.outcomes],
        0,
    )
    last = found.triggers[-limit:]
    shown = Grid(
        ("time", "symbol", "regime", "signals", "close", *(f"{one} later %" for one in found.horizons)),
        [_trigger(one) for one in last],
        4,
    )
    more = found.count - len(last)
    rest = [Facts("", [("earlier triggers", f"{number(more)} (--limit, or --json for all)")])] if more else []
    return [Facts(f"{pool.name} ({pool.id})", facts), outcomes, *([shown] if last else []), *rest]


def _with_share(found: PoolTriggers) -> str:
    if not found.candles:
        return number(found.count)
    return f"{number(found.count)} ({100 * found.count / found.candles:.2f} % of the candles)"


def _counts(found: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {number(count)}" for name, count in found)


def _outcome(one: HorizonOutcome) -> list[str]:
    own = (_percent(one.mean), _percent(one.median), _percent(one.up, 1))
    return [str(one.candles), number(one.triggers), *own, number(one.all_candles), _percent(one.all_mean),
            _percent(one.all_up, 1)]  # fmt: skip


def _trigger(one: PoolTrigger) -> list[str]:
    event = one.event
    returns = [_percent(found) for found in one.returns]
    return [format_ms(event.time_ms)[:16], event.symbol, event.regime or UNDEFINED, signals_in_words(event),
            f"{one.close:g}", *returns]  # fmt: skip


def _percent(value: float | None, decimals: int = 2) -> str:
    return UNDEFINED if value is None else number(100 * value, decimals)
