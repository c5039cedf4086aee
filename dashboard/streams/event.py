"""One message of a stream."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from core.instants import format_ms

GAP = "gap"
"""The kind of a message that says: what was between is not to be had any more; read the state anew, and go on."""

_encoder = msgspec.json.Encoder(decimal_format="string")


class Told(NamedTuple):
    """What a message says, before it has a number."""

    topic: str
    kind: str
    time_ms: int
    data: Mapping[str, Any] | msgspec.Raw
    is_state: bool = False


class Event(msgspec.Struct, frozen=True):
    """A message under its number; ``text`` is its JSON, encoded once for all clients.

    ``mark`` names it for a client that comes back; ``is_state`` says that a later one of the same topic and kind makes
    it worthless.
    """

    seq: int
    topic: str
    kind: str
    mark: str
    text: bytes
    is_state: bool = False

    @classmethod
    def of(cls, start: str, seq: int, told: Told) -> "Event":
        """Return an event of what it tells, under its number since a start of the server."""
        mark = f"{start}-{seq}"
        text = {"id": mark, "seq": seq, "topic": told.topic, "kind": told.kind, "time": format_ms(told.time_ms)}
        return cls(seq, told.topic, told.kind, mark, _encoder.encode({**text, "data": told.data}), told.is_state)
