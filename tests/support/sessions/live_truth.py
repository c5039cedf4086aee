"""What a session with detail candles or perpetual contracts should have been given, from the exchange's own truth.

Nothing of the session is read for it but its settings, where it began and the time of its last step: the steps are put
together here, candle by candle, and run through a kernel of their own.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from core.candle import Candle, FundingRate, Step
from core.candle_columns import CandleColumns
from core.timeframe import timeframe_ms
from engine.assembly import build_safety_monitor, build_session, build_strategy_of
from engine.journal_records import candle_of
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from runs.folder.file_names import DERIVED
from tests.support.sessions.live_sessions import LiveRun

ByClose = dict[int, Candle]


def true_steps(run: LiveRun) -> list[Step]:
    """Return the steps of the session's window as the exchange has everything at its end."""
    live, exchange = run.settings.live, run.exchange
    symbols, since_ms = live.symbols, run.head.start_ms
    finest = live.detail_interval or live.timeframe
    strategy = [
        _by_close(run, exchange.truth(one, live.timeframe, since_ms=since_ms), live.timeframe) for one in symbols
    ]
    detail: list[ByClose] = []
    if live.detail_interval is not None:
        truth = (exchange.truth(one, finest, since_ms=since_ms) for one in symbols)
        detail = [_by_close(run, columns, finest) for columns in truth]
    perpetual = live.execution.perpetual
    marks: list[ByClose] = []
    rates: list[list[FundingRate]] = [[] for _ in symbols]
    if perpetual is not None and perpetual.mark_price:
        truth = (exchange.mark_truth(one, finest, since_ms=since_ms) for one in symbols)
        marks = [_by_close(run, columns, finest) for columns in truth]
    if perpetual is not None and perpetual.funding:
        rates = [[rate for rate in exchange.funding_truth(one) if rate.due_ms > since_ms] for one in symbols]
    steps, delivered_ms = [], since_ms
    for time_ms in sorted({time_ms for series in (*strategy, *detail) for time_ms in series}):
        funding = tuple(
            tuple(rate for rate in of_symbol if delivered_ms < rate.due_ms <= time_ms) for of_symbol in rates
        )
        delivered_ms = time_ms
        steps.append(
            Step(
                time_ms,
                _at(strategy, time_ms) or (None,) * len(symbols),
                _at(detail, time_ms),
                _at(marks, time_ms),
                funding if any(funding) else (),
            )
        )
    return steps


def kernel_outputs(run: LiveRun, steps: Sequence[Step]) -> dict[str, bytes]:
    """Run steps through a kernel of the session's settings and return what it writes, by file name.

    Steps that the same session was found to have received are not run again: they are mostly the truth.
    """
    digest = hashlib.sha256(msgspec.msgpack.encode((str(run.path), steps))).digest()
    if digest not in _KNOWN:
        _KNOWN[digest] = _run(run, steps)
    return dict(_KNOWN[digest])


_KNOWN: dict[bytes, dict[str, bytes]] = {}
"""Outputs by the session and the steps that they were made of."""


def _run(run: LiveRun, steps: Sequence[Step]) -> dict[str, bytes]:
    settings, written = run.settings, {name: bytearray() for name in DERIVED}
    switch = KillSwitch(False)
    session = build_session(
        settings,
        build_strategy_of(settings),
        run.head.instruments,
        SessionOutputs(*(written[name].extend for name in DERIVED)),
        switch,
        build_safety_monitor(settings, switch),
    )
    for place, symbol in enumerate(settings.live.symbols):
        session.warm_up(place, [candle for fields in run.head.warmup[symbol] if (candle := candle_of(fields))])
    for step in steps:
        session.process(step)
    session.finish(flatten=settings.live.session.on_shutdown == "flatten")
    return {name: bytes(data) for name, data in written.items()}


def _by_close(run: LiveRun, columns: CandleColumns, timeframe: str) -> ByClose:
    length_ms = timeframe_ms(timeframe)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    candles = {row[0] + length_ms: Candle(*row) for row in rows}
    return {time_ms: one for time_ms, one in candles.items() if run.head.start_ms < time_ms <= run.end_ms}


def _at(series: Sequence[ByClose], time_ms: int) -> tuple[Candle | None, ...]:
    found = tuple(one.get(time_ms) for one in series)
    return found if any(found) else ()
