"""The process of a playback: holds the player, does what it is asked, and tells how it stands."""

import contextlib
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

import msgspec

from backtests.player.player_state import PlayerState
from backtests.player.session_player import SessionPlayer
from backtests.player.state_lines import GOES_ON, StateLine
from backtests.player.states import state_json
from backtests.run_plan import RunPlan
from core.symbol_spelling import symbol_key
from core.timeframe import timeframe_ms
from dashboard.playback.controls import Answered, Asked, Control, Told
from dashboard.problems import NotFound
from dashboard.sendable import sendable
from reports.page.coarse_candles import drawable
from reports.page.packed_columns import packed_candles

_THREADS = 8
"""One that plays, and those that make it hold still."""
_TOGETHER_SECONDS = 0.02


def play(plan: RunPlan, border: Connection, per_second: float) -> None:
    """Hold a player of a plan until the other end of the border is closed.

    First an answer with the symbols and the timeframe is sent, or the error for which there is no player.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # An interrupt of the terminal is the server's.
    try:
        player = SessionPlayer(plan)
    except Exception as error:  # noqa: BLE001 - whoever asked is told
        border.send(Answered(0, error=sendable(error)))
        return
    played = _Played(player, border)
    border.send(Answered(0, (list(player.market.candles), player.market.timeframe)))
    player.listen_to_lines(played.tell, per_second=per_second)
    with ThreadPoolExecutor(_THREADS) as doers:
        with contextlib.suppress(EOFError, OSError):
            while True:
                doers.submit(played.answer, border.recv())
        player.pause()


class _Played:
    def __init__(self, player: SessionPlayer, border: Connection) -> None:
        self._player, self._border = player, border
        self._lock = Lock()
        self._waiting: list[StateLine] = []
        self._sent = 0.0
        self._does: dict[str, Callable[[Any], Any]] = {
            "control": lambda wanted: _plain(controlled(player, wanted)),
            "state": lambda _: _plain(player.state),
            "curve": self._curve,
            "candles": self._candles,
            "fork": self._fork,
        }

    def answer(self, asked: Asked) -> None:
        """Do what is asked, and send what came of it."""
        try:
            told = Answered(asked.number, self._does[asked.what](asked.with_))
        except Exception as error:  # noqa: BLE001 - whoever asked is told
            told = Answered(asked.number, error=sendable(error))
        self._send(told)

    def tell(self, line: StateLine) -> None:
        """Tell how it stands; while it goes on, states that follow each other closely go together."""
        self._waiting.append(line)
        now = time.monotonic()
        if line.control not in GOES_ON or now - self._sent >= _TOGETHER_SECONDS:
            self._sent, told = now, Told.of(self._waiting)
            self._waiting.clear()
            self._send(told)

    def _send(self, one: Answered | Told) -> None:
        with self._lock, contextlib.suppress(OSError):  # Who has gone needs no answer.
            self._border.send(one)

    def _curve(self, first: int) -> dict[str, Any]:
        times_ms, equity = self._player.curve(first)
        return {"first": first, "time_ms": times_ms, "equity": equity}

    def _candles(self, wanted: tuple[str, int, int, int | None]) -> dict[str, Any]:
        """Return the candles of a symbol from a time up to an end or the present, and none after that."""
        symbol, first_ms, most, end_ms = wanted
        market = self._player.market
        found = {symbol_key(one): loaded.window for one, loaded in market.candles.items()}.get(symbol_key(symbol))
        if found is None:
            raise NotFound(f"playback: has no candles of {symbol} — allowed: {', '.join(market.candles)}")
        length_ms, now_ms = timeframe_ms(market.timeframe), self._player.state.now.time_ms or 0
        known_ms = now_ms - length_ms + 1
        seen = found.between(first_ms, max(first_ms, known_ms if end_ms is None else min(end_ms, known_ms)))
        drawn, drawn_ms = drawable(seen, length_ms, most)
        return {**packed_candles(drawn), "length_ms": drawn_ms, "own_length_ms": length_ms}

    def _fork(self, wanted: tuple[dict[str, Any], int | None]) -> RunPlan:
        changes, at_ms = wanted
        return self._player.fork(changes, at=at_ms).plan


def controlled(player: SessionPlayer, wanted: Control) -> PlayerState:
    """Do something with a player, and return the state that it leads to."""
    match wanted.action:
        case "step":
            return player.step(wanted.count)
        case "run_to":
            return player.run_to(wanted.time_ms or 0)
        case "seek":
            return player.seek(wanted.time_ms or 0)
        case "next":
            return player.run_to_event(*wanted.events)
        case "speed":
            return player.set_speed(candles_per_second=wanted.candles_per_second, times_real=wanted.times_real)
        case "breaks":
            return player.break_at(*wanted.events)
        case "play":
            return player.play()
        case "stop":
            return player.stop()
        case "pause":
            return player.pause()


def _plain(state: PlayerState) -> dict[str, Any]:
    """Return a state as JSON has it: money as text."""
    found: dict[str, Any] = msgspec.json.decode(state_json(state))
    return found
