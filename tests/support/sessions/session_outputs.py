"""A live session's outputs made again without its driver: from its journal, its candles, the truth."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from backtests.timeline import MarketWindow, candles_of, steps_of
from core.candle import Candle, FundingRate
from core.candle_columns import CandleColumns
from core.instrument import Instrument
from core.timeframe import floor_to_grid, timeframe_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from engine.warm_up import warm_up
from engine.watched import watched_series_of
from practice.market.wide_market import practice_source
from runs.folder.file_names import DERIVED
from strategies.anchored_blocks import stored_candles_needed
from strategies.known_candles import CandlesAhead
from tests.support.candles import columns_of
from tests.support.sessions.both_engines import replayed_by_both
from tests.support.sessions.live_sessions import LiveRun
from validation.composed_settings import Settings
from validation.settings_hash import settings_hash


def journal_outputs(run: LiveRun, directory: Path) -> dict[str, bytes]:
    """Return the outputs of the fold of the session's journal, by the program's own replay of it.

    The compiled rules come to the same, where they cover the session.
    """
    reference, _, _ = replayed_by_both(run.path, directory)
    if reference.replay.broken is not None:
        raise AssertionError(reference.replay.broken)
    return {name: (reference.folder / name).read_bytes() for name in DERIVED}


def received_outputs(run: LiveRun) -> dict[str, bytes]:
    """Return the outputs of a plain backtest over what the session received, warm-up included."""
    steps, symbols = run.steps, run.settings.live.symbols

    def columns(part: str) -> list[CandleColumns]:
        rows: list[list[Candle | None]] = [[] for _ in symbols]
        for step in steps:
            for of_symbol, candle in zip(rows, getattr(step, part), strict=False):
                of_symbol.append(candle)
        return [columns_of(filter(None, one)) for one in rows]

    rates: list[list[FundingRate]] = [[] for _ in symbols]
    for step in steps:
        for of_symbol, told in zip(rates, step.funding, strict=False):
            of_symbol += told
    window = _window(run.settings, columns("candles"), columns("detail"), columns("marks"), rates)
    recorded = run.head.watched_series
    shown = [[one for step in steps if step.watched for one in step.watched[place]] for place in range(len(recorded))]
    lengths = [timeframe_ms(one.timeframe) for one in recorded]
    window = window._replace(watched=list(zip(map(columns_of, shown), lengths, strict=True)))
    warmups = [CandleColumns.from_rows(run.head.warmup[symbol]) for symbol in symbols]
    watched = [CandleColumns.from_rows(one.warmup) for one in recorded]
    return backtest_outputs(run.settings, run.head.instruments, warmups, window, watched)


def truth_outputs(run: LiveRun, instruments: Mapping[str, Instrument] | None = None) -> dict[str, bytes]:
    """Return the outputs of a plain backtest over what REST has at the end; nothing of the session is read for it.

    For sessions of one timeframe without perpetual contracts; watched series may have others.
    """
    symbols = run.settings.live.symbols
    start_ms = run.exchange.start_ms
    warmup = stored_candles_needed(build_strategy_of(run.settings), start_ms, run.length_ms)
    rules = instruments or practice_source(1, symbols).markets()
    history = [run.truth(symbol, start_ms - warmup * run.length_ms) for symbol in symbols]
    watched, lengths = [], []
    for one in watched_series_of(run.settings, build_strategy_of(run.settings)):
        since_ms = floor_to_grid(start_ms, one.length_ms) - one.warmup_candles * one.length_ms
        watched.append(run.exchange.truth(one.symbol, one.timeframe, since_ms=since_ms))
        lengths.append(one.length_ms)
    bounds = [floor_to_grid(start_ms, length_ms) for length_ms in lengths]
    window = _window(run.settings, [columns.between(start_ms, run.end_ms) for columns in history])
    shown = [one.between(since_ms, run.end_ms) for one, since_ms in zip(watched, bounds, strict=True)]
    return backtest_outputs(
        run.settings,
        rules,
        [columns.between(0, start_ms) for columns in history],
        window._replace(watched=list(zip(shown, lengths, strict=True))),
        [one.between(0, since_ms) for one, since_ms in zip(watched, bounds, strict=True)],
    )


def backtest_outputs(
    settings: Settings,
    instruments: Mapping[str, Instrument],
    warmups: Sequence[CandleColumns],
    window: MarketWindow,
    watched: Sequence[CandleColumns] = (),
) -> dict[str, bytes]:
    """Run a window through a session on a backtest's way and return what it writes, by file name.

    What was run before, of whichever session, is not run again: what a session received is mostly the truth, and most
    sessions of a module are told the same.
    """
    told = settings_hash(settings.live, settings.risk, settings.mode), instruments, warmups, window, watched
    digest = hashlib.sha256(msgspec.msgpack.encode(told, enc_hook=_array_bytes)).digest()
    if digest not in _KNOWN:
        _KNOWN[digest] = _run(settings, instruments, warmups, window, watched)
    return dict(_KNOWN[digest])


_KNOWN: dict[bytes, dict[str, bytes]] = {}
"""Outputs by what they were made of."""


def _array_bytes(value: object) -> tuple[str, bytes]:
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(value)
    return str(value.dtype), value.tobytes()


def _run(
    settings: Settings,
    instruments: Mapping[str, Instrument],
    warmups: Sequence[CandleColumns],
    window: MarketWindow,
    watched: Sequence[CandleColumns],
) -> dict[str, bytes]:
    written = {name: bytearray() for name in DERIVED}
    switch = KillSwitch(False)
    session = build_session(
        settings,
        build_strategy_of(settings),
        instruments,
        SessionOutputs(*(written[name].extend for name in DERIVED)),
        switch,
        build_safety_monitor(settings, switch),
        CandlesAhead(
            {
                symbol: CandleColumns._make(map(np.concatenate, zip(*parts, strict=True)))
                for symbol, *parts in zip(settings.live.symbols, warmups, window.candles, strict=True)
            }
        ),
    )
    warm_up(session, list(map(candles_of, warmups)), list(map(candles_of, watched)))
    for step in steps_of(window):
        session.process(step)
    session.finish()
    return {name: bytes(data) for name, data in written.items()}


def _window(
    settings: Settings,
    candles: Sequence[CandleColumns],
    detail: Sequence[CandleColumns] = (),
    marks: Sequence[CandleColumns] = (),
    funding: Sequence[Sequence[FundingRate]] = (),
) -> MarketWindow:
    finer = settings.live.detail_interval
    return MarketWindow(
        candles,
        timeframe_ms(settings.live.timeframe),
        detail if finer is not None else (),
        None if finer is None else timeframe_ms(finer),
        marks if any(one.rows for one in marks) else (),
        funding if any(funding) else (),
    )
