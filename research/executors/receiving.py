"""What a worker does with a run that it was sent; no more of this program has to run there."""

import atexit
import functools
import mmap
import pickle
import shutil
import tempfile
import threading
from collections import OrderedDict
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

from backtests.many.shared_market import mapped_market, market_in
from backtests.many.worker import Answer, Task, Worker, answer_of, prepare_to_send
from backtests.market_input import MarketInput
from backtests.memory_strategy import identity_of, unpacked
from backtests.run_plan import RunPlan
from core.errors import HarnessError, InvariantError, StoreError
from engine.assembly import build_strategy_of, strategy_identity_of
from research.executors.sent_runs import NOT_SENT, SentRun
from research.executors.strategy_sources import StrategySources
from runs.identity.code_version import code_version
from strategies.own_code import failure_in_one_line
from strategies.strategy_source import load_module

_MARKETS_KEPT = 4


def make_run(run: SentRun, market: bytes | None, strategy: bytes | None) -> bytes:
    """Make a run and return what came of it, an error too; ``market`` and ``strategy`` are None where a file has them.

    A process makes one at a time, however many threads ask.
    """
    here = _here()
    with here.lock:
        return bytes(ForkingPickler.dumps(here.answer(run, market, strategy)))


@functools.cache
def _here() -> "_Here":
    prepare_to_send()
    return _Here()


class _Here:
    """What this process has of earlier runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._worker = Worker()
        self._markets: OrderedDict[str, MarketInput] = OrderedDict()
        self._strategies: dict[str, tuple[bytes | None, StrategySources, Path]] = {}
        self._at_hand: str | None = None

    def answer(self, run: SentRun, market: bytes | None, strategy: bytes | None) -> Answer:
        if run.code != code_version():
            return InvariantError(f"a worker of code {code_version()} was sent a run of {run.code}")
        try:
            plan, warmup_candles, runs = pickle.loads(run.task)
            packed, plan = self._strategy(run, strategy, plan)
            task = Task(plan, packed, self._market(run, market), warmup_candles, runs)
        except HarnessError as error:
            return error.with_traceback(None)
        except OSError as error:
            return StoreError(f"a worker cannot read what runs share: {error}")
        except Exception as error:  # noqa: BLE001 - what is not to be had here
            return InvariantError(f"the run cannot be made by a worker: {failure_in_one_line(error)}")
        return answer_of(self._worker, task)

    def _market(self, run: SentRun, sent: bytes | None) -> MarketInput:
        found = self._markets.get(run.market)
        if found is None:
            if sent is None:
                found = mapped_market(Path(str(run.folder)) / run.market)
            else:
                memory = mmap.mmap(-1, len(sent))
                memory.write(sent)
                memory.seek(0)
                found = market_in(memory)
            self._markets[run.market] = found
            if len(self._markets) > _MARKETS_KEPT:
                self._markets.popitem(last=False)
        self._markets.move_to_end(run.market)
        return found

    def _strategy(self, run: SentRun, sent: bytes | None, plan: RunPlan) -> tuple[bytes | None, RunPlan]:
        """Return the strategy object, if it is one, and the plan, which names the sources that are in this process."""
        if run.strategy is None:
            return None, plan
        known = self._strategies.get(run.strategy)
        if known is None:
            data = (Path(str(run.folder)) / run.strategy).read_bytes() if sent is None else sent
            packed, sources, hashes = pickle.loads(data)
            folder = self._folder / run.strategy
            if run.way is NOT_SENT:
                sources = StrategySources()  # They are here, under names that copies must not stand before.
            else:
                sources.put(folder)
                _require_same(sources.placed(plan, folder), packed, hashes)
            known = self._strategies[run.strategy] = packed, sources, folder
        packed, sources, folder = known
        plan = sources.placed(plan, folder)
        if packed is not None and sources.files and run.strategy != self._at_hand:
            load_module(str(sources.module))
        self._at_hand = run.strategy
        return packed, plan

    @functools.cached_property
    def _folder(self) -> Path:
        folder = tempfile.mkdtemp(prefix="strategies-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)


def _require_same(plan: RunPlan, packed: bytes | None, hashes: dict[str, str]) -> None:
    """Refuse a strategy that is made of other files here than where it came from."""
    chosen = plan.settings.live.strategy
    if packed is not None:
        same = identity_of(unpacked(packed, chosen.params)).type == chosen.type
    else:
        build_strategy_of(plan.settings)
        same = strategy_identity_of(plan.settings).files == hashes
    if not same:
        raise InvariantError(
            f"strategy {chosen.type}: a worker has other files of the same names before those that it was sent"
        )
