"""A user's program as a strategy: what it reads is declared, and its decisions are signals like any other's."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel

from core.errors import ConfigurationError
from core.timeframe import timeframe_ms
from core.trading_signal import Signal
from strategies.features.feature_session import FeatureSession
from strategies.features.feature_strategy import Declared, FeatureStrategy
from strategies.features.moment import Now
from strategies.features.program_port import ReadsOpenInterest
from strategies.known_candles import KnownCandles
from strategies.programs.program_calls import Tracer
from strategies.programs.program_params import ProgramParams
from strategies.programs.program_reads import ProgramReads
from strategies.programs.program_session import ProgramSession
from strategies.programs.sandbox.limits import ProgramLimits
from strategies.programs.sandbox.program_sandbox import ProgramSandbox
from strategies.programs.sandbox.program_text import ProgramText
from strategies.programs.sandbox.sandbox import Sandbox
from strategies.programs.triggers.trigger_watch import TriggerWatch
from strategies.warm_up_asked import AskedWarmUp

MOST_WARMUP_CANDLES = 100_000
"""A program is shown so many candles before its first step at most: who begins a session fetches and keeps them all."""


class ProgramStrategy(FeatureStrategy, ReadsOpenInterest):
    """A program that is called at trigger events, and decides in the session like any strategy.

    Parameters
    ----------
    params
        Text, pools, schedule and limits.
    sandbox
        Makes what answers; a session makes one of its own. None is the sandbox, or what reads the decisions on record
        where there are some.
    tracer
        Is told every call with all that it read.

    Raises
    ------
    ConfigurationError
        If a parameter is impossible; all problems are named.
    """

    Params: ClassVar[type[BaseModel]] = ProgramParams

    def __init__(
        self,
        params: Mapping[str, Any] | BaseModel | None = None,
        sandbox: Callable[[ProgramText, ProgramLimits], Sandbox] | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        super().__init__(params)
        own: ProgramParams = self.params
        self.name = own.name
        self.text = own.text()
        self.told_at = self.text.name
        self.sandbox = sandbox or self._own_source
        self.tracer = tracer
        self._symbols: tuple[str, ...] = ()

    def prepare_features(self, timeframe: str, symbols: Sequence[str]) -> None:
        """Take the length of the candles that are decided on, and the symbols that are traded or watched."""
        self._timeframe_ms, self._symbols = timeframe_ms(timeframe), tuple(symbols)
        self._features = None
        super().prepare_features(timeframe, symbols)

    def features(self, params: Any) -> Declared:
        """Return what its triggers and its text read."""
        return {**self.watch_of(self._symbols).features(), **self.reads.features}

    def decide(self, now: Now) -> Signal | None:
        """Return nothing: its session asks the program for all symbols at once."""
        return None

    @property
    def timeframe_ms(self) -> int:
        """Length of the candles that are decided on."""
        if self._timeframe_ms is None:
            raise ConfigurationError(f"program {self.name}: prepare_features(timeframe, symbols) first")
        return self._timeframe_ms

    @property
    def reads(self) -> ProgramReads:
        """What the program reads, on the session's candles."""
        return ProgramReads(self.text, self.timeframe_ms)

    @property
    def open_interest_periods(self) -> tuple[str, ...]:
        """The periods of open interest that the program reads, the shortest first; a session is fed them."""
        return self.reads.interest_periods

    @property
    def warmup_candles(self) -> int:
        """How many candles must come first: every value has forgotten its start, as far as so many let it."""
        return min(super().warmup_candles, MOST_WARMUP_CANDLES)

    @property
    def candles_shown(self) -> int:
        """How many candles it is shown before the first step where they are stored: all that may be read is there."""
        return min(max(super().warmup_candles, self.reads.candles_before + self.lookback), MOST_WARMUP_CANDLES)

    @property
    def asked_warmup(self) -> AskedWarmUp | None:
        """The read, or the condition, of a longer period that asks for the longest warm-up; None where none does."""
        own_ms, reads = self.timeframe_ms, self.reads
        wanted = list(reads.asked)
        wanted += [
            (feature.rows_to_settle(own_ms), f"a condition of a pool on {feature.timeframe}", feature.length_ms(own_ms))
            for feature in self.watch_of(self._symbols).features().values()
        ]
        candles, by, length_ms = max(wanted, key=lambda one: one[0], default=(0, "", own_ms))
        return None if length_ms == own_ms else AskedWarmUp(candles + self.lookback, by, MOST_WARMUP_CANDLES)

    def watch_of(self, traded: Sequence[str]) -> TriggerWatch:
        """Return what wakes the program in a session that trades some symbols; it has seen nothing yet.

        Raises
        ------
        ConfigurationError
            If a pool or the schedule is impossible with them.
        """
        own: ProgramParams = self.params
        return own.watch(traded, self._symbols or None, self.timeframe_ms)

    def open_session(
        self,
        traded: Sequence[str],
        watched: Sequence[str] = (),
        known: KnownCandles | None = None,
        longest_open_distance_ms: int | None = None,
    ) -> FeatureSession:
        """Return what calls the program in a session."""
        return ProgramSession(self, traded, watched, known, longest_open_distance_ms)

    def _own_source(self, text: ProgramText, limits: ProgramLimits) -> Sandbox:
        """Return what runs the program, or what answers from the decisions on record in its place."""
        own: ProgramParams = self.params
        return own.recorded() or ProgramSandbox(text, limits)
