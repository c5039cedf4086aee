"""A session that a test steps by hand, with all its outputs."""

from collections.abc import Mapping, Sequence

from core.candle import Candle, FundingRate, Step
from core.instrument import Instrument
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from execution.money.holding import Holding
from tests.support.kernel_runs import KernelRun, settings_from
from tests.support.scripted_strategy import ScriptedStrategy


class SteppedSession:
    """Built by the program's own assembly; ``candle`` and ``step`` give it one step, ``run`` what it has written."""

    def __init__(
        self,
        flat_settings: Mapping[str, object],
        instruments: Mapping[str, Instrument],
        signals: Mapping[str, Mapping[int, Signal]],
        *,
        timeframe: str = "1m",
        warmup_candles: int = 0,
    ) -> None:
        self._written = [bytearray() for _ in range(5)]
        self.symbols = list(instruments)
        configured, switch = settings_from(flat_settings, self.symbols, timeframe), KillSwitch(False)
        self.session = build_session(
            configured,
            ScriptedStrategy(signals, warmup_candles),
            instruments,
            SessionOutputs(*(one.extend for one in self._written)),
            switch,
            build_safety_monitor(configured, switch),
        )

    def step(
        self,
        time_ms: int,
        *candles: Candle | None,
        detail: Sequence[Candle | None] = (),
        marks: Sequence[Candle | None] = (),
        funding: Sequence[Sequence[FundingRate]] = (),
    ) -> None:
        """Process one step; without candles there is none of the strategy's."""
        self.session.process(
            Step(
                time_ms,
                tuple(candles) or (None,) * len(self.symbols),
                tuple(detail),
                tuple(marks),
                tuple(tuple(one) for one in funding),
            )
        )

    def holding(self, symbol: str | None = None) -> Holding | None:
        """Return a symbol's position, the first symbol's when none is named."""
        return self.session.account.holdings.get(symbol or self.symbols[0])

    @property
    def run(self) -> KernelRun:
        """What has been written so far."""
        return KernelRun(self.session, *(bytes(one) for one in self._written))
