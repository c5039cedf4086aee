"""What is asked of a playback across the border of its process, as plain values."""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from backtests.player.recent_events import Happening
from backtests.player.state_lines import News, StateLine

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[tuple[bytes, tuple[News, ...]], ...]).decode

Action = Literal["step", "run_to", "next", "play", "pause", "seek", "speed", "breaks", "stop"]


class Control(msgspec.Struct, frozen=True):
    """Something that is done with a playback; ``time_ms`` is of ``run_to`` and ``seek``."""

    action: Action
    count: int = 1
    time_ms: int | None = None
    events: tuple[Happening, ...] = ()
    candles_per_second: float | None = None
    times_real: float | None = None


class Asked(msgspec.Struct, frozen=True):
    """A question to the process of a playback, under a number: what for, and with what."""

    number: int
    what: Literal["control", "state", "curve", "candles", "fork"]
    with_: Any = None


class Answered(msgspec.Struct, frozen=True):
    """The answer to a question: a value, or the error that was raised."""

    number: int
    value: Any = None
    error: BaseException | None = None


class Told(msgspec.Struct, frozen=True):
    """What a playback tells unasked, several at a time: states, each with the news that came with it; packed."""

    packed: bytes

    @classmethod
    def of(cls, lines: Sequence[StateLine]) -> "Told":
        """Return what is told by lines."""
        return cls(_pack([(one.json, one.news) for one in lines]))

    @property
    def lines(self) -> tuple[tuple[bytes, tuple[News, ...]], ...]:
        """The states as JSON, in order, each with the news that came before it."""
        return _unpack(self.packed)
