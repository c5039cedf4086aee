"""What is tried: a pool alone on history, or a program called once at a moment of it."""

from typing import Literal

import msgspec

from core.time_range import TimeRange
from dashboard.trials.trial_answers import PoolTrial, TriedView
from market_data.history.settled_provider import settled_provider
from programs.moment import Moment, woken_by
from programs.pool_triggers import Far, pool_triggers
from programs.program_run import ProgramMarket
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.triggers.signal_pool import SignalPool
from validation.composed_settings import Settings

Kind = Literal["pool", "program"]
Answer = PoolTrial | list[TriedView]


class PoolWork(msgspec.Struct, frozen=True):
    """A pool on a window of history, as of :func:`~programs.pool_triggers.pool_triggers`."""

    pool: SignalPool
    settings: Settings
    window: TimeRange
    now_ms: int
    offline: bool = False

    @property
    def kind(self) -> Kind:
        """What is tried."""
        return "pool"

    def made(self, far: Far) -> PoolTrial:
        """Return what the pool would have woken a program for; errors as of ``backtest_pool``."""
        live = self.settings.live
        provider = settled_provider(live.exchange, live.data, self.now_ms, offline=self.offline, progress=False)
        return PoolTrial.of(pool_triggers(self.pool, self.settings, self.window, provider, far))


class ProgramWork(msgspec.Struct, frozen=True):
    """A text at a moment of a market, called as each of its pools would, and as its schedule does."""

    text: ProgramText
    pools: tuple[SignalPool, ...]
    scheduled: bool
    market: ProgramMarket
    at_ms: int
    now_ms: int
    symbol: str | None = None
    offline: bool = False

    @property
    def kind(self) -> Kind:
        """What is tried."""
        return "program"

    def made(self, far: Far) -> list[TriedView]:
        """Return what each call came to; errors as of :class:`~programs.moment.Moment`."""
        moment = Moment(self.market, self.at_ms, self.now_ms, self.symbol, offline=self.offline)
        return [TriedView.of(one) for one in moment.call(self.text, woken_by(self.pools, scheduled=self.scheduled))]


Work = PoolWork | ProgramWork
