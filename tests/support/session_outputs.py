"""A live session's three files made again without its driver: from its journal, its candles, the truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from backtests.indexed_outputs import IndexedOutputs
from backtests.journal_replay import replay_journal
from backtests.recorded_session import DERIVED, read_head
from backtests.replay import warm_up
from backtests.timeline import merged_steps
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.kill_switch import KillSwitch
from engine.outputs import SessionOutputs
from market_data.candle_columns import CandleColumns
from practice.wide_market import practice_source
from tests.support.live_sessions import LiveRun
from validation.settings import Settings


def journal_outputs(run: LiveRun, directory: Path) -> dict[str, bytes]:
    """Return the outputs of the fold of the session's journal, by the program's own replay of it."""
    head = read_head(run.path)
    with IndexedOutputs(directory) as out:
        replayed = replay_journal(head, head.settings(), out)
    if replayed.broken is not None:
        raise AssertionError(replayed.broken)
    return {name: (directory / name).read_bytes() for name in DERIVED}


def received_outputs(run: LiveRun) -> dict[str, bytes]:
    """Return the outputs of a plain backtest over the candles that the session received, warm-up included."""
    symbols = run.settings.live.symbols
    columns = [
        CandleColumns.from_rows(
            [record.candles[place] for record in run.step_records if record.candles[place] is not None]
        )
        for place in range(len(symbols))
    ]
    warmups = [CandleColumns.from_rows(run.head.warmup[symbol]) for symbol in symbols]
    return backtest_outputs(run.settings, run.head.instruments, warmups, columns)


def truth_outputs(run: LiveRun, instruments: Mapping[str, Instrument] | None = None) -> dict[str, bytes]:
    """Return the outputs of a plain backtest over what REST has at the end; nothing of the session is read for it."""
    symbols = run.settings.live.symbols
    warmup = build_strategy_of(run.settings).warmup_candles
    start_ms = run.exchange.start_ms
    rules = instruments or practice_source(1, symbols).markets()
    history = [run.truth(symbol, start_ms - warmup * run.length_ms) for symbol in symbols]
    return backtest_outputs(
        run.settings,
        rules,
        [columns.between(0, start_ms) for columns in history],
        [columns.between(start_ms, run.end_ms) for columns in history],
    )


def backtest_outputs(
    settings: Settings,
    instruments: Mapping[str, Instrument],
    warmups: Sequence[CandleColumns],
    windows: Sequence[CandleColumns],
) -> dict[str, bytes]:
    """Run columns through a session on a backtest's way and return what it writes, by file name."""
    written = {name: bytearray() for name in DERIVED}
    switch = KillSwitch(False)
    session = build_session(
        settings,
        build_strategy_of(settings),
        instruments,
        SessionOutputs(*(written[name].extend for name in DERIVED)),
        switch,
        build_safety_monitor(settings, switch),
    )
    warm_up(session, warmups)
    for step in merged_steps(windows, timeframe_ms(settings.live.timeframe)):
        session.process(step)
    session.finish()
    return {name: bytes(data) for name, data in written.items()}
