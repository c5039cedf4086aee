"""How a practice exchange runs: its time, its pace, what goes wrong, what it publishes when."""

from typing import Literal

import msgspec

from core.errors import ConfigurationError
from core.timeframe import HOUR_MS
from practice.faults.fault_script import FaultScript
from practice.messages.binance_messages import INTERVALS
from practice.spans import Span, span_ms

DEFAULT_START_MS = 1_704_067_200_000
"""2024-01-01T00:00Z."""

FASTEST = 100_000.0
PaceName = Literal["running", "driven", "read"]


class ExchangeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of a practice exchange.

    Parameters
    ----------
    start_ms
        Where its clock begins. Candles before it are history that REST serves.
    end_ms
        Where its clock stops; it stays up, silent. Never by default.
    pace
        ``running``: the clock runs at ``speed``. ``driven``: it moves when ``advance`` or ``advance_to`` is called.
        ``read``: it moves on to the next event as soon as all clients have read the last one.
    speed
        Milliseconds of its clock in a millisecond of the wall's.
    streams_before_start
        The clock stands at the start until so many streams are subscribed to.
    timeframe
        Timeframe of ``advance`` and of the script's candles. Clients may subscribe to any others at the same time.
    script
        What goes wrong, when.
    updates_per_second
        Most updates of each open candle in a wall second, with the pace ``running``.
    updates_per_candle
        Updates of each open candle with the other paces, at equal distances of the exchange's time.
    connection_hours
        Hours of its clock after which it ends a connection, as the real exchange does; None for never.
    patience_s
        Wall seconds that the pace ``read`` waits for a client to come back, or to read, before it goes on without.
    funding_delay
        From the stamp of a funding payment until REST has its rate, in the exchange's time.
    open_interest_delay
        From the stamp of open interest until REST has it, in the exchange's time.
    keep_sent
        Whether ``sent`` keeps every final and ``requests`` every REST request; a run of weeks can do without.
    port
        0 takes any free port.

    Raises
    ------
    ConfigurationError
        If an option is out of range.
    """

    start_ms: int = DEFAULT_START_MS
    end_ms: int | None = None
    pace: PaceName = "running"
    speed: float = 1.0
    streams_before_start: int = 0
    timeframe: str = "1m"
    script: FaultScript | None = None
    updates_per_second: float = 2.0
    updates_per_candle: int = 0
    connection_hours: float | None = 24.0
    patience_s: float = 10.0
    funding_delay: Span = "3s"
    open_interest_delay: Span = "40s"
    keep_sent: bool = True
    port: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.speed <= FASTEST:
            raise ConfigurationError(f"speed {self.speed:g} is not allowed; allowed: above 0 and at most {FASTEST:g}")
        if self.timeframe not in INTERVALS:
            raise ConfigurationError(f"timeframe {self.timeframe!r} is not served; allowed: {', '.join(INTERVALS)}")
        if self.end_ms is not None and self.end_ms <= self.start_ms:
            raise ConfigurationError("the exchange's end must lie after its start")

    @property
    def runs(self) -> bool:
        """Whether the clock runs with the wall's."""
        return self.pace == "running"

    @property
    def connection_ms(self) -> int | None:
        """How long a connection lives, in the exchange's time; None for ever."""
        return None if self.connection_hours is None else int(self.connection_hours * HOUR_MS)

    @property
    def funding_delay_ms(self) -> int:
        """The ``funding_delay`` in milliseconds; ConfigurationError if it is no length of time."""
        return span_ms(self.funding_delay, "funding_delay")

    @property
    def open_interest_delay_ms(self) -> int:
        """The ``open_interest_delay`` in milliseconds; ConfigurationError if it is no length of time."""
        return span_ms(self.open_interest_delay, "open_interest_delay")
