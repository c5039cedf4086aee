"""How a playback stands, as JSON, again and again: seen at once, and written when it is asked for."""

import time
from threading import Lock
from typing import Any, Literal

import msgspec

from backtests.player.amount import exact_text
from backtests.player.played_fold import PlayedFold
from backtests.player.player_state import Control
from backtests.player.playing import STATUS, Playing
from backtests.player.recent_events import Happening
from backtests.player.session_line import NowLine, OrderLine, SessionLine
from backtests.player.session_seen import SessionEyes, SessionSeen
from backtests.player.session_states import curve_stretch
from core.candle import Step

NewsKind = Literal["signals", "trades", "fills"]

_encoder = msgspec.json.Encoder(enc_hook=exact_text)
_encode, _encode_into = _encoder.encode, _encoder.encode_into
_NEWS_SECONDS = 0.1
"""While it goes on, news is told so often at most: what is longer than the state is read by people only."""
GOES_ON: frozenset[Control] = frozenset({"playing", "seeking"})


class News(msgspec.Struct, frozen=True):
    """What is new of the last signals, trades or fills, each as JSON; ``count`` says how many of the last stand now."""

    kind: NewsKind
    count: int
    fresh: tuple[bytes, ...]


class _Seen(msgspec.Struct, frozen=True):
    """How a playback stood; of its curve the points from number ``first`` up to ``last``."""

    control: Control
    stopped_by: tuple[Happening, ...]
    failure: str | None
    halts: tuple[str, ...]
    reached_ms: int | None
    time_ms: int | None
    index: int
    step: Step | None
    first: int
    last: int
    session: SessionSeen


class _Line(msgspec.Struct, frozen=True):
    control: Control
    stopped_by: tuple[Happening, ...]
    failure: str | None
    halts: tuple[str, ...]
    orders: list[OrderLine]
    reached_ms: int | None
    now: NowLine


class StateLine(msgspec.Struct, frozen=True):
    """A state as JSON, without what seldom changes and is long: that comes as ``news``, before it.

    It is written when it is read. What writes is warm then: many lines one after the other cost a fraction of as many
    between the steps of a run.
    """

    control: Control
    news: tuple[News, ...]
    _seen: _Seen
    _pen: "_Pen"

    @property
    def json(self) -> bytes:
        """The state."""
        return self._pen.written(self._seen)


class _Pen:
    """Writes what was seen of one session."""

    def __init__(self, playing: Playing, fold: PlayedFold) -> None:
        self.session = fold.session
        self.eyes = SessionEyes(self.session)
        self._times_ms, self._total = playing.times, playing.total
        self._curve = self.session.outputs.curve
        self._line = SessionLine(self.session.account.starting_balance)
        self._lock = Lock()
        self._text = bytearray()

    def written(self, seen: _Seen) -> bytes:
        """Return the JSON of what was seen."""
        with self._lock:
            now, total, index, control = self._line.say(seen.session), self._total, seen.index, seen.control
            metrics, first, last = now.metrics, seen.first, seen.last
            times = self._times_ms[first:last].tolist()
            if len(times) < last - first:  # The value after everything was closed.
                times += [seen.time_ms or 0] * (last - first - len(times))
            metrics.equity_curve_from = first
            metrics.equity_curve = tuple(zip(times, self._curve[first:last], strict=True))
            now.status, now.time_ms, now.index, now.total = STATUS.get(control, "RUNNING"), seen.time_ms, index, total
            now.progress_percent = 100.0 * index / total if total else 100.0
            candles = () if seen.step is None else zip(self.eyes.symbols, seen.step.candles, strict=False)
            now.candles = {name: one for name, one in candles if one is not None}
            line = _Line(control, seen.stopped_by, seen.failure, seen.halts, self._line.orders, seen.reached_ms, now)
            _encode_into(line, self._text)
            return bytes(self._text)


class StateLines:
    """Makes the lines of one reader of a playback; what they say is what its states say.

    Parameters
    ----------
    playing
        The playback.
    """

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._shown: dict[NewsKind, tuple[Any, ...]] = {"signals": (), "trades": (), "fills": ()}
        self._fold: PlayedFold | None = None
        self._news_due = 0.0
        self._pen = _Pen(playing, playing.fold)

    def line(self, first: int) -> tuple[StateLine, int]:
        """Return how it stands, with the equity of its steps from number ``first`` on, and the number after them."""
        playing, fold, pen = self._playing, self._playing.fold, self._pen
        session, index, control = fold.session, fold.position, playing.control
        if pen.session is not session:
            pen = self._pen = _Pen(playing, fold)
        first, last = curve_stretch(session, first, index, playing.total)
        seen = _Seen(
            control,
            playing.stopped_by,
            playing.failure,
            playing.halts(),
            playing.reached_ms,
            session.last_step_ms,
            index,
            fold.last,
            first,
            last,
            pen.eyes.look(),
        )
        return StateLine(control, self._news(fold), seen, pen), last

    def _news(self, fold: PlayedFold) -> tuple[News, ...]:
        now = time.monotonic()
        if self._playing.control in GOES_ON and fold is self._fold and now < self._news_due:
            return ()
        self._fold, self._news_due = fold, now + _NEWS_SECONDS
        recent, found = fold.recent, []
        kinds: tuple[tuple[NewsKind, tuple[Any, ...]], ...] = (
            ("signals", recent.signals),
            ("trades", recent.trades),
            ("fills", recent.fills),
        )
        for kind, last in kinds:
            before = self._shown[kind]
            if last is not before:
                self._shown[kind] = last
                # Each is made once for a session: one of another session is another object.
                known = {id(one) for one in before}
                found.append(News(kind, len(last), tuple([_encode(one) for one in last if id(one) not in known])))
        return tuple(found)
