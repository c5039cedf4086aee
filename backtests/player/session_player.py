"""A session driven by hand: step, run to a time or an event, play, pause, seek, stop, fork."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backtests.backtest_result import BacktestResult
from backtests.many.run_base import Base
from backtests.market_input import MarketInput
from backtests.player.pace import Speed
from backtests.player.playback import Playback
from backtests.player.player_state import PlayerState
from backtests.player.playing import OVER, Playing
from backtests.player.recent_events import HAPPENINGS, Happening
from backtests.player.state_lines import StateLine, StateLines
from backtests.run_plan import RunPlan
from core.candle_columns import Int64Array
from core.errors import ConfigurationError
from core.instants import Instant, format_ms, parse_instant
from core.settings_problem import did_you_mean, shown


class SessionPlayer:
    """Drives one run of the kernel, forward and back, and shows it; it only reads the kernel.

    Each control returns the state that it leads to. Controls may come from any thread while another is being obeyed:
    that one ends between two steps, and the later rules. Whatever the controls were, a run that comes to its end is the
    plain run, byte for byte; going back is folding the same candles again, from the nearest session that stands parked,
    and every byte of it is compared with what was written before. A time is text, a date, a datetime or UTC
    milliseconds.

    Parameters
    ----------
    base
        A :class:`~backtests.config_backtest.ConfigBacktestRunner`, its plan, or a
        :class:`~backtests.in_memory.MemoryBacktest`. Its files, where it writes any, are written at the end.
    checkpoints
        How many sessions stand parked along the way at most; with 0 every seek back begins at the start.

    Raises
    ------
    ConfigurationError, DataUnavailableError, StrategyError
        As of a run.

    Examples
    --------
    >>> from backtests import MemoryBacktest
    >>> rows = [(60_000 * n, 10.0, 11.0, 9.0, 10.0 + n % 2, 1.0) for n in range(50)]
    >>> player = SessionPlayer(MemoryBacktest(rows, lambda candle: None))
    >>> player.step(5).now.index, player.seek(60_000 * 2).now.index, player.play().control
    (5, 2, 'ended')
    """

    def __init__(self, base: Base | Playback, *, checkpoints: int = 8) -> None:
        if not isinstance(checkpoints, int) or checkpoints < 0:
            raise ConfigurationError(f"checkpoints: {shown(checkpoints)} — allowed: a whole number, 0 or more")
        self._count = checkpoints
        self._playing = Playing(base if isinstance(base, Playback) else Playback(base), checkpoints)
        self._baton = self._playing.baton

    @property
    def state(self) -> PlayerState:
        """How things stand between two steps, from whichever thread it is asked."""
        return self._baton.ask()

    @property
    def result(self) -> BacktestResult | None:
        """What the run came to: whole at its end, partial where it was stopped or failed; None before."""
        return self._playing.result

    @property
    def plan(self) -> RunPlan:
        """What it plays."""
        return self._playing.playback.plan

    @property
    def market(self) -> MarketInput:
        """All that the run is fed."""
        return self._playing.playback.market

    @property
    def times_ms(self) -> Int64Array:
        """The times of all steps, in order."""
        return self._playing.times_ms

    def curve(self, first: int = 0) -> tuple[list[int], list[float]]:
        """Return times and equity of the steps from number ``first`` on; what plays goes on meanwhile.

        At the end there is one point more: the equity after everything was closed, at the last time.
        """
        equity = list(self._playing.fold.session.outputs.curve[first:])
        times: list[int] = self.times_ms[first : first + len(equity)].tolist()
        return times + [int(one) for one in self.times_ms[-1:]] * (len(equity) - len(times)), equity

    def state_with_curve(self, first: int = 0) -> PlayerState:
        """Return the state with the equity of every step from number ``first`` on."""
        if self._baton.mine:
            return self._playing.state(first)
        with self._baton.taken("state_with_curve()"):
            return self._playing.state(first)

    def listen(self, listener: Callable[[PlayerState], object], *, per_second: float = 30.0) -> None:
        """Tell a listener every change of control, and while steps are folded so many states a second at most.

        It is called by the thread that drives. Of the equity curve it is told what is new to it. Where no speed is set
        telling takes a tenth of the run's time at most: a listener that is slow is told less often.
        """
        playing = self._playing

        def made(first: int) -> tuple[PlayerState, int]:
            state = playing.state(first)
            return state, state.now.metrics.equity_curve_from + len(state.now.metrics.equity_curve)

        playing.tellings.add(listener, made, _every(per_second))

    def listen_to_lines(self, listener: Callable[[StateLine], object], *, per_second: float = 30.0) -> None:
        """Tell a listener the same as JSON, without what a change of settings moves: a fraction of a state's cost."""
        playing = self._playing
        playing.tellings.add(listener, StateLines(playing).line, _every(per_second))

    def step(self, count: int = 1) -> PlayerState:
        """Fold so many steps, each all candles that close at one instant; fewer where something breaks."""
        if not isinstance(count, int) or count < 1:
            raise ConfigurationError(f"step: {shown(count)} — allowed: a whole number above 0")
        return self._forward("step()", lambda: self._playing.fold.position + count)

    def run_to(self, at: Instant | int) -> PlayerState:
        """Fold all steps up to a time, as fast as it goes; one that has passed moves nothing."""
        position = self._position_of(at)
        return self._forward("run_to()", lambda: position)

    def run_to_event(self, *kinds: Happening) -> PlayerState:
        """Fold up to the next step at which one of these happens; without any, at which anything does."""
        return self._forward("run_to_event()", self._end, breaks=_checked(kinds) or HAPPENINGS)

    def play(self) -> PlayerState:
        """Go on at the speed that is set until the end; sooner at a break, or where another control comes."""
        return self._forward("play()", self._end, paced=True)

    def resume(self) -> PlayerState:
        """Play on, as :meth:`play`."""
        return self.play()

    def pause(self) -> PlayerState:
        """Hold still; a listener may say it, too."""
        if self._baton.mine:
            self._baton.let_go()
            return self._playing.state()
        with self._baton.taken("pause()"):
            return self._playing.state()

    def seek(self, at: Instant | int) -> PlayerState:
        """Be where the last step up to a time is done: forward by folding on, back from the nearest parked session."""
        position, playing = self._position_of(at), self._playing
        with self._baton.taken("seek()"):
            if playing.control == "stopped":
                return playing.state()
            playing.turn_to(position)
            return playing.state() if playing.control in OVER else playing.drive("seeking", position)

    def stop(self) -> PlayerState:
        """End it here: what was done is written or kept, marked partial short of the end. Nothing leads on from it."""
        playing = self._playing
        with self._baton.taken("stop()"):
            if playing.control not in OVER:
                playing.publish()
            if playing.control != "stopped":
                playing.control = "stopped"
                playing.tellings.tell()
            return playing.state()

    def set_speed(self, *, candles_per_second: float | None = None, times_real: float | None = None) -> PlayerState:
        """Set how fast :meth:`play` goes, also while it does; with neither it goes as fast as it can."""
        wanted = candles_per_second is not None or times_real is not None
        self._playing.speed = Speed(candles_per_second, times_real) if wanted else None
        return self.state

    def break_at(self, *kinds: Happening) -> PlayerState:
        """Let every control but a seek end at a step at which one of these happens, also while it is obeyed; without
        any, at none."""
        self._playing.breaks = _checked(kinds)
        return self.state

    def tend(self, seconds: float = 0.05) -> bool:
        """Fold sessions towards missing checkpoints for a while, in idle time; return whether any is still missing.

        A playback that waits for its time does it by itself.
        """
        with self._baton.taken("tend()"):
            return self._playing.tend(time.monotonic() + seconds)

    def fork(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        at: Instant | int | None = None,
        output_dir: str | Path | None = None,
    ) -> "SessionPlayer":
        """Return a player of the same candles under other settings, from the start or from a time on.

        Parameters
        ----------
        changes
            As a variation of :func:`~backtests.many.run_many.run_many`: ``{"strategy.params.ema_fast": 9}``.
        at
            A time up to the present one. The fork is the plain run of a window that begins there: without a position,
            with the equity of then as its balance unless ``changes`` name another.
        output_dir
            Where its files go; None keeps it in memory.

        Raises
        ------
        ConfigurationError
            If a setting or the time is wrong; where the strategy is a function, which may remember one run in the next.
        """
        varied, start_ms, playing = dict(changes or {}), None, self._playing
        if at is not None:
            start_ms, position = _time_ms(at), self._position_of(at)
            with self._baton.taken("fork()"):
                if position > playing.fold.position:
                    raise ConfigurationError(f"a fork at {format_ms(start_ms)} — allowed: a time up to the present one")
                equity = playing.fold.session.outputs.curve[position - 1] if position else None
            if equity is not None and not _names_balance(varied):
                varied["execution.starting_balance"] = equity
        place = None if output_dir is None else Path(output_dir)
        return SessionPlayer(playing.playback.varied(varied, start_ms, place), checkpoints=self._count)

    def _forward(
        self, name: str, target: Callable[[], int], *, breaks: Collection[Happening] = (), paced: bool = False
    ) -> PlayerState:
        playing = self._playing
        with self._baton.taken(name):
            if playing.control in OVER:
                return playing.state()
            return playing.drive("playing", target(), breaks, paced=paced)

    def _end(self) -> int:
        return self._playing.total

    def _position_of(self, at: Instant | int) -> int:
        """Return how many steps are done at a time."""
        return int(self.times_ms.searchsorted(_time_ms(at), side="right"))


def _every(per_second: float) -> float:
    if not per_second > 0.0:
        raise ConfigurationError(f"per_second: {shown(per_second)} — allowed: a number above 0")
    return 1.0 / per_second


def _time_ms(at: Instant | int) -> int:
    return int(at) if isinstance(at, int | np.integer) else parse_instant(at, name="at")


def _checked(kinds: Iterable[Happening]) -> tuple[Happening, ...]:
    for kind in kinds:
        if kind not in HAPPENINGS:
            hint = did_you_mean(str(kind), HAPPENINGS)
            raise ConfigurationError(f"event {shown(kind)}{hint} — allowed: {', '.join(HAPPENINGS)}")
    return tuple(one for one in HAPPENINGS if one in set(kinds))


def _names_balance(changes: Mapping[str, Any]) -> bool:
    section = changes.get("execution")
    inside = isinstance(section, Mapping) and "starting_balance" in section
    return inside or "execution.starting_balance" in changes
