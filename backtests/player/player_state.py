"""What a page needs to know of a session that is driven by hand, at any instant."""

from typing import Literal

from backtests.player.pace import Speed
from backtests.player.recent_events import Happening
from backtests.player.states import BacktestFill, BacktestOrder, BacktestSignal, BacktestState, Shown

Control = Literal["paused", "playing", "seeking", "stopped", "ended", "failed"]
"""Which control rules. ``ended`` is the last step, ``failed`` the one at which the strategy failed: from both a seek
leads back. From ``stopped`` nothing does."""


class PlayerState(Shown, frozen=True):
    """A session that is driven by hand, and the control that rules.

    ``now`` is the run after the last step. ``orders`` are all that wait or rest, ``fills`` and ``refusals`` the last of
    them, ``refusal_reasons`` counts all. ``halts`` are the limits that are broken now. ``reached_ms`` is the latest
    step that was ever folded, ``checkpoints_ms`` where going back begins. ``stopped_by`` is what the last control ended
    at, where that was one of ``breaks_at``.
    """

    control: Control
    now: BacktestState
    orders: tuple[BacktestOrder, ...]
    fills: tuple[BacktestFill, ...]
    refusals: tuple[BacktestSignal, ...]
    refusal_reasons: dict[str, int]
    halts: tuple[str, ...]
    kill_switch: bool
    start_ms: int
    end_ms: int
    reached_ms: int | None
    checkpoints_ms: tuple[int, ...]
    speed: Speed | None
    breaks_at: tuple[Happening, ...]
    stopped_by: tuple[Happening, ...]
    failure: str | None
