"""Runs the kernel with any strategy on candles given in a test, and remembers where every step ended in the outputs."""

import itertools
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.candle import Candle, Step
from core.instrument import Instrument
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from engine.session import Session
from market_data.practice.practice_listings import LISTINGS
from strategies.known_candles import CandlesAhead
from strategies.strategy import Strategy, StreamingStrategy
from tests.support.candles import columns_of
from tests.support.runs.kernel_runs import KernelRun, settings_from, steps_of

AnyStrategy = Strategy | StreamingStrategy


@dataclass
class SteppedRun:
    """A run that has not been ended: all it wrote, and how much of it stood after each step."""

    session: Session
    trades: bytearray
    equity: bytearray
    decisions: bytearray
    ends: dict[int, tuple[int, int]]

    def up_to(self, time_ms: int) -> tuple[bytes, bytes, bytes]:
        """Return the bytes of trades, decisions and the equity curve that stood after the step at a time."""
        trades, decisions = self.ends[time_ms]
        steps = 1 + list(self.ends).index(time_ms)
        curve = self.session.outputs.curve[:steps]
        return bytes(self.trades[:trades]), bytes(self.decisions[:decisions]), array("d", curve).tobytes()

    def finished(self) -> KernelRun:
        """End the run and return what it wrote."""
        self.session.finish()
        return KernelRun(self.session, bytes(self.trades), bytes(self.equity), bytes(self.decisions))


def stepped_run(
    strategy: AnyStrategy,
    steps: Iterable[Step],
    symbols: Sequence[str],
    flat_settings: Mapping[str, object] | None = None,
    *,
    instruments: Mapping[str, Instrument] | None = None,
    warm_up: Mapping[str, Sequence[Candle]] | None = None,
    timeframe: str = "1m",
    known: bool | Sequence[Step] = False,
) -> SteppedRun:
    """Run steps through a session built by the program's own assembly, without ending it.

    With ``known`` the session is given all its candles beforehand, as columns; or those of other steps, which begin
    with these.
    """
    steps = list(steps)
    trades, equity, decisions = bytearray(), bytearray(), bytearray()
    configured, switch = settings_from(flat_settings or {}, symbols, timeframe), KillSwitch(False)
    session = build_session(
        configured,
        strategy,
        instruments or {symbol: LISTINGS[symbol].instrument for symbol in symbols},
        SessionOutputs(trades.extend, equity.extend, decisions.extend),
        switch,
        build_safety_monitor(configured, switch),
        _ahead(steps if known is True else known, symbols, warm_up or {}) if known else None,
    )
    for index, symbol in enumerate(symbols):
        session.warm_up(index, (warm_up or {}).get(symbol, ()))
    ends = {}
    for step in steps:
        session.process(step)
        ends[step.time_ms] = (len(trades), len(decisions))
    return SteppedRun(session, trades, equity, decisions, ends)


def _ahead(steps: Sequence[Step], symbols: Sequence[str], warm_up: Mapping[str, Sequence[Candle]]) -> CandlesAhead:
    columns = {}
    for place, symbol in enumerate(symbols):
        shown = [step.candles[place] for step in steps if place < len(step.candles)]
        rows = [*warm_up.get(symbol, ()), *(candle for candle in shown if candle is not None)]
        columns[symbol] = columns_of(rows)
    return CandlesAhead(columns)


def whole_run(
    strategy: AnyStrategy,
    candles: Mapping[str, Sequence[Candle]],
    flat_settings: Mapping[str, object] | None = None,
    *,
    instruments: Mapping[str, Instrument] | None = None,
    timeframe: str = "1m",
    timeframe_ms: int = 60_000,
) -> KernelRun:
    """Run all candles, symbols in the mapping's order, to the end of the run."""
    symbols = list(candles)
    steps = steps_of(candles, symbols, timeframe_ms)
    return stepped_run(strategy, steps, symbols, flat_settings, instruments=instruments, timeframe=timeframe).finished()


def altered(step: Step, number: int) -> Step:
    """Return a step with other, still sound prices and volumes, and now and then without a candle."""
    return Step(
        step.time_ms,
        tuple(
            None if candle is None or (number + place) % 7 == 0 else _altered(candle, number + place)
            for place, candle in enumerate(step.candles)
        ),
    )


def _altered(candle: Candle, number: int) -> Candle:
    factor = (0.5, 0.97, 1.03, 2.0)[number % 4]
    return Candle(
        candle.open_time_ms,
        candle.open * factor,
        candle.high * factor * 1.01,
        candle.low * factor * 0.99,
        candle.close * factor,
        candle.volume * (0.0, 10.0, 1.0)[number % 3],
    )


def alter_after(steps: Sequence[Step], time_ms: int) -> list[Step]:
    """Return the steps with everything after a time altered; a step that lost all its candles is left out."""
    split = sum(1 for _ in itertools.takewhile(lambda step: step.time_ms <= time_ms, steps))
    later = [altered(step, number) for number, step in enumerate(steps[split:])]
    return [*steps[:split], *(step for step in later if any(one is not None for one in step.candles))]
