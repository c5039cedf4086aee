"""A run as it travels to a worker: small bytes for each, and what many have in common once, under its hash.

What comes back is bytes as well. Nothing of it depends on where it is made.
"""

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from backtests.many.worker import Task
from core.errors import InvariantError
from engine.assembly import strategy_identity_of
from research.executors.strategy_sources import sources_of
from runs.identity.code_version import code_version

_PROTOCOL = 5


class _NotSent:
    """Marks a run that has not left the process; what arrives elsewhere is a word."""

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, ("sent",)


NOT_SENT = _NotSent()


class SentRun(NamedTuple):
    """A run on its way.

    ``way`` is ``NOT_SENT`` where an executor makes it in the process that it comes from, which has the strategy itself;
    ``code`` is the version that made it and has to run it; ``task`` the run without what others have too, which goes
    under its hash: ``market`` the candles, ``strategy`` an object or sources of one's own, None for the program's own.
    ``folder`` has both as files; None where they are sent beside it.
    """

    way: object
    code: str
    task: bytes
    market: str
    strategy: str | None
    folder: str | None


class Sent(NamedTuple):
    """A run, and what goes beside it: the candles and the strategy, as what shared them has handed them out."""

    run: SentRun
    market: Any
    strategy: Any


Share = Callable[[str, bytes], Any]
"""Lets workers have bytes under their hash; returns what is sent to those that need them."""


class RunSender:
    """Takes runs apart.

    Parameters
    ----------
    folder
        Where what they have in common lies, as workers see it; None where it is sent.
    share
        Makes it available.
    """

    def __init__(self, folder: Path | None, share: Share) -> None:
        self._folder = None if folder is None else str(folder)
        self._share = share
        self._markets: dict[Path, tuple[str, Any]] = {}
        self._strategies: dict[tuple[str, bool], tuple[str | None, Any]] = {}

    def forget(self) -> None:
        """Forget what was shared: the workers do not have it any more."""
        self._markets.clear()
        self._strategies.clear()

    def sent(self, task: Task) -> Sent:
        """Return a run as it is sent.

        Raises
        ------
        ConfigurationError
            If its strategy cannot be.
        """
        plan = msgspec.structs.replace(task.plan, output_dir=None, show_progress=False)
        strategy, strategy_at = self._strategy(task)
        market, market_at = self._market(task)
        alone = pickle.dumps((plan, task.warmup_candles, task.runs), _PROTOCOL)
        return Sent(SentRun(NOT_SENT, code_version(), alone, market, strategy, self._folder), market_at, strategy_at)

    def _market(self, task: Task) -> tuple[str, Any]:
        if not isinstance(task.market, Path):
            raise InvariantError("candles that no other process can read")
        if task.market not in self._markets:
            self._markets[task.market] = self._shared("market", task.market.read_bytes())
        return self._markets[task.market]

    def _strategy(self, task: Task) -> tuple[str | None, Any]:
        key = (task.plan.settings.live.strategy.type, task.strategy is not None)
        if key not in self._strategies:
            packed = task.strategy.read_bytes() if isinstance(task.strategy, Path) else task.strategy
            sources = sources_of(task.plan, packed)
            needed = packed is not None or sources.files
            hashes = {} if packed is not None else strategy_identity_of(task.plan.settings).files
            data = pickle.dumps((packed, sources, hashes), _PROTOCOL)
            self._strategies[key] = self._shared("strategy", data) if needed else (None, None)
        return self._strategies[key]

    def _shared(self, kind: str, data: bytes) -> tuple[str, Any]:
        name = f"{kind}-{hashlib.sha256(data).hexdigest()[:32]}"
        return name, self._share(name, data)
