"""A small session whose parts a view can be given, stepped by a test candle by candle."""

from pathlib import Path
from types import SimpleNamespace

from core.candle import Candle, Step
from core.instrument import Instrument
from core.trading_signal import Signal
from engine.assembly import build_safety_monitor, build_session
from engine.kill_switch import KillSwitch
from engine.renderer import SessionOutputs
from live.intake.barrier import Barrier, ClosedStep
from live.intake.candle_lane import ReceivedCandle
from live.intake.session_inputs import Intake
from live.views.session_events import REMEMBERED_EVENTS, SessionEvents
from live.views.session_watch import SessionWatch, Watched
from tests.support.runs.kernel_runs import settings_from
from tests.support.scripted_strategy import ScriptedStrategy
from tests.support.times import MINUTE_MS

SYMBOLS = ("BTCUSDT", "ETHUSDT")
CANONICAL = {"BTCUSDT": "BTC/USDT", "ETHUSDT": "ETH/USDT"}
LONG = Signal("LONG", sl_distance=5.0, tp_distance=10.0)


class Clock:
    """Monotonic seconds that pass only when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class WatchedSession:
    """A session of two symbols with a clock of its own.

    ``signals`` maps a configured symbol to the minute whose close decides and the signal.
    """

    def __init__(self, folder: Path, signals: dict[str, dict[int, Signal]] | None = None, **settings: object) -> None:
        self.folder = folder
        self.clock = Clock()
        self.exchange_ms: int | None = None
        configured, switch = settings_from(settings, SYMBOLS), KillSwitch()
        script = {
            symbol: {number * MINUTE_MS: signal for number, signal in own.items()}
            for symbol, own in (signals or {}).items()
        }
        self.settings = configured
        self.session = build_session(
            configured,
            ScriptedStrategy(script),
            {symbol: Instrument(symbol) for symbol in SYMBOLS},
            SessionOutputs(),
            switch,
            build_safety_monitor(configured, switch),
        )
        self.recent = SessionEvents(self.session, REMEMBERED_EVENTS)
        self.barrier = Barrier(list(CANONICAL.values()), MINUTE_MS, 0)

    def watch(self) -> SessionWatch:
        """Return a watch of the session."""
        exchange = SimpleNamespace(now_ms=lambda: self.exchange_ms)
        intake = Intake({}, exchange, self.barrier)  # type: ignore[arg-type]
        watched = Watched(self.folder, self.settings, self.session, self.recent, intake, CANONICAL)
        return SessionWatch(watched, self.clock)

    def step(self, *candles: Candle | None) -> ClosedStep:
        """Run one step of a candle for each symbol, None where it has none, through barrier and kernel."""
        for symbol, one in zip(CANONICAL.values(), candles, strict=True):
            if one is not None:
                self.barrier.take(symbol, ReceivedCandle(one, "websocket"), self.clock.now)
        opened = next(one for one in candles if one is not None).open_time_ms
        closed = ClosedStep(
            Step(opened + MINUTE_MS, candles), tuple(None if one is None else "websocket" for one in candles)
        )
        self.barrier.close_ready()
        self.session.process(closed.step)
        return closed

    def kill(self, engaged: bool) -> None:
        """Change the kill switch."""
        self.session.set_kill_switch(engaged)
