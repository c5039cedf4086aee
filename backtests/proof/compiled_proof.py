"""What a session writes, by the compiled rules, step by step: the kernel's bytes, and in which step each is written."""

from array import array
from collections.abc import Sequence

import numpy as np

from backtests.engines.compiled_session import CompiledSession
from backtests.engines.engine_choice import begin_compiled
from backtests.market_input import MarketInput
from backtests.proof.indexed_outputs import IndexedOutputs
from backtests.proof.journal_columns import Stretch
from backtests.run_plan import RunPlan
from compiled.codes import FLATTENED, KEPT, LEFT, PAYING
from compiled.driving.compiled_run import Events, Sinks
from compiled.text.event_rows import ledger_lines
from core.candle_columns import Int64Array
from engine.assembly import build_strategy_of
from validation.composed_settings import Settings

_NEWLINE = 10


class StepDigests:
    """The digests of the outputs after each step that wrote something, and before the first.

    Parameters
    ----------
    first
        The digest before the first step.
    """

    def __init__(self, first: str) -> None:
        self._times_ms = array("q")
        self._digests = [first]

    def add(self, time_ms: int, digest: str) -> None:
        """Take the digest after a step; what is written at an end belongs to the step before it."""
        if self._times_ms and self._times_ms[-1] == time_ms:
            self._digests[-1] = digest
        else:
            self._times_ms.append(time_ms)
            self._digests.append(digest)

    def journalled(self, steps_ms: Int64Array) -> list[tuple[int, str]]:
        """Return the digests that a journal of these steps has, each with the first step before which it stands."""
        after = np.searchsorted(steps_ms, np.frombuffer(self._times_ms, np.int64), "right")
        firsts = [0, *after.tolist()]
        return [
            (int(steps_ms[n]), digest) for n, digest in zip(firsts, self._digests, strict=True) if n < len(steps_ms)
        ]


def run_by_step(
    settings: Settings, market: MarketInput, stretches: Sequence[Stretch], out: IndexedOutputs, *, kill_switch: bool
) -> tuple[CompiledSession, StepDigests]:
    """Run a session's candles by the compiled rules, its outputs going to ``out``.

    Parameters
    ----------
    settings, market
        What the session runs with, and on.
    stretches
        Where it ends, is taken up again, and ends at last.
    out
        Where its outputs go, which are empty.
    kill_switch
        Whether the switch is engaged from the start.

    Raises
    ------
    Uncovered
        If the compiled rules do not cover it; what was written is of no use then.
    """
    plan = RunPlan(settings=settings, start_ms=0, end_ms=0, output_dir=None, kill_switch_engaged=kill_switch)
    begun = begin_compiled(plan, build_strategy_of(settings), market, out.outputs, by_step=True)
    told = _ToldByStep(out)
    ends = {"flatten": FLATTENED, "keep": KEPT, None: LEFT}

    def take() -> None:
        begun.totals.take()
        told.take(Events.of(begun.run.core))

    for stretch in stretches:
        begun.run.end_after(stretch.until_ms, ends[None if stretch.end is None else stretch.end.mode])
        begun.run.run(told.sinks, take)
    return begun.ended(), told.digests


class _ToldByStep:
    """Takes the lines of each batch, and hands them on step by step."""

    def __init__(self, out: IndexedOutputs) -> None:
        self._out = out
        self._texts = [bytearray() for _ in out.outputs.parts]
        self.sinks = Sinks._make((*(text.extend for text in self._texts), out.outputs.mark_all))
        self.digests = StepDigests(out.outputs.digest())

    def take(self, events: Events) -> None:
        """Take the events of a batch, whose lines have been written."""
        outputs, ends = self._out.outputs, events.ends
        texts = [bytes(text) for text in self._texts]
        for text in self._texts:
            text.clear()
        bounds = [_bounds(text, lines) for text, lines in zip(texts, _lines_after(events), strict=True)]
        views = [memoryview(text) for text in texts]
        for number, time_ms in enumerate(ends["time_ms"].tolist()):
            for part, view, bound in zip(outputs.parts, views, bounds, strict=True):
                first, last = bound[number : number + 2]
                if first != last:
                    part.append_bytes(view[first:last])
            self._out.mark(time_ms)
            self.digests.add(time_ms, outputs.digest())


def _lines_after(events: Events) -> tuple[Int64Array, ...]:
    """Return how many lines of each output the batch has after each of its steps: before the first, none."""
    ends, fills = events.ends, events.fills
    rows = {"trades": (fills["opens"] != PAYING).astype(np.int64), "ledger": ledger_lines(fills)}
    of_fills = {name: np.concatenate(([0], np.cumsum(lines))) for name, lines in rows.items()}
    return (
        of_fills["trades"][ends["fills"]],
        ends["points"],
        ends["decisions"],
        ends["transitions"],
        of_fills["ledger"][ends["fills"]],
    )


def _bounds(text: bytes, lines: Int64Array) -> list[int]:
    """Return where the text of each step begins, and where the last one's ends.

    What is there beside the lines of events stands first: the starting balance, of which the ledger tells.
    """
    after = np.flatnonzero(np.frombuffer(text, np.uint8) == _NEWLINE) + 1
    before = len(after) - int(lines[-1]) if len(lines) else 0
    return [0, *np.concatenate(([0], after))[lines + before].tolist()]
