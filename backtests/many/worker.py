"""Makes runs one after the other, and remembers what they have in common; also as a process of its own."""

import contextlib
import pickle
import signal
import sys
from collections import OrderedDict
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import NamedTuple, NoReturn

from msgspec import UNSET, UnsetType

from backtests.kept_run import KeptRun
from backtests.many.market_memory import MarketMemory
from backtests.many.shared_market import mapped_market
from backtests.market_input import MarketInput
from backtests.memory_strategy import unpacked
from backtests.run import run_loaded
from backtests.run_plan import RunPlan
from core.errors import HarnessError, InvariantError
from engine.assembly import build_strategy_of
from runs.documents.run_result import RunResult
from strategies.own_code import failure_in_one_line
from strategies.strategy import Strategy, StreamingStrategy

_MARKETS_KEPT = 4


class Task(NamedTuple):
    """A run to be made.

    ``strategy`` is an object taken apart, or the file that has it; None where the settings of the plan name one.
    ``market`` is what it is fed, or the file that has it, of which it takes the last ``warmup_candles`` from before the
    window; ``runs`` of the kind are made in all.
    """

    plan: RunPlan
    strategy: bytes | Path | None
    market: MarketInput | Path
    warmup_candles: int
    runs: int


class Made(NamedTuple):
    """A run that was made: its result, and what it keeps beside it without the candles."""

    result: RunResult
    kept: KeptRun | None


class Worker:
    """Makes runs, the candles of the last markets at hand."""

    def __init__(self) -> None:
        self._markets: OrderedDict[object, tuple[MarketInput, MarketMemory]] = OrderedDict()

    def make(self, task: Task) -> Made:
        """Make a run; errors as of a single one."""
        twice = None if task.strategy is None else lambda one: (one, lambda: self._strategy(task))
        made = run_loaded(task.plan, self._strategy(task), self._market(task), twice=twice)
        return Made(made.result, None if made.kept is None else made.kept.without_candles())

    def _strategy(self, task: Task) -> Strategy | StreamingStrategy:
        if task.strategy is None:
            return build_strategy_of(task.plan.settings)
        packed = task.strategy.read_bytes() if isinstance(task.strategy, Path) else task.strategy
        return unpacked(packed, task.plan.settings.live.strategy.params)

    def _market(self, task: Task) -> MarketInput:
        key = task.market if isinstance(task.market, Path) else id(task.market)
        known = self._markets.get(key)
        if known is None:
            market = mapped_market(task.market) if isinstance(task.market, Path) else task.market
            known = self._markets[key] = market, MarketMemory(task.runs)
            if len(self._markets) > _MARKETS_KEPT:
                self._markets.popitem(last=False)
        self._markets.move_to_end(key)
        market, memory = known
        wanted = task.warmup_candles
        candles = {
            symbol: one._replace(warmup=one.warmup.slice(max(0, one.warmup.rows - wanted), one.warmup.rows))
            for symbol, one in market.candles.items()
        }
        return market._replace(candles=candles, memory=memory)


Answer = Made | Exception


def answer_of(worker: Worker, task: Task) -> Answer:
    """Return a run that was made, or why it was not."""
    try:
        return worker.make(task)
    except HarnessError as error:
        return _alone(error)
    except Exception as error:  # noqa: BLE001 - one run's end is not that of the others
        return InvariantError(f"the run ended with {failure_in_one_line(error)}")


def _alone(error: HarnessError) -> HarnessError:
    """Return an error without what it was raised from, which may be of a kind that only this process knows."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def prepare_to_send() -> None:
    """Let this process take answers apart fast."""
    # By itself the place of this value is searched for among all that is loaded, whenever one is sent.
    ForkingPickler.register(UnsetType, lambda unset: (_unset, ()))


def serve(descriptor: int) -> None:
    """Make what is asked for over a connection, until it is closed."""
    # The terminal's interrupt is for the process that asks, which then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    prepare_to_send()
    worker = Worker()
    # It ends with the connection: the one that asks has had enough, or is gone.
    with Connection(descriptor) as connection, contextlib.suppress(EOFError, OSError):
        connection.send(None)
        while True:
            data = connection.recv_bytes()
            try:
                task = pickle.loads(data)
            except Exception as error:  # noqa: BLE001 - what is not to be had here
                connection.send(InvariantError(f"the run cannot be made here: {failure_in_one_line(error)}"))
            else:
                connection.send(answer_of(worker, task))


def _unset() -> UnsetType:
    return UNSET


def _leave(number: int, frame: object) -> NoReturn:
    """End, and let what is half-written be removed."""
    sys.exit(128 + number)
