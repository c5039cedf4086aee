"""A session that a test steps by hand, with all its outputs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from core.candle import Candle, FundingRate, Step
from core.instrument import Instrument
from core.timeframe import timeframe_ms
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from execution.money.holding import Holding
from tests.support.runs.kernel_runs import KernelRun, settings_from
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import MINUTE_MS


class SteppedSession:
    """Built by the program's own assembly; ``play`` and ``step`` give it one step, ``run`` is what it has written."""

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
        self._length_ms = timeframe_ms(timeframe)
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

    def play(self, *candles: Candle | None, **parts: Sequence[object]) -> None:
        """Process the step at which the candles close; symbols that are not named have none."""
        opened = next(one.open_time_ms for one in candles if one is not None)
        nobody = (None,) * (len(self.symbols) - len(candles))
        self.step(opened + self._length_ms, *candles, *nobody, **parts)  # type: ignore[arg-type]

    def holding(self, symbol: str | None = None) -> Holding | None:
        """Return a symbol's position, the first symbol's when none is named."""
        return self.session.account.holdings.get(symbol or self.symbols[0])

    @property
    def run(self) -> KernelRun:
        """What has been written so far."""
        return KernelRun(self.session, *(bytes(one) for one in self._written))


def session_of_minutes(
    said: Mapping[str, Mapping[int, Signal]], *, warmup_candles: int = 0, **flat_settings: object
) -> SteppedSession:
    """Return a session of minutes on a tick of 0.01 and a lot of 0.001; ``said`` are signals by symbol and minute."""
    return SteppedSession(
        flat_settings,
        {symbol: Instrument(symbol, Decimal("0.01"), Decimal("0.001")) for symbol in said},
        {symbol: {minute * MINUTE_MS: one for minute, one in own.items()} for symbol, own in said.items()},
        warmup_candles=warmup_candles,
    )
